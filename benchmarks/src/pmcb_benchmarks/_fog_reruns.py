# SPDX-License-Identifier: Apache-2.0
"""How soon an order runs again whose fog worker was killed, read off the event log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ._fog_victims import PAUSE_S, Blow, Victim

__all__ = ["reruns"]

Event = dict[str, Any]

_KILLED = {Victim.WORKER, Victim.ALONE}
_BETWEEN = {Victim.GATEWAY, Victim.BROKER, Victim.FILES}
_AT_ONCE_MS = 1000


@dataclass(frozen=True)
class _Rerun:
    """An order's server died, it was given up, it started again: milliseconds UTC."""

    order: str
    struck_ms: int
    lost_ms: int
    started_ms: int


def reruns(events: Sequence[Event], blows: Sequence[Blow]) -> dict[str, Any]:
    """Seconds from a worker's death until the order that it ran is given up, and starts again.

    Returns:
        ``free``: of reruns for which a server was alive and ran nothing when the order was given
        up, while gateway and broker were left alone; ``others``: of those that had to wait.
    """
    found: dict[bool, list[_Rerun]] = {True: [], False: []}
    for blow in blows:
        rerun = _rerun(events, blow) if blow.victim in _KILLED else None
        if rerun is not None:
            found[_was_free(events, blows, rerun)].append(rerun)
    return {"free": _told(found[True]), "others": _told(found[False])}


def _rerun(events: Sequence[Event], blow: Blow) -> _Rerun | None:
    """None where the worker ran nothing that is to run again."""
    order = _running(events, blow.at_ms).get(blow.server, "")
    later = [each for each in events if each["order"] == order and each["at_ms"] > blow.at_ms]
    if not order or not later or later[0]["cause"] != "lost":
        return None
    started = [each["at_ms"] for each in later if each["to"] == "STARTED"]
    return _Rerun(order, blow.at_ms, later[0]["at_ms"], started[0]) if started else None


def _running(events: Sequence[Event], at_ms: int) -> dict[str, str]:
    """What servers ran at a time, as the gateway knew."""
    runs: dict[str, str] = {}
    for event in events:
        if event["at_ms"] > at_ms:
            break
        for server in [each for each, order in runs.items() if order == event["order"]]:
            del runs[server]
        if event["to"] == "STARTED":
            runs[event["server"]] = event["order"]
    return runs


def _was_free(events: Sequence[Event], blows: Sequence[Blow], rerun: _Rerun) -> bool:
    until_ms = min(rerun.started_ms, rerun.lost_ms + _AT_ONCE_MS)
    for blow in blows:
        if blow.victim in _BETWEEN and rerun.struck_ms <= blow.at_ms <= until_ms:
            return False
    servers = {each["server"] for each in events if each["to"] == "STARTED"}
    dead = {
        blow.server
        for blow in blows
        if blow.at_ms <= until_ms and not _lives_again(events, blow, rerun.lost_ms)
    }
    return bool(servers - dead - _running(events, rerun.lost_ms).keys())


def _lives_again(events: Sequence[Event], blow: Blow, at_ms: int) -> bool:
    """Whether the server's next worker had begun something by then, or the paused one goes on."""
    if blow.victim is Victim.PAUSE:
        return blow.at_ms + 1000 * PAUSE_S < at_ms
    begun = (e for e in events if e["to"] == "STARTED" and e["server"] == blow.server)
    return any(blow.at_ms < each["at_ms"] <= at_ms for each in begun)


def _told(found: Sequence[_Rerun]) -> dict[str, Any]:
    times = defaultdict(list)
    for each in found:
        times["lost_s"].append((each.lost_ms - each.struck_ms) / 1000)
        times["started_s"].append((each.started_ms - each.struck_ms) / 1000)
    return {"count": len(found), **{name: _spread(sorted(times[name])) for name in sorted(times)}}


def _spread(ordered: Sequence[float]) -> dict[str, float]:
    at = {"median": 0.5, "p95": 0.95, "most": 1.0}
    return {name: round(ordered[int(q * (len(ordered) - 1))], 2) for name, q in at.items()}
