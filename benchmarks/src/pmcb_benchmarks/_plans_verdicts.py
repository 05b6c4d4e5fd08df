# SPDX-License-Identifier: Apache-2.0
"""Each target of planning in the fog, what was measured, and whether it is met."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import mean
from typing import Any

from ._plans_targets import (
    BEATEN,
    BEATEN_STRETCH,
    BELOW,
    BOUNDS,
    BRAUN,
    DECISION_MS,
    FORESEEN,
    FRONT_GAP,
    FRONT_S,
    LARGE_MEAN,
    LARGE_S,
    LARGE_STRETCH,
    SAVED,
    TIMES,
)
from .page import Row

__all__ = ["fog_rows"]

Found = Mapping[str, Any]

MCT, AT_ONCE, ROLLING = "mct", "energy_deadline", "rolling"


def fog_rows(found: Found) -> Iterator[Row]:
    """One row a target; of what was not measured there is none."""
    for row in found["gaps"]:
        yield _gap(row)
    for row in found["bounds"]:
        yield _bound(row)
    for part in found["braun"]:
        yield _braun(part)
    yield from _large(found["large"])
    for row in found["rivals"]:
        yield from _rivals(row)
    yield _front(found["front"])
    yield from _simulated(found["simulated"])
    yield from _foreseen(found["foreseen"])
    yield from _decision(found["decision"])


def _time(seconds: float) -> str:
    return f"{seconds:g} s" if seconds >= 1 else f"{1000 * seconds:g} ms"


def _gap(row: Found) -> Row:
    return (
        (
            f"gap of {row['kind']} {row['orders']:,}x{row['servers']} in {_time(row['seconds'])}, "
            f"worst of {row['batches']} batches"
        ),
        f"≤ {row['most']:g} %",
        (
            f"{row['gap_worst']:.2g} % (mean {row['gap_mean']:.2g}; LPT {row['lpt_mean']:.2g}, "
            f"min-min {row['minmin_mean']:.2g}); in {_time(round(row['took_s'], 4))} with its proof"
        ),
        row["gap_worst"] <= row["most"] and row["took_s"] <= row["seconds"],
    )


def _bound(row: Found) -> Row:
    most = BOUNDS.get((row["orders"], row["servers"]), 1.0)
    return (
        f"the bound below the LP, {row['orders']:,}x{row['servers']}",
        f"≤ {BELOW:g} % in {_time(most)}",
        (
            f"{row['below']:.2g} % in {_time(round(row['seconds'], 5))}; HiGHS "
            f"{_time(round(row['highs_s'], 2))}"
        ),
        row["below"] <= BELOW and row["seconds"] <= most,
    )


def _braun(part: Found) -> Row:
    over = [row["over"] for row in part["rows"]]
    most = BRAUN.get(part["seconds"], BRAUN[30.0])
    beside = f"min-min {mean(row['minmin_over'] for row in part['rows']):.1f}"
    mip = [row["mip_over"] for row in part["rows"] if row.get("mip_over") is not None]
    if mip:
        beside += f"; HiGHS's MIP in {part['mip_s']:g} s {mean(mip):.2f}, {max(mip):.2f}"
    where = "one processor" if part["processors"] == 1 else f"{part['processors']} processors"
    return (
        (
            f"Braun's 512x16 over the best known, {part['seconds']:g} s, {where}: mean, worst of "
            f"{len(over)}"
        ),
        f"≤ {most[0]:g}, ≤ {most[1]:g} %",
        f"{mean(over):.3f}, {max(over):.3f} % ({beside})",
        mean(over) <= most[0] and max(over) <= most[1],
    )


def _large(rows: list[Found]) -> Iterator[Row]:
    if not rows:
        return
    over = [row["over"] for row in rows]
    beaten = [f"{row['name']} by {-row['over']:.3f} %" for row in rows if row["over"] < 0]
    yield (
        f"1024x32-A over the best published, {LARGE_S:g} s: mean of {len(over)}",
        f"≤ {LARGE_MEAN:g} %, stretch {LARGE_STRETCH:g}",
        f"{mean(over):.3f} %, worst {max(over):.3f} %",
        mean(over) <= LARGE_MEAN,
    )
    yield (
        "published best plans beaten",
        f"≥ {BEATEN}, stretch {BEATEN_STRETCH}",
        f"{len(beaten)}: {', '.join(beaten)}" if beaten else "0",
        len(beaten) >= BEATEN,
    )


def _rivals(row: Found) -> Iterator[Row]:
    if not row["theirs"]:
        return
    theirs = ", ".join(f"{name} {gap:.0f}" for name, gap in row["theirs"].items())
    times = min(row["theirs"].values()) / row["ours"]
    yield (
        (
            f"gap of unrelated {row['orders']:,}x{row['servers']} in {row['seconds']:g} s beside "
            "libraries"
        ),
        f"≥ {TIMES:g} times smaller",
        f"{row['ours']:.2f} %, {times:,.0f} times; {theirs} %",
        times >= TIMES,
    )


def _front(row: Found) -> Row:
    theirs = ""
    if row["nsga2_plans"]:
        share = row["nsga2_hypervolume"] / row["hypervolume_bound"]
        theirs = f"; NSGA-II in {row['nsga2_s']:g} s {share:.4f}"
    share = row["hypervolume"] / row["hypervolume_bound"]
    return (
        (
            f"a front of unrelated {row['orders']:,}x{row['servers']} above its LP envelope, and "
            "its hypervolume"
        ),
        f"≤ {FRONT_GAP:g} % in {_time(FRONT_S)}; no less than NSGA-II's",
        (
            f"{row['worst']:.2g} % in {row['seconds']:.2f} s, {row['plans']} plans; of the most "
            f"that could be {share:.4f}{theirs}"
        ),
        row["worst"] <= FRONT_GAP
        and row["seconds"] <= FRONT_S
        and row["hypervolume"] >= row["nsga2_hypervolume"],
    )


def _simulated(rows: list[Found]) -> Iterator[Row]:
    if not rows:
        return
    saved = {policy: mean(1 - row[policy]["energy"] / row[MCT]["energy"] for row in rows)
             for policy in (ROLLING, AT_ONCE)}  # fmt: skip
    late = {
        policy: {kind: mean(row[policy]["late"][kind] for row in rows) for kind in _kinds(rows)}
        for policy in (ROLLING, AT_ONCE, MCT)
    }
    told = ", ".join(
        f"{kind} {' / '.join(f'{100 * late[policy][kind]:.1f}' for policy in late)}"
        for kind in late[MCT]
    )
    no_later = all(late[ROLLING][kind] <= late[MCT][kind] for kind in late[MCT])
    yield (
        f"simulated at 60 % load: energy below mct's, mean of {len(rows)} fleets",
        f"≥ {100 * SAVED:g} %, no class later",
        (
            f"{100 * saved[ROLLING]:.1f} % re-planning as the gateway does "
            f"({100 * saved[AT_ONCE]:.1f} % without); late in %, with / without / mct: {told}"
        ),
        saved[ROLLING] >= SAVED and no_later,
    )


def _kinds(rows: list[Found]) -> list[str]:
    return list(rows[0][MCT]["late"])


def _foreseen(rows: list[Found]) -> Iterator[Row]:
    if not rows:
        return
    worst = {name: mean(row[name] for row in rows) for name in ("rolling", "planned")}
    yield (
        f"times off by ±20 % (log-normal): cost above a plan that knew them, mean of {len(rows)}",
        f"≤ {100 * FORESEEN:g} %",
        f"{100 * worst['rolling']:.2f} % re-planning, {100 * worst['planned']:.2f} % not",
        worst["rolling"] <= FORESEEN,
    )


def _decision(found: Found | None) -> Iterator[Row]:
    if found is None:
        return
    yield (
        f"from admitted to assigned, {found['rate']:g} orders/s, {found['servers']} servers: p99",
        f"≤ {DECISION_MS:g} ms",
        (
            f"≤ {found['p99_ms']:g} ms (half within {found['p50_ms']:g}; an answer to a batch of "
            f"{found['batch']} from outside {found['answer_p99_ms']:.0f})"
        ),
        found["p99_ms"] <= DECISION_MS and not found["refused"],
    )
