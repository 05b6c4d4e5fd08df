# SPDX-License-Identifier: Apache-2.0
"""What is not on the ledger: the nodes and services of this home, looked at beside the pages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pmcb_apps.organisation._control import Control
from pmcb_apps.organisation.errors import NotRunning
from pmcb_client.errors import ClientError, NetworkFileError
from pmcb_client.network_file import load
from pmcb_network import _launch
from pmcb_network.errors import NetworkError
from pmcb_network.fabric import _control
from pmcb_network.fabric._folder import folder_of, is_there

from ._fog import Fog, fogs

if TYPE_CHECKING:
    from pmcb_client.wallet import WalletIdentity

__all__ = ["Sight", "Watch"]

_LOOK_S = 5.0
_NETWORK_S = 30.0  # to ask the nodes of a Fabric network takes a program each


@dataclass(frozen=True)
class Sight:
    """What was found.

    Attributes:
        at_ms: when, milliseconds UTC; 0 before the first look.
        network: what ``pmcb network status`` shows; None where the network runs elsewhere.
        services: what ``pmcb status`` shows; None where ``pmcb up`` started none.
        fogs: the order gateways that the network file names.
    """

    at_ms: int = 0
    network: Mapping[str, Any] | None = None
    services: Mapping[str, Any] | None = None
    fogs: Sequence[Fog] = ()


class Watch:
    """Looks again and again, so that no page waits for a service.

    Args:
        home: whose nodes and services.
        identity: as whom gateways are asked.
    """

    def __init__(self, home: Path, identity: WalletIdentity) -> None:
        self.sight = Sight()
        self._home = home
        self._identity = identity

    async def run(self) -> None:
        """Until this is cancelled."""
        network, due = None, 0.0
        while True:
            if time.monotonic() >= due:
                network = await asyncio.to_thread(_network, self._home)
                due = time.monotonic() + _NETWORK_S
            services = await asyncio.to_thread(_services, self._home)
            found = await self._fogs()
            self.sight = Sight(time.time_ns() // 1_000_000, network, services, found)
            await asyncio.sleep(_LOOK_S)

    async def _fogs(self) -> Sequence[Fog]:
        try:
            network = load(self._home / "network.json")
        except NetworkFileError:
            return ()
        return await fogs(network, self._identity)


def _network(home: Path) -> Mapping[str, Any] | None:
    places = _launch.Places(home)
    try:
        if is_there(folder_of(places)):
            return _control.state(places)
        return {**_launch.state(places), "nodes": []} if places.folder.is_dir() else None
    except (NetworkError, ClientError, OSError) as error:
        return {"running": False, "answers": False, "kind": "", "reason": str(error), "nodes": []}


def _services(home: Path) -> Mapping[str, Any] | None:
    try:
        return Control(home).state()
    except NotRunning:
        return None
