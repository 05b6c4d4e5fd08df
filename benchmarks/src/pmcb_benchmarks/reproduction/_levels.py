# SPDX-License-Identifier: Apache-2.0
"""Figs. 5 and 6 of the first publication: levels of receivers, as published and ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pmcb_apps._datasets import data_set, find
from pmcb_benchmarks._intervals import half_width
from pmcb_benchmarks._levels_graphs import Named
from pmcb_benchmarks._levels_quality import LEVELS, silent
from pmcb_benchmarks._machine import machine
from pmcb_clustering import generated_graph, read_graph
from pmcb_clustering._plots import encode_png

from ._levels_claims import class_claims, class_findings, cut_claims
from ._levels_plots import draw_classes, draw_cuts
from ._source import Advance, Document, Made, Places, Wish, digest_of

if TYPE_CHECKING:
    from pmcb_clustering import LevelAssignment

MODES = ("paper", "balanced")
"""As published, and our default."""


@dataclass(frozen=True)
class Social:
    """The social graph of the receivers."""

    named: Named

    @property
    def digest(self) -> str:
        """Over the graph."""
        return digest_of(self.named.graph.graph_hash.encode())

    @property
    def is_stand_in(self) -> bool:
        """Whether ego-Facebook is missing."""
        return self.named.name == "generated"

    @property
    def remarks(self) -> Sequence[str]:
        """Whether the graph is made up."""
        if not self.is_stand_in:
            return ()
        return ("STAND-IN: ego-Facebook is not at hand; a generated graph takes its place.",)

    def steps(self, wish: Wish) -> int:
        """Classifications."""
        return wish.runs * len(MODES) * len(LEVELS)

    def make(self, names: Sequence[str], wish: Wish, advance: Advance) -> list[Made]:
        """Both figures from the same classifications."""
        found = self._classified(wish, advance)
        return [self._cuts(found, wish) if name == "fig5" else self._classes(found, wish)
                for name in names]  # fmt: skip

    def _classified(self, wish: Wish, advance: Advance) -> "list[LevelAssignment]":
        from pmcb_clustering._stability import Trials

        found: list[LevelAssignment] = []
        for seed in range(wish.seed, wish.seed + wish.runs):
            trials = Trials(self.named.graph, {"random_state": seed})
            for mode in MODES:
                for t in LEVELS:
                    found.append(trials.run(silent, n_levels=t, mode=mode).assignment)
                    advance(len(found))
        return found

    def _document(self, name: str, wish: Wish) -> Document:
        return {
            "reproduction": "pmcb",
            "target": name,
            "seed": wish.seed,
            "runs": wish.runs,
            "data": {**self.named.document, "origin": "stand-in" if self.is_stand_in else "file"},
            "machine": machine(["numpy", "pmcb-clustering", "scikit-learn", "scipy"]),
        }

    def _cuts(self, found: "Sequence[LevelAssignment]", wish: Wish) -> Made:
        rows = [_cut_row(mode, t, group) for (mode, t), group in _grouped(found).items()]
        document = self._document("fig5", wish) | {"rows": rows, "findings": []}
        document["claims"] = self._told(cut_claims(rows))
        return Made(document, encode_png(draw_cuts(document)))

    def _classes(self, found: "Sequence[LevelAssignment]", wish: Wish) -> Made:
        first = {key: group[0] for key, group in _grouped(found).items()}
        rows = [row for (mode, _), one in first.items() for row in _class_rows(mode, one)]
        inversions = {
            key: [one.quality["inversion_rate"] for one in group]
            for key, group in _grouped(found).items()
        }
        document = self._document("fig6", wish) | {
            "rows": rows,
            "inversions": [
                {"mode": mode, "levels": t, **_mean("inversion_rate", rates)}
                for (mode, t), rates in inversions.items()
            ],
        }
        document["claims"] = self._told(class_claims(document))
        document["findings"] = class_findings(rows)
        return Made(document, encode_png(draw_classes(self.named.graph, first)))

    def _told(self, claims: Sequence[Document]) -> list[Document]:
        if not self.is_stand_in:
            return list(claims)
        return [each | {"reason": f"STAND-IN DATA: {each['reason']}"} for each in claims]


def open_source(_: str, places: Places) -> Social:
    """ego-Facebook; a generated graph of its size where it is not at hand."""
    file = find(data_set("ego-facebook"), places.home)
    if file is None:
        return Social(Named("generated", generated_graph(random_state=0)))
    return Social(Named("ego-Facebook", read_graph(file)))


def _grouped(
    found: "Sequence[LevelAssignment]",
) -> "Mapping[tuple[str, int], list[LevelAssignment]]":
    groups: dict[tuple[str, int], list[LevelAssignment]] = {}
    for one in found:
        groups.setdefault((one.mode, one.levels), []).append(one)
    return groups


def _cut_row(mode: str, t: int, group: "Sequence[LevelAssignment]") -> Document:
    ratios = [one.quality["ratio_cut_to_kmeans"] for one in group]
    return {
        "mode": mode,
        "levels": t,
        "runs": len(group),
        **_mean("ratio_cut_to_kmeans", [ratio for ratio in ratios if ratio is not None]),
        **_mean("balance", [one.quality["balance"] for one in group]),
        "ratio_cut": group[0].quality["ratio_cut"],
        "sizes": group[0].quality["sizes"],
        "kmeans_balance": _kmeans_balance(group[0]),
    }


def _kmeans_balance(one: "LevelAssignment") -> float | None:
    plain = one.quality["kmeans"]
    return None if plain is None else plain["balance"]


def _mean(name: str, values: Sequence[float]) -> Document:
    """The mean over the seeds with an interval of 95 %, none of a single one; nothing of none."""
    if not values:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    error = float(np.std(values, ddof=1) / len(values) ** 0.5) if len(values) > 1 else None
    half, mean = half_width(error, len(values)), float(np.mean(values))
    low, high = (None, None) if half is None else (mean - half, mean + half)
    return {name: mean, f"{name}_low": low, f"{name}_high": high}


def _class_rows(mode: str, one: "LevelAssignment") -> list[Document]:
    """A row for each level: its users, mean metrics, and influence by both rules."""
    quality = one.quality
    return [
        {
            "mode": mode,
            "levels": one.levels,
            "level": place + 1,
            "users": quality["sizes"][place],
            **dict(zip(METRICS, quality["means"][place], strict=True)),
            "mean_rank": quality["influence"]["mean-rank"][place],
            "eq2": quality["influence"]["paper-raw"][place],
        }
        for place in range(one.levels)
    ]


METRICS = ("degree", "betweenness", "clustering", "entropy")
