# SPDX-License-Identifier: Apache-2.0
"""Plans of orders beside libraries of metaheuristics, NSGA-II, HiGHS and Min-min."""

from collections.abc import Iterator, Mapping
from statistics import mean
from typing import Any

from ._rivals import Duel, outcome

Found = Mapping[str, Any]


def fog(found: Found) -> Iterator[Duel]:
    """Gaps to a proven bound in the same time, then published instances, then fronts."""
    for batch in found["rivals"]:
        what = f"{batch['orders']:,} orders, {batch['servers']} servers, {batch['seconds']:g} s"
        for rival, theirs in batch["theirs"].items():
            yield _percent(f"{what}: gap to the bound", batch["ours"], rival, theirs)
    for row in found["bounds"]:
        ours, theirs = row["seconds"], row["highs_s"]
        yield Duel(
            "planning", f"a lower bound of {row['orders']:,} orders, {row['servers']} servers, s",
            f"{ours:.3g}", "HiGHS's linear programme", f"{theirs:.3g}", outcome(ours, theirs),
            f"ours is {row['below']:.2g} % below its optimum",
        )  # fmt: skip
    for group in found["braun"]:
        if group["processors"] == 1:
            yield from _published(group)
    front = found["front"]
    if front["nsga2_plans"]:
        ours, theirs = front["hypervolume"], front["nsga2_hypervolume"]
        yield Duel(
            "planning",
            f"{front['orders']:,} orders, {front['servers']} servers: hypervolume of the front",
            f"{ours:.4g}", f"NSGA-II (pymoo), {front['nsga2_s']:g} s", f"{theirs:.4g}",
            outcome(ours, theirs, more=True), f"ours took {front['seconds']:.1f} s",
        )  # fmt: skip


def _published(group: Found) -> Iterator[Duel]:
    rows = group["rows"]
    what = f"makespan over the best published, mean of {{}} instances, {group['seconds']:g} s"
    minmin = mean(row["minmin_over"] for row in rows)
    yield _percent(what.format(len(rows)), mean(row["over"] for row in rows), "Min-min", minmin)
    solved = [row for row in rows if row.get("mip_over") is not None]
    if solved:
        rival = f"HiGHS's integer programme, {group['mip_s']:g} s"
        theirs = mean(row["mip_over"] for row in solved)
        ours = mean(row["over"] for row in solved)
        note = "" if len(solved) == len(rows) else f"it found no plan of {len(rows) - len(solved)}"
        yield _percent(what.format(len(solved)), ours, rival, theirs, note)


def _percent(what: str, ours: float, rival: str, theirs: float, note: str = "") -> Duel:
    return Duel("planning", f"{what}, %", f"{ours:.3g}", rival, f"{theirs:.3g}",
                outcome(ours, theirs), note)  # fmt: skip
