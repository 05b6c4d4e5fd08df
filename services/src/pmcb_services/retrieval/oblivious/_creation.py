# SPDX-License-Identifier: Apache-2.0
"""The first epoch of a store."""

from __future__ import annotations

import numpy as np

from pmcb_services.retrieval._carried import Columns
from pmcb_services.retrieval._schema import Records
from pmcb_services.retrieval.cloud._cloud import Cloud, StoreDescriptor
from pmcb_services.retrieval.errors import RetrievalError, StoreExists, TooManyRecords
from pmcb_services.retrieval.keys import StoreKeys

from ._contents import Build, Contents
from ._entry import MOST_IDS, Entries, pack
from ._epoch import begin
from ._held import Held, tried
from ._hotlog import log_blob_size
from ._lease import Writer
from ._root import RootSeal
from ._seal import TAG
from ._state import State

__all__ = ["create"]


def create(
    cloud: Cloud,
    build: Build,
    records: Records,
    carried: Columns,
    keys: StoreKeys,
    state: State,
) -> Held:
    """Check the records, begin the store on the cloud, upload its first pool, write its root.

    A creation that was killed has no root and may be repeated.

    Raises:
        InputError: nothing was sent.
        StoreExists: there is a root already.
    """
    entries = _checked(build, records, carried)
    size = build.dtype.itemsize
    descriptor = StoreDescriptor(
        name=build.store,
        schema_digest=build.schema.digest.hex(),
        blob_size=build.settings.bucket * size + TAG,
        log_size=log_blob_size(size),
    )
    tried(lambda: cloud.create(descriptor))
    writer = Writer(cloud, build.store)
    try:
        if tried(lambda: cloud.root(build.store)) is not None:
            raise StoreExists(f"There is a store '{build.store}' already.")
        held = _vacant(cloud, build, keys, state, writer)
        state.claim(held.claimed + 1)
        held.claimed += 1
        held.drop_others()  # what a creation that was killed had uploaded
        begin(held, entries, np.ones(len(entries), dtype=np.bool_), held.claimed)
    except RetrievalError:
        writer.release()
        raise
    return held


def _checked(build: Build, records: Records, carried: Columns) -> Entries:
    codes = build.schema.encode(records)
    if len(codes) > MOST_IDS:
        raise TooManyRecords(f"A store holds {MOST_IDS} records at most.")
    ids = np.arange(len(codes), dtype=np.uint32)
    return pack(build.schema, ids, codes, build.schema.encode_carried(carried, len(codes)))


def _vacant(cloud: Cloud, build: Build, keys: StoreKeys, state: State, writer: Writer) -> Held:
    vacant = Contents.vacant(build)
    return Held(
        cloud=cloud,
        state=state,
        writer=writer,
        roots=RootSeal(keys, build.store, build.schema.digest),
        contents=vacant,
        version=0,
        digest=bytes(32),
        claimed=state.claimed(),
        live=vacant.live,
        log=vacant.log(),
        rounds=None,
    )
