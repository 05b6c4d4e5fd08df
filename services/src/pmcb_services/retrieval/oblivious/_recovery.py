# SPDX-License-Identifier: Apache-2.0
"""Taking a store over from the cloud alone, whatever happened to the writer before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval.cloud._cloud import Cloud
from pmcb_services.retrieval.errors import RolledBack, TamperedError, UnknownStore
from pmcb_services.retrieval.keys import StoreKeys

from ._contents import Contents
from ._held import Held, tried
from ._hotlog import INSERT
from ._lease import Writer
from ._root import RootSeal, digest_of
from ._seal import LABEL
from ._state import State

__all__ = ["recover"]

_SLICE = 4096


def recover(cloud: Cloud, store: str, keys: StoreKeys, state: State, writer: Writer) -> Held:
    """Open the newest root, check that it is, read the log after its cut, and start afresh.

    The log gets a new generation before anything is written: an item that nobody acknowledged may
    have been seen at its position. Which labels were touched is unknown, so that the first query
    begins with a new epoch.

    Raises:
        UnknownStore: there is no such store, or its creation was never finished.
        KeyMismatch, WrongStore: the keys do not fit.
        RolledBack: a newer root is known.
        TamperedError: root or log are not what was written.
    """
    descriptor = tried(lambda: cloud.describe(store))
    root = tried(lambda: cloud.root(store))
    if root is None:
        if state.newest() is not None:
            raise RolledBack("The cloud shows no root of a store that has one.")
        raise UnknownStore(f"The store '{store}' was never finished; create it again.")
    roots = RootSeal(keys, store, bytes.fromhex(descriptor.schema_digest))
    contents = Contents.of(roots.open(root.sealed, root.version), store)
    digest = digest_of(root.sealed)
    _check_newest(state, root.version, digest, contents.previous)
    held = Held(
        cloud=cloud,
        state=state,
        writer=writer,
        roots=roots,
        contents=contents,
        version=root.version,
        digest=digest,
        claimed=max(contents.epoch, state.claimed()),
        live=contents.live,
        log=contents.log(),
        rounds=None,
    )
    _read_log(held)
    state.keep_root(root.version, digest)
    held.drop_others()
    tried(lambda: cloud.trim(store, writer.fence(), contents.cut))
    _begin_generation(held)
    return held


def _check_newest(state: State, version: int, digest: bytes, previous: bytes) -> None:
    newest = state.newest()
    if newest is None:
        return
    known, known_digest = newest
    follows = {known: digest == known_digest, known + 1: previous == known_digest}
    if version < known or not follows.get(version, True):
        raise RolledBack("The cloud's root is not the newest one known, and does not follow it.")


def _read_log(held: Held) -> None:
    """Read the log to its end, which must not lie before what was acknowledged."""
    size = LABEL + tried(lambda: held.cloud.describe(held.store)).log_size
    while True:
        at = held.log.next
        part = tried(lambda at=at: held.cloud.read_log(held.store, at, _SLICE))  # type: ignore[misc]
        if part.items and part.first != at:
            raise TamperedError("The log has lost items after the cut.", index=at)
        if len(part.items) % size:
            raise TamperedError("The log was cut within an item.", index=at)
        for start in range(0, len(part.items), size):
            _replay(held, part.items[start : start + size])
        if not part.items:
            break
    if held.log.next < held.state.acknowledged():
        raise TamperedError("The log lacks items that were acknowledged.", index=held.log.next)


def _replay(held: Held, item: bytes) -> None:
    op, entries = held.log.open(item)
    held.log.accept(op, entries)
    at = int(entries["id"][0])
    if op == INSERT and at >= len(held.live):
        held.live = _grown(held.live, at + 1)
    held.live[at] = op == INSERT


def _begin_generation(held: Held) -> None:
    contents = held.contents.with_generation(held.log.next)

    def adopted() -> None:
        held.log.generations = contents.generations

    held.put_root(contents, adopted)


def _grown(live: NDArray[np.bool_], ids: int) -> NDArray[np.bool_]:
    return np.concatenate([live, np.zeros(ids - len(live), dtype=np.bool_)])
