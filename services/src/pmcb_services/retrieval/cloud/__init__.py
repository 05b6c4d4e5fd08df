# SPDX-License-Identifier: Apache-2.0
"""Where a store's ciphertext lies: clouds that keep bytes and know no key.

`MemoryCloud`, `LmdbCloud` and `PostgresCloud` keep them; ``cloud.server`` serves one of these over
HTTP, and `RemoteCloud` is the way there. All of them are a `Cloud`.
"""

from ._cloud import LABEL_SIZE, Cloud, Lease, LogSlice, Root, StoreDescriptor
from ._lmdb import LmdbCloud
from ._memory import MemoryCloud
from ._postgres import PostgresCloud
from ._remote import RemoteCloud
from ._wire import audience

__all__ = [
    "LABEL_SIZE",
    "Cloud",
    "Lease",
    "LmdbCloud",
    "LogSlice",
    "MemoryCloud",
    "PostgresCloud",
    "RemoteCloud",
    "Root",
    "StoreDescriptor",
    "audience",
]
