# SPDX-License-Identifier: Apache-2.0
"""What the figures' numbers say beside the claims: questions and measured answers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ._fog_rows import ahead, pick, tests, values
from ._fog_size import ALL
from ._fog_structures import BALANCED, BALANCED_KD, PAIRS, RANGE_TREE, SCAN, TEXTBOOK, TUNED

Document = Mapping[str, Any]
Finding = dict[str, str]

SETTLED = 0.03


def findings(document: Document) -> list[Finding]:
    """What else the figure's numbers say: a question and a measured answer each."""
    told: dict[str, Sequence[Callable[[Document], Finding]]] = {
        "fig7": (printed, dummies, density),
        "fig8": (_by_kind, _prefix, _asymptotics, security),
        "fig9": (growth, _ranks),
    }
    return [each(document) for each in told[document["target"]]]


def printed(document: Document) -> Finding:
    """Reading the formula as it stands."""
    rows = document["readings"]
    told = "; ".join(
        f"{row['records']:,} records: recall {row['recall']:.3f}"
        for row in pick(rows, reading="as printed")
    )
    signs = min(row["recall"] for row in pick(rows, reading="sign tests"))
    holds = all(row["recall"] > 0.99 for row in pick(rows, reading="as printed"))
    return {
        "question": "Does the formula as printed search ranges?",
        "answer": f"{'Yes' if holds else 'No, it ranks by a sum of the attributes'}. {told}; read "
        f"as sign tests: {signs:.3f}.",
    }


def dummies(document: Document) -> Finding:
    """What random summands do to the answers."""
    noise = {row["dummies"]: row for row in document["noise"]}
    told = "; ".join(
        f"{'normal, sigma ' if name[0].isdigit() else ''}{name} {row['precision']:.2f}/"
        f"{row['recall']:.2f}"
        for name, row in noise.items()
    )
    spoiled = noise["integers"]["recall"] < 0.5
    return {
        "question": 'Do "random integers" as dummies leave normalised data searchable?',
        "answer": f"{'No' if spoiled else 'Yes'}. Precision/recall: {told} (bounded: their sum "
        "stays below half a step).",
    }


def density(document: Document) -> Finding:
    """Whether a width means the same for every number of records."""
    rows = [row for row in document["rows"] if row["width"] == SETTLED]
    shares = {row["records"]: row["few"] for row in rows}
    told = ", ".join(f"{100 * share:.0f} % of {n:,}" for n, share in shares.items())
    falls = list(shares.values()) == sorted(shares.values(), reverse=True)
    return {
        "question": "Is 0.03 a property of the method?",
        "answer": f"{'No, of the density' if falls else 'Open'}: at this width a query has fewer "
        f"than 10 hits in {told} records.",
    }


def _by_kind(document: Document) -> Finding:
    rows = pick(document["rows"], ranged=ALL)
    sizes = values(rows, "records")
    told = "; ".join(
        f"{n:,} records: {'/'.join(tests(rows, each, records=n) for each in names)}"
        for n in (sizes[0], sizes[2], sizes[-1])
        for names in [(TEXTBOOK, TUNED, RANGE_TREE)]
    )
    tuned = ahead(rows, TUNED)
    return {
        "question": "Does the range tree beat a kd-tree?",
        "answer": f"A textbook one at {len(ahead(rows, TEXTBOOK))} of {len(sizes)} sizes, a tuned "
        f"one at {len(tuned)}. Tests, textbook/tuned/range tree: {told}.",
    }


def _prefix(document: Document) -> Finding:
    n = max(values(document["rows"], "records"))
    rows = pick(document["rows"], records=n)
    patterns = values(rows, "ranged")
    won = [each for each in patterns if ahead(pick(rows, ranged=each), TUNED)]
    names = (RANGE_TREE, TUNED, PAIRS, SCAN)
    told = "; ".join(
        f"{each} {'/'.join(tests(rows, name, ranged=each) for name in names)}" for each in patterns
    )
    return {
        "question": "Where does the range tree win?",
        "answer": f"Beside a tuned kd-tree with {', or '.join(won) or 'nothing'} ranged. Tests at "
        f"{n:,}, {'/'.join(names)}: {told}.",
    }


def _asymptotics(document: Document) -> Finding:
    a = len(document["data"]["attributes"])
    return {
        "question": "Do asymptotics decide?",
        "answer": f"No: log2(n)^{a} is above n until n = {document['crossing']:,.0f}.",
    }


def security(document: Document) -> Finding:
    """What known records give away."""
    attack = document["attack"]
    return {
        "question": "Infinitely many keys, hence secure?",
        "answer": f"{'No' if attack['read'] > 0.5 else 'Open'}: who knows {attack['known']} "
        f"records reads {100 * attack['read']:.1f} % of {attack['records']:,} without a key.",
    }


def growth(document: Document) -> Finding:
    """Work over the number of hits."""
    rows = document["rows"]
    steps = values(rows, "returned")
    curves = {
        n: [tests(rows, RANGE_TREE, records=n, returned=r) for r in steps]
        for n in values(rows, "records")
    }
    told = "; ".join(f"{n:,} records: {' → '.join(curve)}" for n, curve in curves.items())
    return {
        "question": "How does the range tree's work grow with 10, 50 and 200 hits?",
        "answer": f"Tests, {told}.",
    }


def _ranks(document: Document) -> Finding:
    rows = document["ranked"]
    n = max(values(rows, "records"))
    told = "; ".join(
        f"{k} best: {tests(rows, BALANCED, records=n, returned=k)} against "
        f"{tests(rows, SCAN, records=n, returned=k)}"
        for k in values(rows, "returned")
    )
    ranges = pick(document["rows"], records=n, returned=values(rows, "returned")[0])
    one = {row["structure"]: row["tests"] for row in ranges}
    return {
        "question": "What is the balanced tree good for?",
        "answer": f"For the best by a sum, {n:,} records, balanced tree against scan: {told}. In "
        f"ranges its maxima rule out by lower bounds only: {one[BALANCED]:,.0f} tests, "
        f"{one[BALANCED_KD]:,.0f} in kd order.",
    }
