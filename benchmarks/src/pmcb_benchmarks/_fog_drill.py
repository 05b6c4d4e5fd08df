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
from ._fog_site import fog_site
from ._fog_victims import WEIGHTS, Blow, Victim, strike

if TYPE_CHECKING:
    from pmcb_client.network_file import NetworkFile
    from pmcb_client.wallet import WalletIdentity

__all__ = ["fog_kills", "judged", "settled", "sound"]

_OPEN = ("NEW", "QUEUED", "STARTED")
_SETTLE_S, _AGAIN_WITHIN_S = 120.0, 60.0
_LOOK_S = 0.5


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

    Args:
        folder: an empty one.
        kills: how many blows.
        seed: of moments, victims and orders.
        servers: how many there are.
        submitters: orders at a time.
        victims: in this order, over and over; else by their weights.
        advance: hears how many were done.
    """
    draws = random.Random(seed)
    given = list(victims or ())
    with fog_site(folder, servers=servers) as site, Adapter() as adapter:
        for server in site.servers:
            site.start_worker(server, adapter.url, wait=False)
        blows: list[Blow] = []
        with Load(site, submitters=submitters, seed=seed) as load:
            while len(blows) < kills:
                _works_again(adapter)
                time.sleep(draws.uniform(0.0, 0.5))
                victim = given[len(blows) % len(given)] if given else _drawn(draws)
                blow = strike(site, adapter, victim, draws)
                if blow is not None:
                    blows.append(blow)
                    advance(len(blows))
        events, orders = asyncio.run(settled(site.network, site.operator))
        audit = site.pmcb("audit")
    return {
        "kills": len(blows),
        "by_victim": dict(Counter(blow.victim.value for blow in blows)),
        "audit": audit,
        **judged(load.accepted, orders, adapter.effects),
        "refused": dict(Counter(load.refused)),
        "reruns": _reruns(events, blows),
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


def _reruns(events: list[dict[str, Any]], blows: list[Blow]) -> dict[str, Any]:
    """Seconds from a worker's death until the order that it ran is given up, and starts again."""
    found = [
        times
        for blow in blows
        if blow.victim is Victim.WORKER and (times := _rerun_s(events, blow)) is not None
    ]
    lost, started = ([*sorted(each)] for each in zip(*found, strict=True)) if found else ([], [])
    return {"count": len(found), "lost_s": _spread(lost), "started_s": _spread(started)}


def _spread(ordered: list[float]) -> dict[str, float]:
    if not ordered:
        return {}
    at = {"median": 0.5, "p95": 0.95, "most": 1.0}
    return {name: round(ordered[int(q * (len(ordered) - 1))], 2) for name, q in at.items()}


def _rerun_s(events: list[dict[str, Any]], blow: Blow) -> tuple[float, float] | None:
    """None where the worker ran nothing that is to run again."""
    running = ""
    for event in events:
        if event["at_ms"] > blow.at_ms:
            break
        if event["server"] == blow.server and event["to"] == "STARTED":
            running = event["order"]
        elif event["order"] == running:
            running = ""
    lost_ms = 0
    for event in events:
        if event["order"] != running or event["at_ms"] <= blow.at_ms:
            continue
        if not lost_ms and event["cause"] != "lost":
            return None
        lost_ms = lost_ms or event["at_ms"]
        if event["to"] == "STARTED":
            return (lost_ms - blow.at_ms) / 1000, (event["at_ms"] - blow.at_ms) / 1000
    return None
