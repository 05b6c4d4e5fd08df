# SPDX-License-Identifier: Apache-2.0
"""Releases beside other private clusterings: one line for each rival and epsilon, losses named."""

from collections.abc import Iterator, Mapping
from typing import Any

from pmcb_benchmarks._mpdp_names import NAMES, OURS

from ._rivals import Duel, Outcome, outcome

Found = Mapping[str, Any]

RIVALS = ("diffprivlib", "dp-kmeans", "idp-kmeans")
ABOUT = ("targets", "others")
FIRST = ("adult", "1", 5)
"""The case of which figures are shown; of the others it is counted who costs less."""


def publishing(found: Found) -> Iterator[Duel]:
    """Cost of centres on all tables, then time and memory of one fit."""
    rows = {
        (row["data"], row["epsilon"], row["k"], row["method"]): row
        for row in found["costs"]
        if row["about"] in ABOUT
    }
    cases = [key[:3] for key in rows if key[3] == OURS]
    for rival in RIVALS:
        shared = [case for case in cases if (*case, rival) in rows]
        if FIRST in shared:
            yield _case(rows[*FIRST, OURS], rows[*FIRST, rival])
        yield _all([(rows[*case, OURS], rows[*case, rival]) for case in shared], rival)
    theirs, ours = found["scale"].get("diffprivlib"), found["scale"]["small"]
    if theirs is not None:
        for name, unit, scale in (("seconds", "s", 1.0), ("peak_bytes", "MB", 1e6)):
            one, other = ours[name] / scale, theirs[name] / scale
            yield Duel("releases", f"a fit of {ours['data']['name']}, {unit}", f"{one:.3g}",
                       "diffprivlib", f"{other:.3g}", outcome(one, other))  # fmt: skip


def judged(ours: Found, theirs: Found) -> Outcome:
    """Less cost by more than two standard errors of the difference; a refusal releases nothing."""
    if ours["mean"] is None:
        return Outcome.LOSS
    if theirs["mean"] is None:
        return Outcome.WIN
    apart = theirs["mean"] - ours["mean"]
    noise = 2.0 * ((ours["se"] or 0.0) ** 2 + (theirs["se"] or 0.0) ** 2) ** 0.5
    if abs(apart) <= noise:
        return Outcome.EVEN
    return Outcome.WIN if apart > 0 else Outcome.LOSS


def _case(ours: Found, theirs: Found) -> Duel:
    data, epsilon, k = FIRST
    what = f"cost over k-means without noise, {data}, epsilon {epsilon}, k = {k}"
    note = f"mean and standard error of {ours['runs']} runs"
    found = judged(ours, theirs)
    return Duel("releases", what, _cost(ours), _name(theirs["method"]), _cost(theirs), found, note)


def _name(method: str) -> str:
    return NAMES.get(method, method)


def _all(pairs: list[tuple[Found, Found]], rival: str) -> Duel:
    told = {each: [ours for ours, theirs in pairs if judged(ours, theirs) is each]
            for each in Outcome}  # fmt: skip
    lost = "; ".join(
        f"{row['data']}, epsilon {row['epsilon']}{' (refused)' if row['mean'] is None else ''}"
        for row in told[Outcome.LOSS]
    )
    counts = {each: len(rows) for each, rows in told.items()}
    verdict = max(Outcome, key=lambda each: counts[each])
    return Duel(
        "releases",
        f"the same on {len(pairs)} tables and budgets: who costs less by two standard errors",
        f"{counts[Outcome.WIN]} of {len(pairs)}",
        _name(rival),
        f"{counts[Outcome.LOSS]} of {len(pairs)}",
        verdict,
        f"{counts[Outcome.EVEN]} even; worse on {lost or 'none'}",
    )


def _cost(row: Found) -> str:
    if row["mean"] is None:
        return "refused"
    return f"{row['mean']:.3f} ± {row['se']:.3f}"
