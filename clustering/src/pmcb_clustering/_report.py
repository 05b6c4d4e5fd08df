# SPDX-License-Identifier: Apache-2.0
"""What a report on levels says: its tables and sentences, as text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pmcb_clustering._features import mid_ranks, rank_correlation
from pmcb_clustering._influence import inversion_rate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pmcb_clustering._layout import Layout
    from pmcb_clustering._quality import PartitionQuality
    from pmcb_clustering._result import LevelAssignment
    from pmcb_clustering._stability import Trial

__all__ = [
    "LEVEL_COLUMNS", "MODE_COLUMNS", "PARTITION_COLUMNS", "Findings",
    "level_rows", "mode_rows", "partition_rows", "summary", "tables", "top_users",
    "ways_of_influence",
]  # fmt: skip

LEVEL_COLUMNS = (
    "level", "users", "influence (mean rank)", "influence (eq. 2)",
    "degree", "betweenness", "clustering", "entropy",
)  # fmt: skip
PARTITION_COLUMNS = ("T", "method", "sizes", "balance", "RatioCut", "silhouette", "inversions")
MODE_COLUMNS = (
    "T", "mode", "largest / smallest", "RatioCut / k-means", "silhouette", "inversions",
    "keep level: 256 pivots", "keep level: 1 % fewer ties, afresh",
    "keep level: 1 % fewer ties, warm", "seconds",
)  # fmt: skip
TOP = 10
PERCENT = "\u00a0%"  # never at the start of a line


@dataclass(frozen=True, eq=False)
class Findings:
    """What a report is made of.

    Attributes:
        source: name of the file that was read.
        trials: the classifications reported, one per T.
        modes: all modes side by side, for every T; empty where they were not compared.
        layout: where the users are drawn; None without the social graph.
        metrics_seconds: what the metrics took, once for all; None where none were computed.
        left_out: one sentence for each thing the page does without, and why.
    """

    source: str
    trials: tuple[Trial, ...]
    modes: tuple[Trial, ...] = ()
    layout: Layout | None = field(default=None, repr=False)
    metrics_seconds: float | None = None
    left_out: tuple[str, ...] = ()

    @property
    def assignments(self) -> list[LevelAssignment]:
        """The results reported, one per T."""
        return [trial.assignment for trial in self.trials]


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100.0 * value:.1f}{PERCENT}"


def _listed(texts: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last


def level_rows(assignment: LevelAssignment) -> list[tuple[str, ...]]:
    """One row per level, as text, under `LEVEL_COLUMNS`."""
    quality = assignment.quality
    columns = (
        quality["sizes"],
        quality["influence"]["mean-rank"],
        quality["influence"]["paper-raw"],
        quality["means"],
    )
    return [
        (str(level), f"{size:,}", *map(_short, (rank, raw, *means)))
        for level, (size, rank, raw, means) in enumerate(zip(*columns, strict=True), start=1)
    ]


def partition_rows(assignments: Sequence[LevelAssignment]) -> list[tuple[str, ...]]:
    """The levels and k-means, one row each, as text, under `PARTITION_COLUMNS`."""
    rows = []
    for one in assignments:
        for method, quality in ((one.mode, one.quality), ("k-means", one.quality["kmeans"])):
            if quality is None:
                continue
            sizes = " / ".join(f"{size:,}" for size in quality["sizes"])
            figures = (quality["balance"], quality["ratio_cut"], quality["silhouette"])
            last = _percent(quality["inversion_rate"])
            rows.append((str(one.levels), method, sizes, *map(_short, figures), last))
    return rows


def mode_rows(trials: Sequence[Trial]) -> list[tuple[str, ...]]:
    """What each mode gives and costs, one row each, as text, under `MODE_COLUMNS`."""
    rows = []
    for trial in trials:
        one, steady = trial.assignment, trial.stability
        quality: PartitionQuality = one.quality
        kept = (steady.sampled, steady.cold, steady.warm) if steady else (None, None, None)
        rows.append((
            str(one.levels), one.mode, f"{quality['balance']:.2f}",
            _short(one.quality["ratio_cut_to_kmeans"]), _short(quality["silhouette"]),
            _percent(quality["inversion_rate"]), *map(_percent, kept),
            "-" if trial.seconds is None else f"{trial.seconds:.1f}",
        ))  # fmt: skip
    return rows


def tables(findings: Findings) -> list[tuple[Sequence[str], Sequence[Sequence[str]]]]:
    """All of them for a terminal: column names, and rows of as many cells."""
    found: list[tuple[Sequence[str], Sequence[Sequence[str]]]] = [
        (LEVEL_COLUMNS, level_rows(one)) for one in findings.assignments
    ]
    found.append((PARTITION_COLUMNS, partition_rows(findings.assignments)))
    measured = [*(findings.modes or findings.trials)]
    if findings.modes or any(trial.stability for trial in measured):
        found.append((MODE_COLUMNS, mode_rows(measured)))
    return found


def top_users(assignments: Sequence[LevelAssignment]) -> list[tuple[str, ...]]:
    """The most influential users by mean mid-rank: name, level for every T, degree, betweenness.

    Empty where a result carries no metrics.
    """
    metrics = assignments[0].metrics
    if metrics is None:
        return []
    scores = mid_ranks(metrics).mean(axis=1)
    return [
        (
            assignments[0].users[user],
            *(str(one.level[user]) for one in assignments),
            f"{metrics[user, 0]:,.0f}",
            _short(metrics[user, 1]),
            _short(scores[user]),
        )
        for user in np.argsort(-scores, kind="stable")[:TOP].tolist()
    ]


def ways_of_influence(assignment: LevelAssignment) -> str:
    """What the two rules of influence say of the same levels."""
    quality = assignment.quality
    raw = quality["influence"]["paper-raw"]
    order = _listed(str(level) for level in (np.argsort(raw, kind="stable") + 1).tolist())
    agree = raw == sorted(raw)
    text = (
        "Equation (2) puts the levels in the same order."
        if agree
        else f"Equation (2) would order the levels {order}, the least influential first."
    )
    by_rank = _percent(quality["inversion_rate"])
    if assignment.metrics is None:
        return f"{text} Inversions by mean rank: {by_rank}."
    by_sum = _percent(inversion_rate(assignment.metrics.sum(axis=1), assignment.level))
    return f"{text} Inversions: {by_rank} by mean rank, {by_sum} by the sum of equation (2)."


def summary(findings: Findings) -> list[str]:
    """The findings in plain words, the most important first."""
    return [
        text
        for say in (_say_what, _say_sizes, _say_order, _say_cut, _say_stable, _say_measured)
        if (text := say(findings))
    ]


def _say_what(findings: Findings) -> str:
    first = findings.assignments[0]
    quality = first.quality
    counts = _listed(str(one.levels) for one in findings.assignments)
    text = (
        f"{quality['users']:,} users with {quality['ties']:,} ties between them were put into "
        f"{counts} security levels. Level 1 is the least influential; subtasks of the "
        "highest sensitivity are open to the highest level only."
    )
    if quality["isolated"]:
        text += f" {quality['isolated']:,} users have no tie."
    if quality["self_loops"] or quality["repeats"]:
        text += (
            f" Dropped: {quality['self_loops']:,} self-loops, {quality['repeats']:,} repeated ties."
        )
    return text


def _by_count(findings: Findings, figure: Callable[[Trial], str]) -> str:
    """The figure for every T: ``0.65 for T = 3 and 0.80 for T = 4``."""
    return _listed(f"{figure(one)} for T = {one.assignment.levels}" for one in findings.trials)


def _say_sizes(findings: Findings) -> str:
    worst = max(one.quality["balance"] for one in findings.assignments)
    how = "not bounded in mode paper" if findings.assignments[0].mode == "paper" else "bounded"
    return (
        f"Sizes are {how}: the largest level has at most {worst:.2f} times the users of the "
        "smallest."
    )


def _say_order(findings: Findings) -> str:
    rates = _by_count(findings, lambda one: _percent(one.assignment.quality["inversion_rate"]))
    return (
        f"Of all pairs of users in different levels, these stand the wrong way round, the more "
        f"influential of the two in the lower level: {rates}."
    )


def _say_cut(findings: Findings) -> str:
    if any(one.quality["ratio_cut_to_kmeans"] is None for one in findings.assignments):
        return "There is no k-means to compare with: too few users differ."
    quotients = _by_count(
        findings, lambda one: f"{one.assignment.quality['ratio_cut_to_kmeans'] or 0.0:.2f}"
    )
    return (
        "RatioCut, the resemblance that is cut through between levels (less is better), is this "
        f"many times that of k-means on the same features: {quotients}."
    )


def _say_stable(findings: Findings) -> str:
    found = [trial.stability for trial in findings.trials if trial.stability is not None]
    cold = [one.cold for one in found if one.cold is not None]
    if not cold:
        return ""
    warm = [one.warm for one in found if one.warm is not None]
    text = (
        "When 1 % of the ties are gone, this many users keep their level if everything is "
        f"classified afresh: {_listed(map(_percent, cold))}"
    )
    if warm:
        steady = _listed(map(_percent, warm))
        text += f"; and this many if the levels as they were are the start: {steady}"
    return text + "."


def _say_measured(findings: Findings) -> str:
    first = findings.assignments[0]
    between = first.quality["betweenness"]
    if between["method"] == "exact":
        text = "Betweenness is exact."
    else:
        text = f"Betweenness comes from {between['sources']:,} sources"
        if between["split_half"] is not None:
            text += f"; two halves of them agree with Spearman {between['split_half']:.3f}"
        text += "."
    if first.quality["components"] > 1:
        text += (
            f" The similarity graph came in {first.quality['components']:,} pieces; each was "
            "linked."
        )
    if first.metrics is not None:
        degree, _, _, entropy = first.metrics.T
        agreement = rank_correlation(degree, entropy)
        if agreement is not None:
            text += (
                f" Degree and entropy have Spearman {agreement:.3f} here; the nearer to 1, the "
                "more degree counts twice, unless weights say otherwise."
            )
    return text
