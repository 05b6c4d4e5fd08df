# SPDX-License-Identifier: Apache-2.0
"""From the JSON of ``pmcb bench drills`` to its part of docs/performance.md."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from ._victims import Victim
from .page import Row

_WRONG = (
    "missing",
    "doubled",
    "halves",
    "done_though_denied",
    "failed",
    "not_as_the_blocks",
    "broken_blocks",
    "unequal_peers",
)


def drills_rows(found: Mapping[str, Any]) -> list[Row]:
    """What must hold, each with what was found."""
    networks = found["networks"]
    rows = [_ledger_row(preset, each, found["rate"]) for preset, each in networks.items()]
    rounds = [one for each in networks.values() for one in each["rounds"]]
    servers = [one["next_proposal"] for one in rounds if "next_proposal" in one]
    if servers:
        rows.append(
            (
                "the next proposal after a chaincode server's return",
                "succeeds, each time",
                f"{servers.count('ok')} of {len(servers)} succeeded",
                servers.count("ok") == len(servers),
            )
        )
    cas = [one for one in rounds if "enrolment_meanwhile" in one]
    if cas:
        typed = sum(one["enrolment_meanwhile"] == "CaUnavailable" for one in cas)
        again = sum(one["enrolment_afterwards"] == "ok" for one in cas)
        rows.append(
            (
                "an enrolment while its CA is dead, and one after its return",
                "`CaUnavailable`; succeeds",
                f"{typed} of {len(cas)} typed so; {again} of {len(cas)} succeeded",
                typed == again == len(cas),
            )
        )
    rows.extend(
        _upgrade_row(each["upgrade"], each["ledger"]["upgraded"])
        for each in networks.values()
        if "upgrade" in each
    )
    rows.extend(_quiet_row(each["quiet"]) for each in networks.values() if "quiet" in each)
    return rows


def _ledger_row(preset: str, network: Mapping[str, Any], rate: float) -> Row:
    ledger = network["ledger"]
    equal = "not equal" if ledger["unequal_peers"] else "equal"
    done, asked = len(network["rounds"]), network["asked"]
    times = f"{done} of {asked}" if network["stuck"] else f"{asked}"
    return (
        f"{times} times kill -9 under {rate:g}/s, `{preset}`",
        "nothing acknowledged missing, nothing done twice, peers equal",
        (
            f"{ledger['missing']} of {ledger['acknowledged']:,} missing, {ledger['doubled']} "
            f"twice, {ledger['given_up']} given up, {ledger['doubts']} in doubt, "
            f"{ledger['failed']} failed; "
            f"{ledger['height']:,} blocks, commit hashes {equal} on {len(ledger['peers'])} peers"
        ),
        not (network["stuck"] or any(ledger[name] for name in _WRONG)),
    )


def _upgrade_row(upgrade: Mapping[str, Any], ledger: Mapping[str, Any]) -> Row:
    meanwhile, outcomes = upgrade["meanwhile"], upgrade["outcomes"]
    others = sum(number for word, number in outcomes.items() if word != "ok")
    first, last = upgrade["sequences"]
    return (
        f"upgrade of the contract under {upgrade['rate']:g}/s",
        "none lost",
        (
            f"{outcomes.get('ok', 0):,} succeeded, {others} did not, {ledger['missing']} missing, "
            f"{ledger['doubled']} twice; it took {upgrade['took_s']:.1f} s, "
            f"slowest {meanwhile['slowest_s']:.1f} s"
        ),
        not (others or any(ledger[name] for name in _WRONG)) and last == first + 1,
    )


def _quiet_row(quiet: Mapping[str, Any]) -> Row:
    return (
        f"{quiet['minutes']:g} quiet minutes, then {quiet['transactions']} transactions at once",
        "none fails, no connection is made anew",
        (
            f"{quiet['failed']} failed, slowest {quiet['slowest_s']:.1f} s; "
            f"{quiet['closed']} of {quiet['connections']} connections closed, "
            f"{quiet['opened']} opened"
        ),
        not (quiet["failed"] or quiet["closed"] or quiet["states"] or quiet["told_to_be_calm"]),
    )


def outages_table(path: Path) -> str:
    """How the client fared while each kind of victim was away, in Markdown."""
    head = [
        (
            "| killed | times | went on without it | first success after the kill: median, slowest "
            "| `up` took, median | begun meanwhile: succeeded, given up, in doubt, failed "
            "| slowest acknowledged |"
        ),
        "|---|---|---|---|---|---|---|",
    ]
    networks = json.loads(path.read_text())["networks"]
    rounds = [one for each in networks.values() for one in each["rounds"]]
    lines = []
    for kind in Victim:
        mine = [one for one in rounds if one["victim"] == kind.name.lower()]
        lines += [_outage(kind, mine)] if mine else []
    return "\n".join(head + lines)


def _outage(kind: Victim, rounds: Sequence[Mapping[str, Any]]) -> str:
    carried = sum(bool(one.get("carried_on")) for one in rounds)
    went_on = f"{carried} of {len(rounds)}" if kind.is_borne else "cannot"
    first = [one["first_success_s"] for one in rounds if one["first_success_s"] is not None]
    slowest = [one["slowest_s"] for one in rounds if one["slowest_s"] is not None]
    words: Counter[str] = Counter()
    for one in rounds:
        words.update(one["outcomes"])
    cells = (
        kind.value,
        str(len(rounds)),
        went_on,
        f"{median(first):.1f} s, {max(first):.1f} s" if first else "-",
        f"{median(one['up_s'] for one in rounds):.1f} s",
        ", ".join(f"{words[word]:,}" for word in ("ok", "none", "doubt", "failed")),
        f"{max(slowest):.1f} s" if slowest else "-",
    )
    return f"| {' | '.join(cells)} |"
