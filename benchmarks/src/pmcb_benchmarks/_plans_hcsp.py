# SPDX-License-Identifier: Apache-2.0
"""Makespans of published instances beside the best that was ever published of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pmcb_services.fog import solve
from pmcb_services.fog.sim import Hcsp, read_hcsp_archive
from pmcb_services.fog.solve import minmin

from ._plans_lp import mip_cost
from ._publishing_pool import each, pool

__all__ = ["ARCHIVES", "over_the_best", "published"]

ARCHIVES: Mapping[str, str] = {"braun": "512x16.tar.xz", "large": "1024x32-A.tar.xz"}
Advance = Callable[[int], None]

_NOTHING = 1e-3  # for times that the files round to 0; a plan is judged by the times as they are


def published(name: str) -> dict[str, Hcsp]:
    """The instances of an archive by name; none where PMCB_DATA does not hold it."""
    folder = os.environ.get("PMCB_DATA", "")
    place = Path(folder) / "hcsp" / ARCHIVES[name]
    return dict(read_hcsp_archive(place)) if folder and place.is_file() else {}


def _planned(task: tuple[Hcsp, float, int]) -> np.ndarray:
    hcsp, seconds, seed = task
    above = replace(hcsp, etc=np.maximum(hcsp.etc, _NOTHING))
    return solve(above.instance(), time_limit=seconds, seed=seed).assignment


def _makespan(hcsp: Hcsp, assignment: np.ndarray) -> float:
    n, m = hcsp.etc.shape
    return float(np.bincount(assignment, hcsp.etc[np.arange(n), assignment], minlength=m).max())


def over_the_best(
    instances: Mapping[str, Hcsp],
    seconds: float,
    *,
    seed: int,
    processors: int = 1,
    mip_s: float = 0.0,
    solutions: Path | None = None,
    advance: Advance = lambda _: None,
) -> list[dict[str, Any]]:
    """A row for each instance: makespans in percent over the best published.

    Args:
        instances: by name; their published plans are read here, never by a planner.
        seconds: of each plan.
        seed: of the first process; each further one has the next.
        processors: processes that plan at once, the best counts.
        mip_s: seconds that HiGHS gets for the integer programme; 0 leaves it out.
        solutions: a folder for plans that beat the best published.
        advance: told how many are done.
    """
    rows: list[dict[str, Any]] = []
    with pool() as executor:
        if processors > 1:
            each(executor, _planned, [(next(iter(instances.values())), 1.0, 0)] * processors)
        for name, hcsp in instances.items():
            tasks = [(hcsp, seconds, seed + one) for one in range(processors)]
            plans = each(executor, _planned, tasks) if processors > 1 else [_planned(tasks[0])]
            plan = min(plans, key=lambda plan, of=hcsp: _makespan(of, plan))  # type: ignore[misc]
            best = min(solution.makespan for solution in hcsp.solutions)
            row: dict[str, Any] = {
                "name": name,
                "best": best,
                "makespan": _makespan(hcsp, plan),
                "over": 100 * (_makespan(hcsp, plan) / best - 1),
                "minmin_over": 100 * (_makespan(hcsp, minmin(_positive(hcsp))) / best - 1),
            }
            if mip_s:
                cost = mip_cost(_positive(hcsp), mip_s)
                row["mip_over"] = None if cost is None else 100 * (cost / best - 1)
            rows.append(row)
            if solutions is not None and row["over"] < 0:
                _write(solutions, name, plan, row["makespan"])
            advance(len(rows))
    return rows


def _positive(hcsp: Hcsp) -> Any:
    return replace(hcsp, etc=np.maximum(hcsp.etc, _NOTHING)).instance()


def _write(folder: Path, name: str, plan: np.ndarray, makespan: float) -> None:
    """As published plans are: a server for each task; the name ends in the makespan."""
    for old in folder.glob(f"{name}_*.sol"):
        old.unlink()
    shown = f"{makespan:.2f}".replace(".", ",")
    (folder / f"{name}_{shown}.sol").write_text("\n".join(map(str, plan.tolist())) + "\n")
