# SPDX-License-Identifier: Apache-2.0
"""The table and figures of the MPDP publication, and what each needs measured."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pmcb_services.publishing.datasets import DataSet

EPSILONS = ("0.1", "0.2", "0.5", "1", "2", "5")
KS = tuple(range(2, 11))
K, EPSILON = 5, "1"
RUNS = 30

Advance = Callable[[int], None]
Document = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """One table or figure.

    Attributes:
        kind: ``table``, ``clusters``, ``index`` or ``time``.
        data: the set it is measured on.
        method: which algorithm's clusters are drawn.
    """

    kind: str
    data: str
    method: str = "mpdp"


TARGETS: Mapping[str, Target] = {
    "table3": Target("table", "adult"),
    "fig2": Target("clusters", "adl", "dp-kmeans"),
    "fig3": Target("clusters", "adl", "idp-kmeans"),
    "fig4": Target("clusters", "adl", "dp-kmedoids"),
    "fig5": Target("clusters", "adl", "mpdp"),
    "fig6": Target("index", "csm"),
    "fig7": Target("index", "adl"),
    "fig8": Target("index", "news"),
    "fig9": Target("index", "adult"),
    "theorem1": Target("time", "adult"),
}
LETTERS = {"csm": "D1 CSM", "adl": "D2 ADL", "news": "D3 News", "adult": "D4 Adult"}


def reproduce(
    name: str, data: "DataSet", *, runs: int, seed: int, advance: Advance = lambda _: None
) -> Document:
    """Measure what a table or figure shows.

    Args:
        name: one of ``TARGETS``.
        data: the target's data set.
        runs: of each method, epsilon and k.
        seed: of the first run; the others follow.
        advance: told how many runs are done.
    """
    from ._machine import machine
    from ._mpdp_scores import Grid, measure
    from ._mpdp_time import measure_time
    from ._mpdp_verdicts import claims

    target = TARGETS[name]
    document: Document = {
        "reproduction": "mpdp",
        "target": name,
        "kind": target.kind,
        "method": target.method,
        "seed": seed,
        "runs": runs,
        "data": data.document,
        "machine": machine(["numpy", "pmcb-services", "scikit-learn"]),
    }
    if target.kind == "time":
        document["rows"] = measure_time(data, runs=runs, seed=seed, advance=advance)
    else:
        epsilons = EPSILONS if target.kind == "index" else (EPSILON,)
        ks = KS if target.kind == "table" else (K,)
        methods = ("mpdp", target.method, "mpdp-k") if target.kind == "clusters" else None
        grid = Grid(data, epsilons, ks, runs, seed, *_distinct(methods))
        document["rows"] = measure(grid, advance)
    document["claims"] = [each.document for each in claims(document)]
    document["findings"] = []
    return document


def steps(name: str, runs: int) -> int:
    """How often ``advance`` will be told of something new."""
    kind = TARGETS[name].kind
    if kind == "time":
        from ._mpdp_time import SHAPES

        return runs * len(SHAPES)
    if kind == "clusters":
        return runs * len({"mpdp", TARGETS[name].method, "mpdp-k"})
    return runs * 5 * (len(EPSILONS) if kind == "index" else 1)


def _distinct(methods: tuple[str, ...] | None) -> tuple[tuple[str, ...], ...]:
    return () if methods is None else (tuple(dict.fromkeys(methods)),)
