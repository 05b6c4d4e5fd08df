# SPDX-License-Identifier: Apache-2.0
"""kill -9 of fog workers, gateway, planner and broker under load: is every order there, and once?

What died is started again. At the end the gateway's own audit replays its event log, and what the
submitter was told and what the device was made to do are held against it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pmcb_services.fog.client import FogClient
from pmcb_services.fog.errors import Unavailable

from ._fog_device import Adapter, Effect
from ._fog_load import Load
from ._fog_reruns import reruns
from ._fog_site import fog_site
from ._fog_victims import WEIGHTS, Blow, Victim, strike, strike_alone

if TYPE_CHECKING:
    from pmcb_client.network_file import NetworkFile
    from pmcb_client.wallet import WalletIdentity

__all__ = ["fog_kills", "judged", "settled", "sound"]

_OPEN = ("NEW", "QUEUED", "STARTED")
_SETTLE_S, _AGAIN_WITHIN_S = 120.0, 60.0
_LOOK_S = 0.5
_MOST_VAIN = 20  # blows in a row
_FEW = 2  # submitters: fewer than there are servers


def fog_kills(
    folder: Path,
    *,
    kills: int,
    seed: int = 1,
    servers: int = 4,
    submitters: int = 8,
    victims: Iterable[Victim] | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Strike ``kills`` times at random moments, each time once work goes on again; then look.

    At the end a tenth as many workers are killed while the others live and have little to do.

    Args:
        folder: an empty one.
        kills: how many blows.
        seed: of moments, victims and orders.
        servers: how many there are.
        submitters: orders at a time.
        victims: in this order, over and over; else by their weights.
        advance: hears how many were done.

    Raises:
        TimeoutError: what died does not come back, or what is to die next does not.
    """
    draws = random.Random(seed)
    given = list(victims or ())
    with fog_site(folder, servers=servers) as site, Adapter() as adapter:
        for server in site.servers:
            site.start_worker(server, adapter.url, wait=False)
        blows, vain = list[Blow](), 0
        with Load(site, submitters=submitters, seed=seed) as load:
            while len(blows) < kills:
                _works_again(adapter)
                time.sleep(draws.uniform(0.0, 0.5))
                victim = given[len(blows) % len(given)] if given else _drawn(draws)
                blow = strike(site, adapter, victim, draws)
                if blow is not None:
                    blows.append(blow)
                    advance(len(blows))
                    vain = 0
                elif (vain := vain + 1) == _MOST_VAIN:
                    raise TimeoutError(f"there is no {victim.value} to strike any more")
            load.submitters = _FEW
            blows += [strike_alone(site, adapter, draws) for _ in range(kills // 10)]
        events, orders = asyncio.run(settled(site.network, site.operator))
        audit = site.pmcb("audit")
    return {
        "kills": len(blows),
        "by_victim": dict(Counter(blow.victim.value for blow in blows)),
        "audit": audit,
        **judged(load.accepted, orders, adapter.effects),
        "refused": dict(Counter(load.refused)),
        "reruns": reruns(events, blows),
    }


def sound(found: dict[str, Any]) -> bool:
    """Whether nothing was lost, repeated, moved or promised in vain."""
    wrong = ("lost", "open", "effects_twice", "done_without_effect")
    return not (any(found[each] for each in wrong) or found["audit"]["findings"])


def _works_again(adapter: Adapter) -> None:
    """Wait for the next effect of the device.

    Raises:
        TimeoutError: there is none; whatever died does not come back.
    """
    before, ends = len(adapter.effects), time.monotonic() + _AGAIN_WITHIN_S
    while len(adapter.effects) == before:
        if time.monotonic() > ends:
            raise TimeoutError("no order is done any more")
        time.sleep(0.01)


def judged(
    accepted: dict[str, str], orders: dict[str, str], effects: list[Effect]
) -> dict[str, Any]:
    """What submitter and device saw, against what the gateway says in the end.

    Args:
        accepted: kinds by id, of orders that the submitter was promised.
        orders: states by id.
        effects: of the device.
    """
    done = Counter(effect.order for effect in effects)
    controls = [name for name, kind in accepted.items() if kind == "device.control"]
    return {
        "accepted": len(accepted),
        "states": dict(Counter(orders.get(name, "none") for name in accepted)),
        "lost": sum(name not in orders for name in accepted),
        "open": sum(orders.get(name) in _OPEN for name in accepted),
        "effects": len(effects),
        "effects_twice": sum(count > 1 for count in done.values()),
        "done_without_effect": sum(orders[n] == "DONE" and not done[n] for n in controls),
    }


def _drawn(draws: random.Random) -> Victim:
    return draws.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]


async def settled(
    network: Callable[[], NetworkFile], operator: WalletIdentity
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The event log and the orders' states, once nothing moves any more; dead letters are retried.

    What an order is whose every attempt a kill has ended is the operator's to decide: here it runs
    again.

    Args:
        network: as network.json says now.
        operator: of the gateway.
    """
    ends = time.monotonic() + _SETTLE_S
    while True:
        try:
            async with FogClient(network(), operator) as gateway:
                events = [event async for event in gateway.events()]
                orders = {event["order"]: event["to"] for event in events}
                for name, state in orders.items():
                    if state == "DEAD":
                        await gateway.resolve(name, "retry")
        except Unavailable:
            events, orders = [], {}
        is_open = any(state in (*_OPEN, "DEAD") for state in orders.values())
        if (orders and not is_open) or time.monotonic() > ends:
            return events, orders
        await asyncio.sleep(_LOOK_S)
