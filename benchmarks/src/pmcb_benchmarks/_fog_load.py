# SPDX-License-Identifier: Apache-2.0
"""Orders that keep coming, whatever dies: each is sent until it is accepted, then waited for."""

from __future__ import annotations

import asyncio
import math
import random
import threading
import time
from typing import Any, Self

from pmcb_services.fog.client import FogClient, submission
from pmcb_services.fog.errors import FogError, Overloaded, Unavailable

from ._fog_site import COMMAND, FogSite

__all__ = ["Load"]

_CONTROL = 0.4
_LENGTHS_MI = (2000.0, 20_000.0)  # 0.1 to 1 s
_AGAIN_S = 0.1
_WAIT_S = 20.0  # for an order; one that waits longer holds up nobody
_GIVE_UP_S = 60.0  # after the last: what is not accepted by then was not promised
_END_S = 3 * _GIVE_UP_S  # an answer may be as long in coming
_OPEN = ("NEW", "QUEUED", "STARTED")


class Load:
    """So many submitters at once, from a thread of its own, until the block is left.

    Each submits its next order once the one before is over, so that a slow machine has fewer
    orders, and not more that wait.

    Args:
        site: whose gateway is asked.
        submitters: how many there are.
        seed: of kinds and lengths.

    Attributes:
        submitters: as it was said; may be lowered meanwhile.
        accepted: ids that the gateway has answered for, with their kind.
        refused: what was refused for good; nothing should be.
    """

    def __init__(self, site: FogSite, *, submitters: int, seed: int) -> None:
        self._site, self.submitters = site, submitters
        self._draws = random.Random(seed)
        self._over = threading.Event()
        self._ends = math.inf
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._number = 0
        self.accepted: dict[str, str] = {}
        self.refused: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ends = time.monotonic() + _GIVE_UP_S
        self._over.set()
        self._thread.join(_END_S)
        if self._thread.is_alive():
            raise TimeoutError("submitters do not end")

    async def _run(self) -> None:
        network = self._site.network()
        async with (
            FogClient(network, self._site.operator) as operator,
            FogClient(network, self._site.doctor) as doctor,
        ):
            ones = (self._submit(each, operator, doctor) for each in range(self.submitters))
            await asyncio.gather(*ones)

    async def _submit(self, which: int, operator: FogClient, doctor: FogClient) -> None:
        """One submitter."""
        while which < self.submitters and not self._over.is_set():
            name = f"order-{self._number}"
            self._number += 1
            if self._draws.random() < _CONTROL:
                order = submission(
                    name, "device.control", b"5 ml", subject=self._site.device, command=COMMAND
                )
                await self._one(doctor, order)
            else:
                length = self._draws.uniform(*_LENGTHS_MI)
                await self._one(operator, submission(name, "compute.test", length=length))

    async def _one(self, client: FogClient, order: dict[str, Any]) -> None:
        """An order, until it is over."""
        name: str = order["id"]
        waits = math.inf
        while time.monotonic() < min(self._ends, waits):
            try:
                if name not in self.accepted:
                    await client.submit(order)
                    self.accepted[name] = order["kind"]
                    waits = time.monotonic() + _WAIT_S
                found = await client.status(name, wait_s=1.0)
            except (Overloaded, Unavailable):
                await asyncio.sleep(_AGAIN_S)
            except FogError as error:
                self.refused.append(error.code)
                return
            else:
                if found["state"] not in _OPEN:
                    return
