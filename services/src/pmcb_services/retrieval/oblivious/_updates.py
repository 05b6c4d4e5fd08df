# SPDX-License-Identifier: Apache-2.0
"""Inserts and deletes: items of the log, or a new epoch where they are too many for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval._box import Codes
from pmcb_services.retrieval.errors import TooManyRecords, UnknownRecord

from ._entry import MOST_IDS, Entries, pack
from ._epoch import change_epoch
from ._held import Held
from ._hotlog import DELETE, INSERT

__all__ = ["delete", "insert"]

Ids = NDArray[np.uint32]


def insert(held: Held, codes: Codes, carried: Entries) -> Ids:
    """Give ids to new records, and return once the cloud has them for good.

    Raises:
        TooManyRecords: there are no ids left.
    """
    schema, start = held.contents.build.schema, len(held.live)
    if start + len(codes) > MOST_IDS:
        raise TooManyRecords(f"A store gives {MOST_IDS} ids in its life.")
    ids = np.arange(start, start + len(codes), dtype=np.uint32)
    live = np.concatenate([held.live, np.ones(len(ids), dtype=np.bool_)])
    _update(held, INSERT, pack(schema, ids, codes, carried), live)
    return ids


def delete(held: Held, ids: Ids) -> None:
    """Bury records, one tombstone each, of the size of an insert.

    Raises:
        UnknownRecord: names an id that is unknown or dead.
    """
    known = ids[ids < len(held.live)]
    dead = ids[ids >= len(held.live)].tolist() or known[~held.live[known]].tolist()
    if dead:
        raise UnknownRecord(f"There is no record {dead[0]}.", field="ids")
    live = held.live.copy()
    live[ids] = False
    tombstones = np.zeros(len(ids), dtype=held.contents.build.dtype)
    tombstones["id"] = ids
    _update(held, DELETE, tombstones, live)


def _update(held: Held, op: int, entries: Entries, live: NDArray[np.bool_]) -> None:
    most = held.contents.build.settings.log
    if len(entries) > most:
        change_epoch(held, live=live, extra=entries if op == INSERT else None)
    elif len(entries):
        if len(held.log) + len(entries) > most:
            change_epoch(held)
        _append(held, op, entries, live)


def _append(held: Held, op: int, entries: Entries, live: NDArray[np.bool_]) -> None:
    log, cloud, store = held.log, held.cloud, held.store
    first, items = log.next, log.seal(op, entries)

    def send() -> None:
        cloud.append(store, held.writer.fence(), first, items)
        if log.next == first:
            log.accept(op, entries)
            held.live = live
        held.state.keep_log(log.next)

    held.certainly(send)
