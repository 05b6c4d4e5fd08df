# SPDX-License-Identifier: Apache-2.0
"""What the numbers say of each claim."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ._fog_findings import SETTLED, Finding, density, dummies, growth, printed, security
from ._fog_rows import Row, ahead, one, pick, values
from ._fog_size import ALL
from ._fog_structures import BALANCED, RANGE_TREE, SCAN, TEXTBOOK, TUNED
from .reproduction import Claim, Verdict

Document = Mapping[str, Any]

_TREES = (TEXTBOOK, BALANCED)
_PUBLISHED = (*_TREES, SCAN)
_RIVALS = (TEXTBOOK, TUNED, BALANCED, SCAN)
_BEST = (0.03, 0.05)


def claims(document: Document) -> list[Claim]:
    """What becomes of each; reasons begin with STAND-IN where the vitals were not at hand."""
    told = {"fig7": _width, "fig8": _size, "fig9": _returned}
    found = told[document["target"]](document)
    if document["data"]["source"] != "stand-in":
        return found
    return [replace(each, reason=f"STAND-IN DATA: {each.reason}") for each in found]


def _refuted(claim: str, finding: Finding, refuted: bool) -> Claim:
    """A statement that measurements contradict, whatever the data."""
    verdict = Verdict.IMPOSSIBLE if refuted else Verdict.ASSUMED
    return Claim(claim, verdict, finding["answer"])


def _width(document: Document) -> list[Claim]:
    rows = document["rows"]
    curves = [
        pick(rows, records=n, minimum=k)
        for n in values(rows, "records")
        for k in values(rows, "minimum")
    ]
    falling = sum(curve[-1]["tests"] < curve[0]["tests"] for curve in curves)
    faster = sum(curve[-1]["ms"] < curve[0]["ms"] for curve in curves)
    last = curves[-2]
    at = {row["width"]: row for row in last}
    widths = (last[0]["width"], SETTLED, last[-1]["width"])
    tests = ", ".join(f"{at[width]['tests']:,.0f} at {width}" for width in widths)
    took = ", ".join(f"{at[width]['ms']:.3f} ms at {width}" for width in widths)
    where = f"With {last[0]['records']:,} records and at least {last[0]['minimum']} returned"
    least = sum(_best_width(curve) in _BEST for curve in curves)
    recall = min(row["recall"] for row in pick(document["readings"], reading="as printed"))
    noise = {row["dummies"]: row for row in document["noise"]}
    return [
        Claim(
            "search time falls as the ranges widen",
            Verdict.of(falling == len(curves)),
            f"From the narrowest to the widest ranges sign tests fall in {falling} of "
            f"{len(curves)} curves. {where} they are {tests}.",
            timing=f"Time falls in {faster} curves. {where} a search takes {took}.",
        ),
        Claim(
            "it settles from a width of 0.03; widths of 0.03 to 0.05 are best",
            Verdict.of(least == len(curves)),
            f"Sign tests are fewest at such a width in {least} of {len(curves)} curves. "
            f"{density(document)['answer']}",
            published="best width 0.03 to 0.05",
        ),
        _refuted("the formula as printed finds the records in range", printed(document),
                 recall <= 0.99),
        _refuted('"random integers" as dummies leave answers right', dummies(document),
                 noise["integers"]["recall"] < 0.5),
    ]  # fmt: skip


def _best_width(curve: Sequence[Row]) -> float:
    return float(min(curve, key=lambda row: float(row["tests"]))["width"])


def _size(document: Document) -> list[Claim]:
    rows = pick(document["rows"], ranged=ALL)
    sizes = values(rows, "records")
    won = {name: ahead(rows, name) for name in _RIVALS}
    told = "; ".join(
        f"{name}: at {', '.join(f'{n:,}' for n in at) or 'no size'}" for name, at in won.items()
    )
    last = {row["structure"]: row for row in pick(rows, records=sizes[-1])}
    names = (RANGE_TREE, *_RIVALS)
    tests = ", ".join(f"{name} {last[name]['tests']:,.0f}" for name in names)
    took = ", ".join(f"{name} {last[name]['ms']:.3f} ms" for name in names)
    below = [name for name in _TREES if len(ahead(rows, SCAN, name)) == len(sizes)]
    return [
        Claim(
            "as records grow, the range tree is faster than the balanced tree and the kd-tree",
            Verdict.of(all(won[name] == sizes for name in _TREES)),
            "With all attributes ranged and 10 hits the range tree takes fewer sign tests than "
            f"{told}. At {sizes[-1]:,}: {tests}.",
            timing=f"At {sizes[-1]:,}: {took}.",
        ),
        Claim(
            "the balanced tree and the kd-tree are faster than MRSE",
            Verdict.of(len(below) == len(_TREES)),
            "With all attributes ranged and 10 hits fewer sign tests than MRSE's scan, at every "
            f"size, take: {', '.join(below) or 'none'}.",
        ),
        _refuted(
            "there are infinitely many keys, hence the scheme is secure",
            security(document),
            document["attack"]["read"] > 0.5,
        ),
    ]


def _returned(document: Document) -> list[Claim]:
    rows = document["rows"]
    sizes, steps = values(rows, "records"), values(rows, "returned")
    tree = [
        [one(rows, records=n, returned=r, structure=RANGE_TREE)["tests"] for r in steps]
        for n in sizes
    ]
    scans = {n: {row["tests"] for row in pick(rows, structure=SCAN, records=n)} for n in sizes}
    total = len(sizes) * len(steps)
    lowest, beside = (_lowest(rows, names) for names in (_PUBLISHED, _RIVALS))
    counts = "; ".join(
        f"{n:,} records: {', '.join(f'{tests:,.0f}' for tests in sorted(each))}"
        for n, each in scans.items()
    )
    return [
        Claim(
            "time grows with the number of records returned",
            Verdict.of(all(curve == sorted(curve) for curve in tree)),
            f"The range tree's sign tests: {growth(document)['answer']}",
        ),
        Claim(
            "MRSE's time stays flat",
            Verdict.of(all(len(each) == 1 for each in scans.values()), assumed=False),
            f"Its sign tests, whatever is returned: {counts}.",
        ),
        Claim(
            "the range tree is lowest",
            Verdict.of(lowest == total),
            f"It takes the fewest sign tests at {lowest} of {total} points, at {beside} with a "
            "tuned kd-tree beside it.",
        ),
    ]


def _lowest(rows: Sequence[Row], rivals: Sequence[str]) -> int:
    """At how many sizes and numbers returned the range tree takes fewer tests than all rivals."""
    count = 0
    for r in values(rows, "returned"):
        chosen = pick(rows, returned=r)
        won = [set(ahead(chosen, rival)) for rival in rivals]
        count += len(set.intersection(*won))
    return count
