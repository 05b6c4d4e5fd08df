# SPDX-License-Identifier: Apache-2.0
"""What the levels say of Figs. 5 and 6."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from ._claims import Claim, Verdict

Row = Mapping[str, Any]

EQUAL = 1.25
"""Largest level over smallest up to which sizes are taken as about equal: ten per cent each way."""


def cut_claims(rows: Sequence[Row]) -> list[dict[str, str]]:
    """Fig. 5: less RatioCut than k-means, and levels of about equal size."""
    ours, theirs = _of(rows, "balanced"), _of(rows, "paper")
    below = all(
        row["ratio_cut_to_kmeans"] is not None
        and (row["ratio_cut_to_kmeans_high"] or row["ratio_cut_to_kmeans"]) < 1
        for row in theirs
    )
    balance = [row["balance"] for row in theirs]
    found = [
        Claim(
            "spectral clustering separates receivers better than k-means: less RatioCut",
            Verdict.of(below),
            "RatioCut over that of k-means on the same features and similarity graph: as "
            f"published {_ratios(theirs)}; ours {_ratios(ours)}.",
        ),
        Claim(
            "RatioCut keeps the subsets approximately equal",
            Verdict.of(max(balance) <= EQUAL),
            f"Largest level over smallest: as published {_balances(theirs)}; ours, whose sizes "
            f"are bounded, {_balances(ours)}.",
        ),
    ]
    return [each.document for each in found]


def class_claims(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """Fig. 6: classes of graded influence."""
    rows, inversions = document["rows"], document["inversions"]
    graded = all(
        _ascending([row["mean_rank"] for row in rows if (row["mode"], row["levels"]) == key])
        for key in {(row["mode"], row["levels"]) for row in rows}
    )
    told = "; ".join(
        f"{'as published' if mode == 'paper' else 'ours'} "
        + ", ".join(
            f"{100 * row['inversion_rate']:.1f} % at T = {row['levels']}"
            for row in _of(inversions, mode)
        )
        for mode in ("paper", "balanced")
    )
    claim = Claim(
        "receivers fall into 3, 4 and 5 classes of graded influence",
        Verdict.of(graded),
        "By the mean rank of the metrics influence rises from level to level. Pairs of receivers "
        f"of different levels who stand the other way round: {told}.",
    )
    return [claim.document]


def class_findings(rows: Sequence[Row]) -> list[dict[str, str]]:
    """What equation (2) makes of the same classes."""
    theirs = _of(rows, "paper")
    shares = [row["degree"] / row["eq2"] for row in theirs]
    orders = {t: _orders(_levels(theirs, t)) for t in sorted({row["levels"] for row in theirs})}
    told = ", ".join(f"{count} at T = {t}" for t, count in orders.items())
    return [
        {
            "question": "What decides influence by equation (2), the sum of four averages?",
            "answer": f"Degree is {100 * min(shares):.0f} to {100 * max(shares):.0f} % of the sum "
            "(betweenness as a fraction).",
        },
        {
            "question": "Does the order by equation (2) depend on how betweenness is read?",
            "answer": "Different orders of the levels with betweenness as a fraction, as a count "
            f"of pairs, and left out: {told}.",
        },
    ]


def _orders(levels: Sequence[Row]) -> int:
    """How many orders three readings of betweenness give; pairs of users: n (n - 1) / 2."""
    users = sum(row["users"] for row in levels)
    pairs = users * (users - 1) / 2
    found = set()
    for weight in (1.0, pairs, 0.0):
        sums = [
            row["degree"] + row["clustering"] + row["entropy"] + weight * row["betweenness"]
            for row in levels
        ]
        found.add(tuple(sorted(range(len(sums)), key=sums.__getitem__)))
    return len(found)


def _of(rows: Sequence[Row], mode: str) -> list[Row]:
    return [row for row in rows if row["mode"] == mode]


def _levels(rows: Sequence[Row], t: int) -> list[Row]:
    return [row for row in rows if row["levels"] == t]


def _ascending(values: Sequence[float]) -> bool:
    return all(one < other for one, other in pairwise(values))


def _ratios(rows: Sequence[Row]) -> str:
    return ", ".join(
        f"{_within(row, 'ratio_cut_to_kmeans')} at T = {row['levels']}" for row in rows
    )


def _balances(rows: Sequence[Row]) -> str:
    return ", ".join(f"{row['balance']:.2f} at T = {row['levels']}" for row in rows)


def _within(row: Row, name: str) -> str:
    if row[name] is None:
        return "none"
    if row[f"{name}_low"] is None:
        return f"{row[name]:.2f}"
    return f"{row[name]:.2f} ({row[f'{name}_low']:.2f} to {row[f'{name}_high']:.2f})"
