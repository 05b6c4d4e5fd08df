# SPDX-License-Identifier: Apache-2.0
"""From a benchmark's JSON to the tables of docs/performance.md: target beside measured."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

Row = tuple[str, str, str, bool]
"""What, its target, what was measured, whether the target was met."""


def embedded_rows(found: Mapping[str, Any]) -> list[Row]:
    """The rows of ``pmcb bench embedded``."""
    submit, evaluate = found["throughput"]["submit"], found["throughput"]["evaluate"]
    by_blocks = found["throughput"]["submit_by_blocks"]
    alone, size, kills = found["throughput"]["one_at_a_time"], found["size"], found["kills"]
    wide, narrow = found["accepts"]["slots_400"], found["accepts"]["slots_100"]
    expected = {"accepted": 100, "CAPACITY_FULL": 300}
    return [
        (
            "submit: two reads, two writes, 64 in flight, durable, both organisations endorsing",
            "≥ 300/s, p95 ≤ 500 ms",
            f"{submit['per_second']:.0f}/s, p95 {submit['p95_ms']:.0f} ms",
            submit["per_second"] >= 300 and submit["p95_ms"] <= 500,
        ),
        (
            "client CPU a submit, commit by blocks",
            "≤ 1.2 ms",
            f"{by_blocks['client_cpu_ms']:.2f} ms, {by_blocks['per_second']:.0f}/s",
            by_blocks["client_cpu_ms"] <= 1.2,
        ),
        (
            "client CPU a submit, commit by status",
            "≤ 1.2 ms",
            f"{submit['client_cpu_ms']:.2f} ms",
            submit["client_cpu_ms"] <= 1.2,
        ),
        (
            "evaluate: one read, 64 in flight",
            "≥ 1,000/s",
            f"{evaluate['per_second']:,.0f}/s",
            evaluate["per_second"] >= 1000,
        ),
        (
            "submit, one at a time",
            "p50 ≤ 20 ms",
            f"p50 {alone['p50_ms']:.1f} ms",
            alone["p50_ms"] <= 20,
        ),
        (
            "400 receivers ask for 400 slots at once",
            "0 conflicts",
            f"{wide['conflicts']} conflicts, {wide['holders']} holders",
            wide["conflicts"] == 0 and wide["holders"] == 400,
        ),
        (
            "400 receivers ask for 100 slots at once",
            "100 holders, 300 `CAPACITY_FULL`, nobody failed",
            (
                f"{narrow['holders']} holders, {_counted(narrow['outcomes'])}; "
                f"{narrow['conflicts']} conflicts were repeated"
            ),
            narrow["holders"] == 100 and narrow["outcomes"] == expected,
        ),
        *(_matrix_row(matrix) for matrix in found["accepts"]["matrix"]),
        (
            (
                f"{size['receivers']:,} receivers, {size['tasks']:,} tasks: "
                f"a listing's page of {size['page_items']}"
            ),
            "≤ 50 ms",
            f"{size['page_ms']:.1f} ms",
            size["page_ms"] <= 50,
        ),
        (
            "the same: accept, without waiting for its block",
            "≤ 5 ms",
            f"{size['accept_ms']:.1f} ms",
            size["accept_ms"] <= 5,
        ),
        _kills_row(kills),
    ]


def bridge_rows(found: Mapping[str, Any]) -> list[Row]:
    """The rows of ``pmcb bench bridge``; one at a time, no rate is asked for."""
    rows = []
    for run in found["runs"]:
        lost = run["unanswered"] + run["failed"] + run["lost_writes"]
        alone = run["in_flight"] == 1
        rows.append(
            (
                f"{run['in_flight']:,} in flight, {'with' if run['batches'] else 'no'} batches",
                f"0 lost, 0 twice, ≤ 1.5 ms CPU{'' if alone else ', ≥ 1,000/s'}",
                (
                    f"{lost} lost, {run['answered_twice']} twice, "
                    f"{run['cpu_ms']:.2f} ms CPU, {run['per_second']:,}/s"
                ),
                not lost
                and not run["answered_twice"]
                and run["cpu_ms"] <= 1.5
                and (alone or run["per_second"] >= 1000),
            )
        )
    return rows


def _kills_row(kills: Mapping[str, Any]) -> Row:
    wrong = ("missing", "doubled", "halves", "done_though_denied", "failed", "broken_chains")
    return (
        f"kill -9 at random moments under 100/s: {_counted(kills['kills'])}",
        "nothing acknowledged missing, nothing done twice, chain valid",
        (
            f"{kills['missing']} of {kills['acknowledged']:,} missing, {kills['doubled']} twice, "
            f"{kills['given_up']} given up, {kills['doubts']} in doubt, "
            f"{kills['broken_chains']} broken chains, height {kills['height']:,}"
        ),
        not any(kills[name] for name in wrong),
    )


def _matrix_row(matrix: Mapping[str, Any]) -> Row:
    levels, written = matrix["levels"], matrix["blocks_written_off_diagonal"]
    diagonal, others = matrix["diagonal"], matrix["off_diagonal"]
    pairs = levels * (levels - 1)
    return (
        f"level by level, T = {levels}",
        f"{levels} accepted, {pairs} `LEVEL_MISMATCH`, no block",
        f"{_counted(diagonal)}; {_counted(others)}; {written} blocks",
        diagonal == {"accepted": levels} and others == {"LEVEL_MISMATCH": pairs} and not written,
    )


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items())


def table(path: Path, rows_of: Callable[[Mapping[str, Any]], Iterable[Row]]) -> str:
    """The machine in a sentence, then the table, in Markdown."""
    return f"{measured_on(json.loads(path.read_text()))}\n\n{targets_table(path, rows_of)}"


def measured_on(found: Mapping[str, Any]) -> str:
    """The machine, the versions and the seed of a result, in a sentence."""
    machine = found["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    seed = f"; seed {found['seed']}" if "seed" in found else ""
    return (
        f"{machine['processor']}, {machine['cores']} cores, load {machine['load_before']} "
        f"before the run; Python {machine['python']}; {versions}{seed}."
    )


def targets_table(path: Path, rows_of: Callable[[Mapping[str, Any]], Iterable[Row]]) -> str:
    """The table without the machine: for the second and further ones of a result."""
    lines = ["| what | target | measured | met |", "|---|---|---|---|"]
    for what, target, measured, met in rows_of(json.loads(path.read_text())):
        lines.append(f"| {what} | {target} | {measured} | {'yes' if met else '**no**'} |")
    return "\n".join(lines)
