# SPDX-License-Identifier: Apache-2.0
"""Which tables show an item's rows beside its picture."""

from collections.abc import Mapping, Sequence
from typing import Any

from ._tables import Flat, Pivot, Table

_METHOD = ("method",)
_INDEX = (
    Pivot("Calinski-Harabasz index, mean and 95 % interval", _METHOD, "epsilon", "ch"),
    Pivot("Cost over that of k-means, mean and 95 % interval", _METHOD, "epsilon", "cost_ratio"),
)
_CLUSTERS = (Flat("Mean and 95 % interval", ("method", "runs", "cost_ratio", "ch", "f_measure")),)
_TESTS = "Sign tests, median and 95 % interval (milliseconds)"
_STRUCTURE = ("structure",)
_LOWER = "Who is lower over paired seeds: Wilcoxon's signed ranks, Holm's correction, 5 %"

SHOWN: Mapping[tuple[str, str], Sequence[Pivot | Flat]] = {
    ("pmcb", "fig5"): (
        Pivot("RatioCut over that of k-means, mean and 95 % interval over seeds", ("mode",),
              "levels", "ratio_cut_to_kmeans"),
        Pivot("Largest level over smallest (k-means)", ("mode",), "levels", "balance",
              "kmeans_balance"),
    ),
    ("pmcb", "fig6"): (
        Flat("Each class: users, mean metrics, influence by mean rank and by equation (2)",
             ("mode", "levels", "level", "users", "degree", "betweenness", "clustering",
              "entropy", "mean_rank", "eq2")),
        Pivot("Pairs the wrong way round, mean and 95 % interval over seeds", ("mode",), "levels",
              "inversion_rate", part="inversions"),
    ),
    ("pmcb", "fig7"): (
        Pivot("Committed transactions a second", ("levels", "count"), "asked", "achieved"),
    ),
    ("pmcb", "fig8"): (
        Pivot("The publication's own sharing: the task leaks", ("levels",), "per_level", "sharing"),
        Pivot("A reconstruction without a parameter to fit", ("levels",), "per_level",
              "reconstruction"),
    ),
    ("pmcb", "fig9"): (
        Pivot("Mean wait, milliseconds", ("levels", "count"), "asked", "mean_ms"),
    ),
    ("mpdp", "table3"): (
        Pivot("F-measure, mean and 95 % interval", _METHOD, "k", "f_measure"),
        Pivot("Accuracy, mean and 95 % interval", _METHOD, "k", "accuracy"),
    ),
    **{("mpdp", f"fig{number}"): _CLUSTERS for number in (2, 3, 4, 5)},
    **{("mpdp", f"fig{number}"): _INDEX for number in (6, 7, 8, 9)},
    ("mpdp", "theorem1"): (
        Flat("Median CPU seconds beside our count of distances",
             ("n", "k", "m", "runs", "cpu_s", "distances"), words=0),
    ),
    ("fog", "fig7"): (
        Flat(f"{_TESTS}, at least 10 returned",
             ("records", "width", "hits", "fillers", "tests", "ms"), {"minimum": 10}, words=0),
        Pivot("Readings of the formula: recall", ("reading",), "records", "recall",
              part="readings"),
        Flat("Dummies", ("dummies", "precision", "recall"), part="noise"),
    ),
    ("fog", "fig8"): (
        *(
            Pivot(f"{_TESTS}, ranged: {name}", _STRUCTURE, "records", "tests", "ms",
                  {"ranged": name})
            for name in ("all five", "HR", "Glucose")
        ),
        Pivot("Bytes of record numbers and nodes a record, beside its vectors", _STRUCTURE,
              "records", "bytes_per_record", where={"ranged": "HR"}),
    ),
    ("fog", "fig9"): (
        Pivot(_TESTS, ("records", "structure"), "returned", "tests", "ms"),
    ),
    ("fog", "fig10"): (
        Pivot("Gap to the bound in %, mean and 95 % interval over seeds", ("orders", "method"),
              "iteration", "gap"),
        Pivot(_LOWER, ("orders", "first", "second"), "iteration", "lower", part="tests"),
    ),
    ("fog", "fig11"): (
        Pivot("Joules, mean and 95 % interval over seeds", _METHOD, "orders", "energy"),
        Pivot("Gap to the bound in %", _METHOD, "orders", "gap"),
        Pivot(_LOWER, ("first", "second"), "orders", "lower", part="tests"),
    ),
}  # fmt: skip


def tables_of(document: Mapping[str, Any]) -> list[Table]:
    """The tables of a document."""
    shown = SHOWN[document["reproduction"], document["target"]]
    return [each.of(document) for each in shown]
