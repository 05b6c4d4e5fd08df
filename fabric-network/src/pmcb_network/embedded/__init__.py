# SPDX-License-Identifier: Apache-2.0
"""Peers, orderer and CAs of a small network in one process, speaking Fabric's own protocols."""

from typing import TYPE_CHECKING

from pmcb_client._lazy import lazily as _lazily

if TYPE_CHECKING:
    from ._node import CHANNEL, ORGS, EmbeddedNetwork

__all__ = ["CHANNEL", "ORGS", "EmbeddedNetwork"]

__getattr__ = _lazily(__name__, dict.fromkeys(__all__, "._node"))
"""Whoever starts a network as a process, and looks after it, runs no node: it waits for one."""
