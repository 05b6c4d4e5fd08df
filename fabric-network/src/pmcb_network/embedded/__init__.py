# SPDX-License-Identifier: Apache-2.0
"""Peers, orderer and CAs of a small network in one process, speaking Fabric's own protocols."""

import importlib as _importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._node import CHANNEL, ORGS, EmbeddedNetwork

__all__ = ["CHANNEL", "ORGS", "EmbeddedNetwork"]


def __getattr__(name: str) -> object:
    """Whoever starts a network as a process, and looks after it, runs no node: it waits for one."""
    if name in __all__:
        return getattr(_importlib.import_module("._node", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
