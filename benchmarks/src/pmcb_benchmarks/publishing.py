# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench publishing``: what releases are worth and cost, beside others in the same run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._output import give, out_option
from ._publishing_cases import DIFFPRIVLIB, FULL, QUICK, Case, bounds, others
from ._publishing_pool import pool

if TYPE_CHECKING:
    from pmcb_client.cli import Settings

Tell = Callable[[str], None]
Progress = Callable[[str, int], Any]

NOT_OURS = "another program, which does not run beside this one"


@dataclass(frozen=True)
class Scope:
    """How much is measured.

    Attributes:
        cases: with targets.
        data: whose releases' products, time and bounds are looked at.
        runs: of each product.
        others: tables that no constant was chosen on; None for all that are at hand.
        other_runs: of each of those.
        primitive, fits: audited runs on each table.
        rows: of the large table.
    """

    cases: tuple[Case, ...] = FULL
    data: str = "adult"
    runs: int = 30
    others: tuple[str, ...] | None = None
    other_runs: int = 10
    primitive: int = 40_000
    fits: int = 4000
    rows: int = 1_000_000


WHOLE = Scope()
SMALL = Scope(QUICK, "adl", 2, ("rings", "wards"), 1, 100, 4, 5_000)


def measure(
    home: Path, *, seed: int, scope: Scope = WHOLE, tell: Tell = lambda _: None
) -> dict[str, object]:
    """Every figure of docs/performance.md on publishing, from one run on one machine.

    Args:
        home: the user's folder, where data sets are looked for after ``PMCB_DATA``.
        seed: of the first run of each; the others follow.
        scope: how much is measured.
        tell: hears which table is made up.
    """
    from pmcb_client.terminal import progress

    from ._machine import machine
    from ._publishing_anchors import installed
    from ._publishing_audit import audited, audits
    from ._publishing_costs import costs, steps
    from ._publishing_products import EPSILONS, products
    from ._publishing_samples import CHANGES, OTHERS, sample
    from ._publishing_scale import TIMES, scale
    from ._publishing_verdicts import verdicts

    versions = ["numpy", "pmcb-services", "scikit-learn", "scipy"]
    optional = [name for name in (DIFFPRIVLIB, "kmedoids") if installed(name)]
    document: dict[str, object] = {
        "benchmark": "publishing",
        "seed": seed,
        "quick": scope is not WHOLE,
        "machine": machine([*versions, *optional]),
    }
    names = OTHERS if scope.others is None else scope.others
    held = {name: found for name in names if (found := sample(name, home))}
    cases = _possible(
        [
            *scope.cases,
            *bounds(scope.data, CHANGES, runs=scope.runs),
            *others(list(held), runs=scope.other_runs, epsilons=("1", "0.1")),
        ],
        {name for name, one in held.items() if one.data.schema.subject},
        with_diffprivlib=bool(installed(DIFFPRIVLIB)),
    )
    document["data"] = _standing_in(cases, home, tell)
    document["samples"] = [one.document for one in held.values()]
    document["left_out"] = _left_out(set(names) - set(held))
    with pool() as executor:
        with progress("costs", steps(cases)) as advance:
            document["costs"] = costs(executor, cases, home, seed, advance)
        with progress("medoids and rows", scope.runs * len(EPSILONS)) as advance:
            document["products"] = products(
                executor, scope.data, home, runs=scope.runs, seed=seed, advance=advance
            )
        pairs = audited(runs=scope.primitive, fits=scope.fits, seed=seed)
        with progress("audit", len(pairs)) as advance:
            document["audit"] = audits(executor, pairs, advance)
    times = TIMES if scope is WHOLE else 1
    document["scale"] = scale(scope.data, home, rows=scope.rows, times=times)
    document["verdicts"] = [each.document for each in verdicts(document)]
    return document


def _possible(cases: list[Case], persons: set[str], *, with_diffprivlib: bool) -> list[Case]:
    """Without diffprivlib where it is not installed, and where persons have several rows."""
    from dataclasses import replace

    def can(case: Case, method: str) -> bool:
        return method != DIFFPRIVLIB or (with_diffprivlib and case.data not in persons)

    return [
        replace(case, methods=tuple(name for name in case.methods if can(case, name)))
        for case in cases
    ]


def _standing_in(cases: list[Case], home: Path, tell: Tell) -> list[Mapping[str, object]]:
    """The published tables; said aloud where made-up rows take their place."""
    from ._publishing_samples import TUNED_ON, sample

    found = []
    for name in dict.fromkeys(case.data for case in cases if case.data in TUNED_ON):
        held = sample(name, home)
        assert held is not None
        found.append(held.document)
        if held.data.is_stand_in:
            tell(f"STAND-IN: {name} is not at hand; `pmcb data fetch {name}` brings it.")
    return found


def _left_out(missing: set[str]) -> dict[str, str]:
    from ._publishing_anchors import installed

    reasons = dict.fromkeys(sorted(missing), "its file is not at hand")
    for name in (DIFFPRIVLIB, "kmedoids"):
        if not installed(name):
            reasons[name] = "not installed; it is of the dependency group bench"
    return reasons | dict.fromkeys(("EUGkM", "Google's LSH clustering"), NOT_OURS)


@click.command()
@click.option("--seed", type=click.IntRange(0, 2**31), default=0, show_default=True)
@click.option(
    "--quick",
    is_flag=True,
    help="Two small tables and a run or two of each: seconds, not ten minutes.",
)
@out_option
@click.pass_obj
def publishing(settings: Settings, seed: int, quick: bool, out: Path | None) -> None:
    """Measure releases: cost over k-means, medoids, rows, time, memory, audit.

    Beside DP k-means, IDP k-means and MPDP as published, and beside diffprivlib and FasterPAM where
    they are installed. The data sets are those of `pmcb data list`; for one that is not at hand
    made-up rows stand in, and the result says so. Noise is seeded, so that figures repeat.
    """
    told = lambda step: click.echo(step, err=True)  # noqa: E731
    scope = SMALL if quick else WHOLE
    give(settings, measure(settings.home, seed=seed, scope=scope, tell=told), out)
