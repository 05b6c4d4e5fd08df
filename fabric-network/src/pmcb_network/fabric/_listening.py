# SPDX-License-Identifier: Apache-2.0
"""What peers and orderers have in common: where they listen, what they take, how they sign."""

from typing import Any

from ._topology import Node

LOCAL = "127.0.0.1"
MESSAGE_BYTES = 100 * 1024 * 1024


def listening_on(node: Node) -> str:
    """The address to listen on: nodes of a network of one machine stay on loopback."""
    return LOCAL if node.host in {"localhost", LOCAL} else node.host


def software_crypto() -> dict[str, Any]:
    """Keys in files, SHA-256."""
    software = {"Hash": "SHA2", "Security": 256, "FileKeyStore": {"KeyStore": ""}}
    return {"Default": "SW", "SW": software}
