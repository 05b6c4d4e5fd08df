# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench fog``: plans of orders, beside other planners on the very same batches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._output import give, out_option
from ._plans_targets import BOUNDS, BRAUN, CASES, LARGE_S, RIVAL_S, RIVALS, UNIFORM, Case
from ._publishing_pool import one_thread

if TYPE_CHECKING:
    from pmcb_client.cli import Settings


@dataclass(frozen=True)
class Scope:
    """How much is measured.

    Attributes:
        cases: batches with their times and targets.
        batches: of each case.
        bounds: orders and servers of bounds beside HiGHS.
        braun: seconds of a plan, with the processors that plan at once.
        mip_s: seconds of HiGHS's integer programme on each of Braun's instances.
        large_s: seconds of a plan of the large published instances.
        rivals, rival_s: orders and servers of batches for all libraries, and their seconds.
        front, nsga2_s: orders and servers of a front, and NSGA-II's seconds.
        fleets, servers, horizon_s: of the simulation.
        misled: batches whose times are off, and how many orders they have.
        decision_s: seconds of orders at the gateway; 0 leaves it out.
    """

    cases: tuple[Case, ...] = CASES
    batches: int = 10
    bounds: tuple[tuple[int, int], ...] = tuple(BOUNDS)
    braun: tuple[tuple[float, int], ...] = tuple(zip(BRAUN, (1, 2), strict=True))
    mip_s: float = 10.0
    large_s: float = LARGE_S
    rivals: tuple[tuple[int, int], ...] = RIVALS
    rival_s: float = RIVAL_S
    front: tuple[int, int] = (1000, 10)
    nsga2_s: float = 60.0
    fleets: int = 3
    servers: int = 10
    horizon_s: float = 600.0
    misled: tuple[int, int] = (6, 100)
    decision_s: float = 10.0


WHOLE = Scope()
SMALL = Scope(
    cases=(Case(UNIFORM, 50, 5, ((0.01, 1.0),)), Case("unrelated", 50, 5, ((0.01, 10.0),))),
    batches=2,
    bounds=((60, 6),),
    braun=(),
    mip_s=0.0,
    large_s=0.0,
    rivals=((40, 5),),
    rival_s=0.1,
    front=(60, 4),
    nsga2_s=0.1,
    fleets=1,
    servers=4,
    horizon_s=20.0,
    misled=(1, 20),
    decision_s=0.0,
)


def measure(*, seed: int, scope: Scope = WHOLE, solutions: Path | None = None) -> dict[str, Any]:
    """Every figure on planning in docs/performance.md, from one run on one machine.

    Args:
        seed: of batches and plans.
        scope: how much is measured.
        solutions: a folder for plans that beat the best published.
    """
    from pmcb_client.terminal import progress

    from ._machine import machine
    from ._plans_cases import below_the_lp, gaps, warm_up
    from ._plans_front import fronts
    from ._plans_rivals import LIBRARIES, rivals, rivals_reasons
    from ._publishing_anchors import installed

    optional = [name for name in LIBRARIES if installed(name)]
    document: dict[str, Any] = {
        "benchmark": "fog",
        "seed": seed,
        "machine": machine(["numba", "numpy", "pmcb-services", "scipy", *optional]),
        "left_out": rivals_reasons(),
        "gaps": [],
    }
    warm_up()
    with progress("gaps", len(scope.cases)) as advance:
        for at, case in enumerate(scope.cases):
            document["gaps"] += gaps(case, batches=scope.batches, seed=seed)
            advance(at + 1)
    document["bounds"] = [below_the_lp(n, m, seed) for n, m in scope.bounds]
    document |= _published(seed, scope, solutions, document["left_out"])
    document["rivals"] = [rivals(n, m, scope.rival_s, seed) for n, m in scope.rivals]
    document["front"] = fronts(*scope.front, seconds=scope.nsga2_s, seed=seed)
    return document | _online(seed, scope)


def _published(
    seed: int, scope: Scope, solutions: Path | None, left_out: dict[str, str]
) -> dict[str, Any]:
    from pmcb_client.terminal import progress

    from ._plans_hcsp import ARCHIVES, over_the_best, published

    found: dict[str, Any] = {"braun": [], "large": []}
    known = {name: published(name) for name in ARCHIVES}
    left_out |= {
        f"hcsp/{ARCHIVES[name]}": "not in PMCB_DATA" for name, held in known.items() if not held
    }
    for seconds, processors in scope.braun if known["braun"] else ():
        with progress(f"Braun, {seconds:g} s", len(known["braun"])) as advance:
            mip_s = scope.mip_s if processors == 1 else 0.0
            rows = over_the_best(
                known["braun"], seconds, seed=seed, processors=processors, mip_s=mip_s,
                advance=advance,
            )  # fmt: skip
        found["braun"].append(
            {"seconds": seconds, "processors": processors, "mip_s": mip_s, "rows": rows}
        )
    if known["large"] and scope.large_s:
        with progress(f"1024x32, {scope.large_s:g} s", len(known["large"])) as advance:
            found["large"] = over_the_best(
                known["large"], scope.large_s, seed=seed, solutions=solutions, advance=advance
            )
    return found


def _online(seed: int, scope: Scope) -> dict[str, Any]:
    from dataclasses import asdict
    from functools import partial

    from pmcb_client.terminal import progress

    from ._fog_simulated import SIGMA, foreseen, loaded

    batches, orders = scope.misled
    simulated, misjudged = [], []
    with progress("simulated", scope.fleets) as advance:
        for each in range(scope.fleets):
            fleet = partial(loaded, seed + each, servers=scope.servers, horizon_s=scope.horizon_s)
            simulated.append(fleet())
            misjudged.append(fleet(etc_error=SIGMA))
            advance(each + 1)
    misled = [
        foreseen(seed + each, orders, scope.servers, unrelated=each % 2 == 1)
        for each in range(batches)
    ]
    decided = None
    if scope.decision_s:
        from ._fog_decision import decision

        found = asdict(decision(seconds=scope.decision_s))
        found["within"] = {f"{seconds:g}": share for seconds, share in found["within"].items()}
        decided = found
    return {
        "simulated": simulated,
        "misjudged": misjudged,
        "foreseen": misled,
        "decision": decided,
    }


@click.command()
@click.option("--seed", type=click.IntRange(0, 2**31), default=1, show_default=True)
@click.option("--smoke", is_flag=True, help="Small batches: seconds, not minutes.")
@out_option
@click.pass_obj
def fog(settings: Settings, seed: int, smoke: bool, out: Path | None) -> None:
    """Measure plans of orders: gaps in a time, bounds, published instances, a fog at work.

    Beside scipy's HiGHS, and mealpy, NiaPy and pymoo where they are installed, on the same batches.
    The published instances and their best known plans are those of `PMCB_DATA`; plans that beat one
    are written beside --out, to the folder of its name. About twenty minutes.
    """
    from pmcb_services.common import log_to_stderr

    one_thread()
    log_to_stderr()
    solutions = None if out is None else out.with_suffix("")
    if solutions is not None:
        solutions.mkdir(exist_ok=True)
    give(settings, measure(seed=seed, scope=SMALL if smoke else WHOLE, solutions=solutions), out)
