# SPDX-License-Identifier: Apache-2.0
"""The network below the services, where it is ours, and the identities they run as."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pmcb_client.wallet import Wallet
from pmcb_network import _launch
from pmcb_network.errors import NetworkError
from pmcb_network.fabric import _control
from pmcb_network.fabric._folder import folder_of, is_there

from ._keeper import PMCB, document
from ._plan import Plan
from ._state import Places, Standing, State
from .errors import StartFailed

__all__ = ["NETWORK", "Network", "enrol"]

NETWORK = "network"
_LOOK_S = 5.0


class Network:
    """Brings the network up, and again whenever a part of it is down.

    Args:
        plan: how.
        places: of this home.
        changed: called with each new state.
    """

    def __init__(self, plan: Plan, places: Places, changed: Callable[[State], None]) -> None:
        self.state = State(NETWORK)
        self._options = plan.network or ()
        self._places = places
        self._changed = changed

    async def up(self) -> None:
        """`pmcb network up`, which does what is missing.

        Raises:
            StartFailed: it says no.
        """
        self._set(Standing.STARTING)
        found = await _pmcb(self._places, "network", "up", *self._options)
        self._set(Standing.RUNNING, pid=found.get("pid"), reason="")

    async def down(self) -> None:
        """`pmcb network down`; everything it holds is kept."""
        with suppress(StartFailed):
            await _pmcb(self._places, "network", "down")
        self._set(Standing.STOPPED, pid=None)

    async def keep(self) -> None:
        """Until this is cancelled."""
        while True:
            await asyncio.sleep(_LOOK_S)
            reason = await asyncio.to_thread(self._missing)
            if not reason:
                continue
            self._set(Standing.PAUSED, reason=reason, restarts=self.state.restarts + 1)
            try:
                await self.up()
            except StartFailed as error:
                self._set(Standing.PAUSED, reason=str(error))

    def _missing(self) -> str:
        """What of it is down; "" when nothing is."""
        places = _launch.Places(self._places.home)
        look = _control.state if is_there(folder_of(places)) else _launch.state
        try:
            found = look(places)
        except NetworkError as error:
            return str(error)
        if found["answers"] and not found["reason"]:
            return ""
        return str(found["reason"]) or "it does not run"

    def _set(self, standing: Standing, **changed: object) -> None:
        self.state = self.state.now(standing, at_ms=time.time_ns() // 1_000_000, **changed)
        self._changed(self.state)


async def enrol(plan: Plan, places: Places) -> None:
    """Enrol whoever services run as and the wallet does not hold yet.

    Raises:
        StartFailed: their CA, or the lack of a registrar, says no.
    """
    known = set(Wallet(places.home / "wallet").list())
    org = ("--org", plan.organisation) if plan.organisation else ()
    roles = {service.label: service.kind.role for service in plan.services}
    for label, role in roles.items():
        if label not in known:
            await _pmcb(places, "id", "enroll", label, "--role", role, *org)


async def _pmcb(places: Places, *words: str) -> dict[str, Any]:
    """What the command prints.

    Raises:
        StartFailed: in its own words.
    """
    child = await asyncio.create_subprocess_exec(
        *PMCB,
        "--home",
        str(places.home),
        "--json",
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    said, _ = await child.communicate()
    found = document(said)
    if child.returncode:
        message = found.get("message", f"exit code {child.returncode}")
        advice = str(found.get("next_step", ""))
        raise StartFailed(f"`pmcb {' '.join(words)}`: {message}", next_step=advice)
    return found
