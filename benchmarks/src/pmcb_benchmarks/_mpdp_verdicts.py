# SPDX-License-Identifier: Apache-2.0
"""What the numbers say of each claim."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ._mpdp_names import METHODS, OURS, PUBLISHED
from .reproduction import Claim, Verdict

Row = Mapping[str, Any]

_OTHERS = tuple(method for method in METHODS if method not in {PUBLISHED, OURS})


CLEAN = "MPDP's clusters are clean, more so than the others'"
ON_TOP = "MPDP has the highest Calinski-Harabasz index"
RISING = "MPDP's Calinski-Harabasz index rises with epsilon"
ACCURATE = "MPDP's accuracy is high and falls slowly with k"
GROWTH = "MPDP's time follows a formula in n, k and m (Theorem 1)"


def claims(document: Mapping[str, Any]) -> list[Claim]:
    """What becomes of each; reasons begin with STAND-IN where the published rows are missing."""
    told = {"table": _table, "clusters": _clusters, "index": _index, "time": _time}
    found = told[document["kind"]](document)
    if document["data"]["origin"] != "stand-in":
        return found
    return [replace(each, reason=f"STAND-IN DATA: {each.reason}") for each in found]


def select(rows: Sequence[Row], method: str, metric: str) -> list[float | None]:
    """A method's figures in the order of k or epsilon."""
    return [row[metric] for row in rows if row["method"] == method]


def _table(document: Mapping[str, Any]) -> list[Claim]:
    rows = document["rows"]
    first, last = (_by_method(_chosen(rows, "k", place)) for place in (0, -1))
    leads = sum(_leads(group, "f_measure") for group in _groups(rows, "k"))
    groups = len(list(_groups(rows, "k")))
    reason = (
        f"MPDP's F falls from {_f(first, PUBLISHED)} (accuracy "
        f"{_f(first, PUBLISHED, 'accuracy')}) at k = {first[PUBLISHED]['k']} to "
        f"{_f(last, PUBLISHED)} ({_f(last, PUBLISHED, 'accuracy')}) at k = "
        f"{last[PUBLISHED]['k']}, IDP k-means's from {_f(first, 'idp-kmeans')} to "
        f"{_f(last, 'idp-kmeans')}, mpdp-k's from {_f(first, OURS)} to {_f(last, OURS)}; MPDP "
        f"leads the published ones at {leads} of {groups} k."
    )
    return [Claim(ACCURATE, Verdict.of(leads == groups), reason)]


def _clusters(document: Mapping[str, Any]) -> list[Claim]:
    found = _by_method(document["rows"])
    compared = [method for method in (*_OTHERS, OURS) if method in found]
    best = min(found[method]["cost_ratio"] or math.inf for method in compared)
    holds = found[PUBLISHED]["cost_ratio"] <= best
    drawn = dict.fromkeys((document["method"], PUBLISHED, OURS))
    costs = ", ".join(f"{_name(method)} {_times(found[method])}" for method in drawn)
    reason = f"The cost over that of k-means is {costs}{_refusals([found[OURS]])}."
    return [Claim(CLEAN, Verdict.of(holds), reason)]


def _index(document: Mapping[str, Any]) -> list[Claim]:
    rows = document["rows"]
    noisy = [row for row in rows if row["method"] != "k-means"]
    groups = list(_groups(noisy, "epsilon"))
    leads = sum(_leads(group, "ch") for group in groups)
    one = next(group for group in groups if group[0]["epsilon"] == "1")
    at, k_means = _by_method(one), _by_method(rows)["k-means"]
    figures = ", ".join(
        f"{_name(method)} {_ch(at[method])}" for method in (PUBLISHED, "idp-kmeans", OURS)
    )
    reason = (
        f"MPDP leads the published ones at {leads} of {len(groups)} epsilons; at epsilon 1 the "
        f"index is {figures}, k-means {_ch(k_means)}"
        f"{_refusals([row for row in noisy if row['method'] == OURS])}{_forgiven(groups)}."
    )
    mpdp = [row for row in noisy if row["method"] == PUBLISHED]
    return [Claim(ON_TOP, Verdict.of(leads == len(groups)), reason), _rising(mpdp)]


