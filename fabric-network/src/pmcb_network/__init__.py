# SPDX-License-Identifier: Apache-2.0
"""The networks that PMCB runs on."""

from .errors import (
    FolderInUse,
    FolderUnusable,
    LedgerDamaged,
    NetworkError,
    PortBusy,
    StartFailed,
    StorageFailed,
)

__all__ = [
    "FolderInUse",
    "FolderUnusable",
    "LedgerDamaged",
    "NetworkError",
    "PortBusy",
    "StartFailed",
    "StorageFailed",
]
