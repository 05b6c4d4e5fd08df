# SPDX-License-Identifier: Apache-2.0
"""Where the services are that handlers call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Place", "Places"]


class Place(NamedTuple):
    """Where a service is, and the roots (PEM) of its TLS certificate; "" for the machine's own."""

    url: str
    tls_ca: str = ""


@dataclass(frozen=True, kw_only=True)
class Places:
    """What a fog worker knows of services; an order never says where it goes.

    Attributes:
        network: the path of network.json, which names content store, query gateways and intakes.
        devices: the path of the file of adapters, see `read_adapters`.
    """

    network: str = ""
    devices: str = ""