def _rising(mpdp: Sequence[Row]) -> Claim:
    first, last = mpdp[0], mpdp[-1]
    holds = _rises(mpdp)
    reason = (
        f"It is {_ch(first)} at epsilon {first['epsilon']} and {_ch(last)} at {last['epsilon']}, "
        f"{'more' if holds else 'no more'} than two standard errors above."
    )
    return Claim(RISING, Verdict.of(holds), reason)


def _forgiven(groups: Sequence[Sequence[Row]]) -> str:
    """Where MPDP passes IDP by the index though its cost is higher: means forgive centres."""
    passed = []
    for group in groups:
        found = _by_method(group)
        mpdp, idp = found[PUBLISHED], found["idp-kmeans"]
        known = mpdp["ch"] is not None and idp["ch"] is not None
        if known and mpdp["ch"] > idp["ch"] and mpdp["cost_ratio"] > idp["cost_ratio"]:
            passed.append((group[0]["epsilon"], mpdp, idp))
    if not passed:
        return ""
    epsilon, mpdp, idp = passed[0]
    places = ", ".join(place for place, _, _ in passed)
    return (
        f"; the index with true cell means forgives noisy centres: at epsilon {places} MPDP passes "
        f"IDP k-means by it, while its cost (at {epsilon}) is {_times(mpdp)} k-means's against "
        f"{_times(idp)}"
    )


def _time(document: Mapping[str, Any]) -> list[Claim]:
    from ._mpdp_time import growth

    rows = document["rows"]
    grown, counted = (
        ", ".join(f"{axis}^{growth(rows, axis, figure):.2f}" for axis in "nkm")
        for figure in ("cpu_s", "distances")
    )
    reason = (
        "The theorem's own formula is not at hand, so nothing is compared with it; the count of "
        f"MPDP's distances for equal clusters grows as {counted}."
    )
    timing = f"Its CPU time grows as {grown}."
    return [Claim(GROWTH, Verdict.NOT_REPRODUCED, reason, timing=timing)]


def _leads(group: Sequence[Row], metric: str) -> bool:
    found = _by_method(group)
    best = max(found[method][metric] or 0.0 for method in _OTHERS)
    return (found[PUBLISHED][metric] or 0.0) > best


def _rises(mpdp: Sequence[Row]) -> bool:
    """The index at the largest epsilon is above that at the smallest by two standard errors."""
    first, last = mpdp[0], mpdp[-1]
    if first["ch"] is None or last["ch"] is None:
        return False
    noise = ((first["ch_se"] or 0.0) ** 2 + (last["ch_se"] or 0.0) ** 2) ** 0.5
    return bool(last["ch"] - first["ch"] > 2 * noise)


def _refusals(rows: Sequence[Row]) -> str:
    refused = [row for row in rows if row["refused"]]
    if not refused:
        return ""
    places = ", ".join(f"{row['refused']} of {row['runs']} at {row['epsilon']}" for row in refused)
    return f"; mpdp-k refuses where the table is too small ({places})"


def _groups(rows: Sequence[Row], axis: str) -> Iterator[list[Row]]:
    for value in dict.fromkeys(row[axis] for row in rows):
        yield [row for row in rows if row[axis] == value]


def _chosen(rows: Sequence[Row], axis: str, place: int) -> list[Row]:
    return list(_groups(rows, axis))[place]


def _by_method(rows: Sequence[Row]) -> dict[str, Row]:
    return {row["method"]: row for row in rows}


def _name(method: str) -> str:
    names = {PUBLISHED: "MPDP", "dp-kmedoids": "DP k-medoids", "dp-kmeans": "DP k-means"}
    return {**names, "idp-kmeans": "IDP k-means"}.get(method, method)


def _f(found: Mapping[str, Row], method: str, metric: str = "f_measure") -> str:
    value = found[method][metric]
    return "none" if value is None else f"{value:.2f}"


def _ch(row: Row) -> str:
    return "none" if row["ch"] is None else f"{row['ch']:,.0f}"


def _times(row: Row) -> str:
    return "none" if row["cost_ratio"] is None else f"{row['cost_ratio']:.2f} times"
