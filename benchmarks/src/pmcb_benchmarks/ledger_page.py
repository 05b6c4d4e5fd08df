# SPDX-License-Identifier: Apache-2.0
"""From the JSON of ``pmcb bench ledger`` to its part of docs/performance.md."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .page import Row

Found = Mapping[str, Any]
_NEEDED = {"MAJORITY": 150, "OR": 220}
_STRETCH = 200


def knee_rows(found: Found) -> list[Row]:
    """The most that the yardstick's network commits, and how long transactions wait below it."""
    policy = found["network"]["endorsement"]
    runs = found["runs"]
    knee = max(run["achieved"] for run in runs)
    needed = f"≥ {_NEEDED[policy]}/s" + (f", stretch {_STRETCH}/s" if policy == "MAJORITY" else "")
    rows = [(f"knee, {policy}", needed, f"{knee:.0f}/s", knee >= _NEEDED[policy])]
    for name, rate, most_ms in (
        ("100/s offered", 100.0, 1000),
        ("80 % of the knee", 0.8 * knee, 1500),
    ):
        run = _nearest(runs, rate)
        p95 = run["latency_ms"]["p95"]
        what = f"{policy}, {name} (measured at {run['asked']:g}/s)"
        rows.append((what, f"p95 ≤ {most_ms} ms", f"p95 {p95:.0f} ms", p95 <= most_ms))
    return rows


def _nearest(runs: Sequence[Found], rate: float) -> Found:
    """The run at this offered rate, or at the next higher one: it waits no less."""
    higher = [run for run in runs if run["asked"] >= rate]
    return min(higher, key=lambda run: float(run["asked"]))


def crowd_rows(found: Found) -> list[Row]:
    """Everybody asks at the same moment: nobody goes without an answer, nothing is lost."""
    rows = []
    for run in found["runs"]:
        ledger, outcomes = run["ledger"], run["outcomes"]
        others = sum(number for word, number in outcomes.items() if word != "ok")
        said = (
            f"{ledger['acknowledged']:,} acknowledged, {ledger['missing']} missing, "
            f"{ledger['doubled']} twice; {_told(outcomes)}; {run['achieved']:.0f}/s, "
            f"slowest {run['latency_ms']['max'] / 1000:.1f} s"
        )
        rows.append(
            (
                f"{run['count']:,} acceptances at once",
                "acknowledged = valid on the ledger, 0 unanswered",
                said,
                not (others or ledger["missing"] or ledger["doubled"]),
            )
        )
    return rows


def _told(outcomes: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {word}" for word, number in outcomes.items())


def runs_table(path: Path) -> str:
    """Every run of a document, a line each, in Markdown."""
    found = json.loads(path.read_text())
    network = found["network"]
    blocks = network["blocks"]
    head = (
        f"`{network['preset']}`: orderers {network['orderers']} ({network['consensus']}), "
        f"peers {network['peers']}, {network['endorsement']}; a block after {blocks['timeout']} or "
        f"{blocks['messages']} transactions."
    )
    lines = [
        head,
        "",
        (
            "| offered/s | committed/s | p50 ms | p95 ms | p99 ms | endorse, order, commit: p50 ms "
            "| CPU ms each: peers, chaincode, orderers, client | others' load |"
        ),
        "|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join(lines + [_line(run) for run in found["runs"]])


def _line(run: Found) -> str:
    wait, cpu = run["latency_ms"], run["cpu_ms_each"]
    phases = [run["phases_ms"][name]["p50"] for name in ("endorse", "order", "commit")]
    cells = (
        f"{run['asked']:g}",
        f"{run['achieved']:.0f}",
        *(f"{wait[name]:.0f}" for name in ("p50", "p95", "p99")),
        ", ".join(f"{each:.0f}" for each in phases),
        ", ".join(f"{cpu[kind]:.1f}" for kind in ("peer", "server", "orderer", "client")),
        f"{run['other_load']:.0%}",
    )
    return f"| {' | '.join(cells)} |"


def sweep_table(path: Path) -> str:
    """The publication's sweep in short: rate and mean latency, by levels and offered rate."""
    runs = json.loads(path.read_text())["runs"]
    rates = sorted({run["asked"] for run in runs})
    lines = [
        f"| T | transactions | {' | '.join(f'{rate:g}/s' for rate in rates)} |",
        f"|---|---|{'---|' * len(rates)}",
    ]
    for levels, count in sorted({(run["levels"], run["count"]) for run in runs}):
        mine = {
            run["asked"]: run for run in runs if (run["levels"], run["count"]) == (levels, count)
        }
        cells = [_cell(mine[rate]) for rate in rates]
        lines.append(f"| {levels} | {count:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(run: Found) -> str:
    return f"{run['achieved']:.0f}/s, {run['latency_ms']['mean'] / 1000:.2f} s"
