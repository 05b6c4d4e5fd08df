# SPDX-License-Identifier: Apache-2.0
"""Peers, orderer and CAs of a small network in one process, speaking Fabric's own protocols."""

from ._node import CHANNEL, ORGS, EmbeddedNetwork

__all__ = ["CHANNEL", "ORGS", "EmbeddedNetwork"]
