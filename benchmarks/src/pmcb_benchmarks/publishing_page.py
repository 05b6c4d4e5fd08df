# SPDX-License-Identifier: Apache-2.0
"""From ``pmcb bench publishing`` to the tables of docs/performance.md."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from ._mpdp_names import OURS
from ._publishing_cases import BESIDE, COUNTED, DIFFPRIVLIB, NAMES, PRIVATE
from ._publishing_verdicts import ratio, verdicts
from .page import measured_on

Found = Mapping[str, Any]

_ABOUT = {
    "adult-words": "Adult by three numbers and five Nominal columns",
    "digits": "written digits of 64 pixels (scikit-learn)",
    "icu-vitals": "hours of intensive care (PhysioNet 2012), the stay a subject",
    "rings": "two rings in a plane, generated",
    "uneven": "five clusters of 80 to .5 % of the rows, generated",
    "heavy-tails": "lognormal columns, generated",
    "no-clusters": "even noise, generated",
    "wards": "two numbers and two Nominal columns, generated",
    "visits": "persons of 1 to 40 visits, each counts once, generated",
    "visits-by-row": "the same, each of eight kept visits alike, generated",
}


def targets_table(path: Path) -> str:
    """The machine, then every target with what is asked for and what was hoped for, in Markdown."""
    found = _read(path)
    lines = [
        measured_on(found),
        "",
        "| what | required | measured | met | stretch | reached |",
        "|---|---|---|---|---|---|",
    ]
    for each in verdicts(found):
        reached = "" if each.reached is None else _yes(each.reached)
        cells = (each.what, each.required, each.measured, _yes(each.met), each.stretch, reached)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def beside_table(path: Path) -> str:
    """Cost over that of k-means, all methods, on the tables with targets, in Markdown."""
    return _methods(_read(path), "targets", (OURS, COUNTED, *BESIDE))


def others_table(path: Path) -> str:
    """The same on tables that no constant was chosen on, and what these are, in Markdown."""
    found = _read(path)
    lines = ["| table | rows | coordinates | persons, as weighed |", "|---|---|---|---|"]
    for each in found["samples"]:
        about = f"{each['name']}: {_ABOUT[each['name']]}"
        persons = f"{each['units']:,.0f}"
        lines.append(f"| {about} | {each['rows']:,} | {each['coordinates']} | {persons} |")
    table = _methods(found, "others", (OURS, *PRIVATE))
    return "\n".join([*lines, "", table])


def anchors(path: Path) -> str:
    """What was measured of others besides costs, and what could not be, in sentences."""
    found = _read(path)
    told = [_audited(each) for each in found["audit"] if not each["ours"]]
    theirs, ours = found["scale"].get(DIFFPRIVLIB), found["scale"]["small"]
    if theirs:
        told.append(
            f"A fit of {ours['data']['name']} takes diffprivlib {theirs['seconds']:.2f} s and "
            f"{theirs['peak_bytes'] / 1e6:.0f} MB, us {ours['seconds']:.2f} s and "
            f"{ours['peak_bytes'] / 1e6:.0f} MB."
        )
    missing = [f"{name}: {reason}." for name, reason in found["left_out"].items()]
    return _wrapped(" ".join([*told, *missing]))


def losses(path: Path) -> str:
    """Where others or one centre cost less than ``mpdp-k``, where it misses, in sentences."""
    found = _read(path)
    every = verdicts(found)
    missed = [f"{each.what} ({each.measured})" for each in every if not each.met]
    short = [f"{each.what} ({each.measured})" for each in every if each.reached is False]
    weak = [
        f"{row['data']} at ε = {row['epsilon']} by {row['rows']:.2f} times the cost, KS "
        f"{row['ks']:.2f}"
        for row in found["products"]
        if row["rows"] and row["rows"] > 1.1
    ]
    told = [
        _told("Required and missed", missed),
        _told("The stretch is missed by", short),
        _told("Another that is private, or says so, costs no more on", _beaten(found)),
        _told("One centre at the true mean costs no more on", _pointless(found)),
        _told("Refused, as the table is too small, on", _refusals(found)),
        _told("Synthetic rows lose", weak),
    ]
    return "\n".join(f"* {_wrapped(each, hanging=2)}" for each in told)


def _methods(found: Found, about: str, methods: Sequence[str]) -> str:
    heads = " | ".join(NAMES[method] for method in methods)
    lines = [f"| table | {heads} | one centre |", "|---|" + "---|" * (len(methods) + 1)]
    for rows in _groups(found, about):
        if OURS not in rows or (about == "targets" and len(rows) == 1):
            continue
        first = rows[OURS]
        cells = [_cell(rows.get(method)) for method in methods]
        what = f"{first['data']}, ε = {first['epsilon']}, k = {first['k']}"
        lines.append(f"| {what} | {' | '.join(cells)} | {first['one_centre']:.2f} |")
    return "\n".join(lines)


def _groups(found: Found, about: str) -> Iterator[Mapping[str, Found]]:
    def key(row: Found) -> tuple[str, float, int]:
        return row["data"], -float(row["epsilon"]), row["k"]

    rows = [row for row in found["costs"] if row["about"] == about]
    order = list(dict.fromkeys(row["data"] for row in rows))
    rows.sort(key=lambda row: (order.index(row["data"]), *key(row)[1:]))
    for _, own in groupby(rows, key):
        yield {row["method"]: row for row in own}


def _cell(row: Found | None) -> str:
    return "" if row is None else ratio(row)


def _beaten(found: Found) -> list[str]:
    told = []
    for about in ("targets", "others"):
        for rows in _groups(found, about):
            ours = rows.get(OURS)
            if ours is None or ours["mean"] is None:
                continue
            better = [
                f"{NAMES[name]} {ratio(row)}"
                for name, row in rows.items()
                if name in BESIDE and row["mean"] is not None and row["mean"] <= ours["mean"]
            ]
            if better:
                told.append(f"{_named(ours)}: {', '.join(better)} beside {ratio(ours)}")
    return told


def _pointless(found: Found) -> list[str]:
    return [
        f"{_named(row)} ({row['one_centre']:.2f} beside {ratio(row)})"
        for row in _ours(found)
        if row["mean"] is not None and row["k"] > 1 and row["mean"] >= row["one_centre"]
    ]


def _refusals(found: Found) -> list[str]:
    return [
        f"{_named(row)} ({row['refused']} of {row['runs']})"
        for row in _ours(found)
        if row["refused"]
    ]


def _ours(found: Found) -> list[Found]:
    return [
        row
        for row in found["costs"]
        if row["method"] == OURS and row["about"] in {"targets", "others"}
    ]


def _named(row: Found) -> str:
    return f"{row['data']}, ε = {row['epsilon']}, k = {row['k']}"


def _audited(row: Found) -> str:
    return (
        f"{row['pair']} at a nominal ε of {row['nominal']:g} is shown to lose at least "
        f"{row['certified']:.2f} ({row['runs']:,} runs on each of two tables that differ by one "
        "row)."
    )


def _told(what: str, cases: Sequence[str]) -> str:
    return f"{what}: {'; '.join(cases) if cases else 'nothing'}."


def _yes(met: bool) -> str:
    return "yes" if met else "**no**"


def _wrapped(text: str, *, hanging: int = 0) -> str:
    import textwrap

    return textwrap.fill(
        text,
        110 - hanging,
        subsequent_indent=" " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _read(path: Path) -> Found:
    found: Found = json.loads(path.read_text())
    return found
