# SPDX-License-Identifier: Apache-2.0
"""Where a store's ciphertext lies: clouds that keep bytes and know no key.

`MemoryCloud`, `LmdbCloud` and `PostgresCloud` keep them; ``cloud.server`` serves one of these over
HTTP, and `RemoteCloud` is the way there. All of them are a `Cloud`.
"""

from typing import TYPE_CHECKING

from pmcb_client._lazy import lazily as _lazily

from ._cloud import LABEL_SIZE, Cloud, Lease, LogSlice, Root, StoreDescriptor
from ._lmdb import LmdbCloud
from ._memory import MemoryCloud
from ._postgres import PostgresCloud
from ._wire import audience

if TYPE_CHECKING:
    from ._remote import RemoteCloud

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

__getattr__ = _lazily(__name__, {"RemoteCloud": "._remote"})
"""Only who calls a cloud waits for HTTP."""
