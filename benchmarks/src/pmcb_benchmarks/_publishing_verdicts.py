# SPDX-License-Identifier: Apache-2.0
"""Each target of publishing, what was measured, and whether it is met: as asked, and stretched."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from ._mpdp_names import OURS
from ._publishing_cases import TARGETS, Target

Found = Mapping[str, Any]

KS, ROWS_COST = 0.05, 1.03
MEDOIDS = {"1": 1.02, "0.1": 1.04}
SMALL_S, LARGE_S, MOST_BYTES = 2.0, 30.0, 400e6
PRIMITIVE = 0.9
EXACT = 1.02
ERRORS = 4.0
APART = 0.02


@dataclass(frozen=True)
class Verdict:
    """One target.

    Attributes:
        what: is measured.
        required: what is asked for.
        measured: what came of it.
        met: whether that is as asked.
        stretch: what would be as good as was ever hoped for; empty where nothing more is.
        reached: whether that was.
    """

    what: str
    required: str
    measured: str
    met: bool
    stretch: str = ""
    reached: bool | None = None

    @property
    def document(self) -> dict[str, Any]:
        """The verdict as results keep it."""
        return asdict(self)


def verdicts(found: Found) -> list[Verdict]:
    """Of every target that was measured; what could not be is not among them."""
    return [
        *_costs(found),
        *_epsilons(found),
        *_bounds(found),
        *_products(found),
        *_scale(found["scale"]),
        *_audits(found["audit"]),
    ]


def row_of(found: Found, data: str, epsilon: str, k: int, method: str = OURS) -> Found | None:
    """The costs of one method on one table."""
    wanted = {"data": data, "epsilon": epsilon, "k": k, "method": method, "about": "targets"}
    rows = (row for row in found["costs"] if all(row[key] == wanted[key] for key in wanted))
    return next(rows, None)


def ratio(row: Found) -> str:
    """A mean ratio with its standard error, and the refused runs.

    >>> ratio({"mean": 1.0049, "se": 0.0002, "refused": 3, "runs": 30})
    '1.0049 ± .0002 (3 of 30 refused)'
    """
    refused = f"{row['refused']} of {row['runs']} refused" if row["refused"] else ""
    if row["mean"] is None:
        return refused
    digits = 4 if row["mean"] < 1.1 else 3
    error = "" if row["se"] is None else f" ± {row['se']:.{digits}f}".replace(" 0.", " .")
    return f"{row['mean']:.{digits}f}{error}" + (f" ({refused})" if refused else "")


def _costs(found: Found) -> Iterator[Verdict]:
    for target in TARGETS:
        row = row_of(found, target.data, target.epsilon, target.k)
        if row is not None:
            yield _refused(target, row) if target.required is None else _cost(target, row)


def _what(target: Target) -> str:
    known = f"{target.data}, ε = {target.epsilon}, k = {target.k}"
    return f"{known}, of one release with the other k" if target.one_release else known


def _refused(target: Target, row: Found) -> Verdict:
    measured = f"{row['refused']} of {row['runs']} refused"
    return Verdict(_what(target), "refused", measured, row["refused"] == row["runs"])


def _cost(target: Target, row: Found) -> Verdict:
    assert target.required is not None
    mean, p95 = row["mean"], row["p95"]
    required, measured = f"≤ {target.required:g}", ratio(row)
    met = mean is not None and mean <= target.required
    if target.p95 is not None and mean is not None:
        required += f", 95 % of runs ≤ {target.p95:g}"
        measured += f", 95 % of runs ≤ {p95:.4f}"
        met = met and p95 <= target.p95
    if target.refused:
        required += f", at most {target.refused:.0%} refused"
        met = met and row["refused"] <= target.refused * row["runs"]
    stretch = "" if target.stretch is None else f"≤ {target.stretch:g}"
    reached = mean <= target.stretch if stretch and mean is not None else None
    return Verdict(_what(target), required, measured, met, stretch, reached)


def _epsilons(found: Found) -> Iterator[Verdict]:
    rows = [row for row in found["costs"] if row["about"] == "epsilons" and row["mean"] is not None]
    for k in sorted({row["k"] for row in rows}):
        own = sorted((row for row in rows if row["k"] == k), key=lambda row: float(row["epsilon"]))
        told = ", ".join(f"{row['mean']:.3f} at {row['epsilon']}" for row in own)
        rises = [_rise(a, b) for a, b in pairwise(own)]
        name = own[0]["data"]
        yield Verdict(
            f"{name}, k = {k}: more ε costs no more",
            f"no rise beyond {ERRORS:g} standard errors",
            told,
            all(rise <= ERRORS for rise in rises),
        )
        exact = next((row for row in own if row["epsilon"] == "1000"), None)
        if exact:
            met = exact["mean"] <= EXACT
            yield Verdict(f"{name}, ε = 1000, k = {k}", f"≤ {EXACT:g}", ratio(exact), met)


def _rise(low: Found, high: Found) -> float:
    """By how many of their common standard errors the greater epsilon costs more."""
    error = ((low["se"] or 0.0) ** 2 + (high["se"] or 0.0) ** 2) ** 0.5
    return float((high["mean"] - low["mean"]) / max(error, 1e-12))


def _bounds(found: Found) -> Iterator[Verdict]:
    rows = [row for row in found["costs"] if row["about"] == "bounds" and row["mean"] is not None]
    plain = {row["k"]: row["mean"] for row in rows if ":" not in row["data"]}
    told = {
        "doubled": "with bounds twice as wide",
        "shifted": "with bounds half as wide again on one side",
        "reversed": "with its columns in reverse",
    }
    for row in rows:
        name, _, change = row["data"].partition(":")
        if change:
            apart = row["mean"] / plain[row["k"]] - 1
            yield Verdict(
                f"{name}, ε = 1, k = {row['k']}, {told[change]}",
                f"within {APART:.0%} of the same without",
                f"{apart:+.2%}: {ratio(row)}",
                abs(apart) <= APART,
            )


def _products(found: Found) -> Iterator[Verdict]:
    for row in found["products"]:
        name, at = row["data"], row["epsilon"]
        if row["medoids"] is not None:
            yield Verdict(
                f"{name}, ε = {at}: medoids' cost over that of FasterPAM",
                f"≤ {MEDOIDS[at]:g}",
                f"{row['medoids']:.4f}",
                row["medoids"] <= MEDOIDS[at],
            )
        if at == "1" and row["ks"] is not None:
            yield Verdict(
                f"{name}, ε = {at}: synthetic rows",
                f"mean KS ≤ {KS:g}, cost of k-means on them ≤ {ROWS_COST:g}",
                f"{row['ks']:.3f}, {row['rows']:.4f} ± {row['rows_se'] or 0:.4f}",
                row["ks"] <= KS and row["rows"] <= ROWS_COST,
            )


def _scale(found: Found) -> Iterator[Verdict]:
    for name, seconds in (("small", SMALL_S), ("large", LARGE_S)):
        row = found[name]
        data, above = row["data"], name == "large"
        held = row["peak_bytes"] - (row["input_bytes"] if above else 0)
        yield Verdict(
            f"a fit of {data['name']}, {data['rows']:,} by {data['columns']}, one core",
            f"≤ {seconds:g} s, ≤ 400 MB{' above the input' if above else ''}",
            f"{row['seconds']:.2f} s, slowest of {row['times']} {row['slowest']:.2f} s; "
            f"{held / 1e6:.0f} MB",
            row["seconds"] <= seconds and held <= MOST_BYTES,
        )


def _audits(found: Sequence[Found]) -> Iterator[Verdict]:
    for row in (each for each in found if each["ours"]):
        least = None if row["whole"] else PRIMITIVE
        required = f"≤ {row['nominal']:g}" + ("" if least is None else f", at least {least:g}")
        yield Verdict(
            f"certified ε, {row['runs']:,} runs on each table: {row['pair']}",
            required,
            f"{row['certified']:.3f} (surely {row['sure']:.3f})",
            not row["exceeds"] and (least is None or row["certified"] >= least),
        )
