# SPDX-License-Identifier: Apache-2.0
"""From a benchmark's JSON to the tables of docs/performance.md: target beside measured."""

import json
import textwrap
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


def levels_rows(found: Mapping[str, Any]) -> list[Row]:
    """The rows of ``pmcb bench levels``."""
    local, between = found["local_metrics"], found["betweenness"]
    rows = [
        (
            f"local metrics of {found['graph']['name']} against NetworkX, same run",
            "≥ 300 times faster, equal to 1e-12",
            (
                f"{local['ratio']:.0f} times ({local['cpu_s']:.3f} against "
                f"{local['networkx_cpu_s']:.1f} CPU s), off by {local['max_difference']:.0e}"
            ),
            local["ratio"] >= 300 and local["max_difference"] <= 1e-12,
        ),
        (
            "exact betweenness against igraph, same run",
            "≤ 2 times its time",
            (
                f"{between['ratio']:.2f} times ({between['cpu_s']:.2f} against "
                f"{between['igraph_cpu_s']:.2f} CPU s)"
            ),
            between["ratio"] <= 2,
        ),
    ]
    for each in found["levels"]:
        name = f"T = {each['levels']}, from the file to the levels, after warm-up"
        against = each["ratio_cut_to_kmeans"]
        measured = (
            f"{each['wall_s']:.1f} s, balance {each['balance']:.2f}, "
            f"RatioCut {against:.3f} times k-means"
        )
        met = each["wall_s"] <= 6 and each["balance"] <= 1.25 and against <= 0.80
        rows.append((name, "≤ 6 s, balance ≤ 1.25, RatioCut ≤ 0.80 times k-means", measured, met))
    return rows


def modes_table(path: Path) -> str:
    """Every mode beside k-means, in Markdown."""
    head = [
        "| mode | T | balance | RatioCut / k-means | inversions | same level with 256 pivots |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join(head + [_mode_line(each) for each in json.loads(path.read_text())["modes"]])


def _mode_line(each: Mapping[str, Any]) -> str:
    cells = (
        f"`{each['mode']}`",
        each["levels"],
        f"{each['balance']:.2f}",
        f"{each['ratio_cut_to_kmeans']:.3f}",
        f"{each['inversion_rate']:.1%}",
        f"{each['keep_level_with_pivots']:.1%}",
    )
    return f"| {' | '.join(map(str, cells))} |"


def caveats(path: Path) -> str:
    """What the tables do not show: other seeds, pivots, and a lopsided graph."""
    found = json.loads(path.read_text())
    cuts = [each["ratio_cut_to_kmeans"] for each in found["seeds"]]
    hardest = found["seeds"][0]["levels"]
    kept = {(each["mode"], each["levels"]): each["keep_level_with_pivots"]
            for each in found["modes"]}  # fmt: skip
    text = (
        f"At T = {hardest} the RatioCut is {min(cuts):.3f} to {max(cuts):.3f} times that of "
        f"k-means over {len(cuts)} seeds; the target is 0.80. With 256 pivots `spectral` keeps "
        f"the level of only {kept['spectral', hardest]:.1%} of the users there."
    )
    return textwrap.fill(f"{text} {_lopsided(found['lopsided'])}".strip(), 110)


def _lopsided(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    graph = found["graph"]
    rows = [
        f"at T = {each['levels']} the RatioCut is {each['ratio_cut_to_kmeans']:.2g} times that of "
        f"k-means, with balance {each['balance']:.2f} against {each['kmeans']['balance']:.2f}"
        for each in found["levels"]
    ]
    return (
        f"Bounded levels can cost RatioCut where a graph is lopsided: in {graph['name']}, "
        f"{found['most_alike']:,} of {graph['users']:,} users have the same metrics; "
        f"{', '.join(rows)}."
    )


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
    found = json.loads(path.read_text())
    machine = found["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    seed = f"; seed {found['seed']}" if "seed" in found else ""
    lines = [
        (
            f"{machine['processor']}, {machine['cores']} cores, load {machine['load_before']} "
            f"before the run; Python {machine['python']}; {versions}{seed}."
        ),
        "",
        "| what | target | measured | met |",
        "|---|---|---|---|",
    ]
    for what, target, measured, met in rows_of(found):
        lines.append(f"| {what} | {target} | {measured} | {'yes' if met else '**no**'} |")
    return "\n".join(lines)
