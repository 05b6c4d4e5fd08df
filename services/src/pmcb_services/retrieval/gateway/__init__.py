# SPDX-License-Identifier: Apache-2.0
"""The query gateway: it holds the keys, asks the cloud, and answers who has a grant."""

from ._app import gateway_application
from ._folder import Folder, StoreFolder
from ._gateway import Gateway, patiently
from ._grants import Grants
from ._ledger_state import LedgerState
from ._shared_keys import import_keys, share_keys
from ._store_ledger import Contract, StoreLedger
from ._terms import Terms
from ._trail import Trail

__all__ = [
    "Contract",
    "Folder",
    "Gateway",
    "Grants",
    "LedgerState",
    "StoreFolder",
    "StoreLedger",
    "Terms",
    "Trail",
    "gateway_application",
    "import_keys",
    "patiently",
    "share_keys",
]
