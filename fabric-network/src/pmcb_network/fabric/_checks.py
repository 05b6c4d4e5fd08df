# SPDX-License-Identifier: Apache-2.0
"""The checks of `pmcb network doctor` that only Fabric's nodes can be put to."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pmcb_network._findings import Finding, Grade

from ._builder import SCRIPTS

_UP = "pmcb network up"
_UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")


def seconds_of(duration: str) -> float:
    """A duration as Fabric's settings spell it: ``2m``, ``1h30m``, ``500ms``.

    Raises:
        ValueError: it is none.
    """
    if not re.fullmatch(f"(?:{_PART.pattern})+", duration):
        raise ValueError(f"{duration!r} is no duration")
    return sum(float(number) * _UNITS_S[unit] for number, unit in _PART.findall(duration))


def check_clocks(apart_s: Mapping[str, float], window_s: float) -> list[Finding]:
    """Whether each node's clock is near this machine's: peers refuse a proposal of another time.

    Args:
        apart_s: by node, how far its clock is ahead, in seconds, give or take one.
        window_s: how far a proposal's time may lie from a peer's clock.
    """
    advice = "let both machines take the time from the network (NTP)"
    found: list[Finding] = []
    for name, ahead_s in apart_s.items():
        if abs(ahead_s) > window_s / 4:
            grade = Grade.FAIL if abs(ahead_s) > window_s else Grade.WARN
            side = "ahead of" if ahead_s > 0 else "behind"
            what = f"{name} is {abs(ahead_s):.0f} s {side} this machine; {window_s:g} s are allowed"
            found.append(Finding("clocks", grade, what, advice))
    if found or not apart_s:
        return found
    widest_s = max(map(abs, apart_s.values()))
    what = f"every node that was asked is within {max(1.0, widest_s):.0f} s of this machine"
    return [Finding("clocks", Grade.OK, what)]


def check_builder(folder: Path) -> list[Finding]:
    """Whether peers can run what tells them where a chaincode server is."""
    reasons: list[str] = []
    for name in SCRIPTS:
        script = folder / "bin" / name
        try:
            first = script.read_text().partition("\n")[0]
        except OSError:
            reasons.append(f"bin/{name} cannot be read")
            continue
        interpreter = first.removeprefix("#!").partition(" ")[0]
        if not os.access(script, os.X_OK):
            reasons.append(f"bin/{name} may not be run")
        elif not (first.startswith("#!") and os.access(interpreter, os.X_OK)):
            reasons.append(f"bin/{name} needs {interpreter or 'an interpreter'}, which is gone")
    if reasons:
        return [
            Finding("builder", Grade.FAIL, reason, f"write it anew: {_UP}") for reason in reasons
        ]
    return [Finding("builder", Grade.OK, f"{len(SCRIPTS)} scripts and their interpreter are there")]


def check_heights(first: Mapping[str, int], later: Mapping[str, int]) -> list[Finding]:
    """Whether peers have the same blocks, or come nearer.

    Args:
        first: by peer, how many blocks it had.
        later: the same, a little later.
    """
    if not later:
        return []
    newest = max(later.values())
    behind = {name: height for name, height in later.items() if height < newest}
    if not behind:
        return [Finding("blocks", Grade.OK, f"{newest:,} on every peer that runs")]
    found: list[Finding] = []
    for name, height in behind.items():
        what = f"{name} has {height:,} blocks of {newest:,}"
        if height > first.get(name, 0):
            found.append(Finding("blocks", Grade.WARN, f"{what} and is catching up"))
        else:
            step = f"look at its log: pmcb network logs {name}"
            found.append(Finding("blocks", Grade.FAIL, f"{what} and gets no more", step))
    return found


def check_leader(name: str | None, *, delivers: bool) -> list[Finding]:
    """Whether the orderers order.

    Args:
        name: the orderer of this host that leads, if one does.
        delivers: whether orderers of other hosts order.
    """
    if name is not None:
        return [Finding("orderers", Grade.OK, f"{name} leads")]
    if delivers:
        return [Finding("orderers", Grade.OK, "an orderer of another host leads")]
    step = f"start what is down ({_UP}); raft needs more than half, BFT more than two thirds"
    return [Finding("orderers", Grade.FAIL, "none leads: nothing is ordered", step)]


@dataclass(frozen=True)
class ServerState:
    """A peer's chaincode server, which runs.

    Attributes:
        healthy: whether it says so.
        serves: the label that it was started for.
        committed: the label that its peer goes by; empty: none, None: not known.
        told: whether its peer was told this server's address for that label.
    """

    name: str
    healthy: bool
    serves: str
    committed: str | None
    told: bool


def check_servers(servers: Iterable[ServerState]) -> list[Finding]:
    """Whether each server answers and serves the contract that the channel has."""
    found: list[Finding] = []
    count = 0
    for server in servers:
        count += 1
        name = server.name
        reason = ""
        if not server.healthy:
            reason = f"{name} runs and does not serve"
        elif server.committed == "":
            reason = f"{name} serves {server.serves}, and the channel has no contract"
        elif server.committed is not None and server.serves != server.committed:
            reason = f"{name} serves {server.serves}, and the channel has {server.committed}"
        elif not server.told:
            reason = f"the peer of {name} was not told where it serves {server.serves}"
        if reason:
            found.append(Finding("contract", Grade.FAIL, reason, _UP))
    if found or not count:
        return found
    return [Finding("contract", Grade.OK, "every server that runs serves what the channel has")]
