# SPDX-License-Identifier: Apache-2.0
"""What Figs. 10 and 11 say of the published statements, and beside them."""

from collections.abc import Mapping, Sequence
from typing import Any

from ._plans_runs import ABC, BA, BA_DENSE, BA_LITERAL, OURS, RIVALS
from .reproduction import Claim, Verdict

Document = Mapping[str, Any]
Row = Mapping[str, Any]
Finding = dict[str, str]


def claims(document: Document) -> list[Claim]:
    """The statements behind a figure, each with its verdict."""
    return _converges(document) if document["target"] == "fig10" else _saves(document)


def findings(document: Document) -> list[Finding]:
    """What else the numbers say."""
    told = [_ours(document), _literal(document)]
    if document["target"] != "fig10":
        return told
    told = [_slowest(document), *told, _fleets(document)]
    return told + [{"question": f"Assumed of {name}?", "answer": f"{text}."}
             for name, text in document["assumed"].items()]  # fmt: skip


def _converges(document: Document) -> list[Claim]:
    tests = document["tests"]
    early, late = (edge(row["iteration"] for row in tests) for edge in (min, max))
    fast = {bat: _won(tests, bat, early) for bat in (BA, BA_DENSE)}
    end = {bat: _won(tests, bat, late) for bat in (BA, BA_DENSE)}
    gaps = _gaps(document, early), _gaps(document, late)
    return [
        Claim(
            "the bat algorithm converges faster than PSO and ABC",
            Verdict.of(all(won == of for won, of in fast.values())),
            f"After {early} iterations {_told(fast)}. Gaps to the bound: {gaps[0]}.",
        ),
        Claim(
            "it ends with less energy than PSO and ABC",
            Verdict.of(all(won == of for won, of in end.values())),
            f"After {late} iterations {_told(end)}. Gaps to the bound: {gaps[1]}.",
        ),
    ]


def _saves(document: Document) -> list[Claim]:
    tests = document["tests"]
    at = max(row["iteration"] for row in tests)
    won = {bat: _won(tests, bat, at) for bat in (BA, BA_DENSE)}
    energy = "; ".join(
        f"{n:,} orders {' / '.join(f'{_one(document, n, m, at)[0]:,.0f}' for m in (BA, *RIVALS))}"
        for n in _orders(document)
    )
    return [
        Claim(
            "for any number of orders the bat algorithm's plan takes less energy than PSO's and "
            "ABC's",
            Verdict.of(all(count == of for count, of in won.values())),
            f"After {at} iterations {_told(won)}. Joules of {' / '.join((BA, *RIVALS))}: {energy}.",
        )
    ]


def _won(tests: Sequence[Row], bat: str, iteration: int) -> tuple[int, int]:
    """In how many comparisons with the published rivals the bat algorithm is surely lower."""
    chosen = [
        row for row in tests
        if row["first"] == bat and row["second"] in RIVALS and row["iteration"] == iteration
    ]  # fmt: skip
    return sum(row["lower"] == bat for row in chosen), len(chosen)


def _told(won: Mapping[str, tuple[int, int]]) -> str:
    told = " and ".join(f"{bat} in {count} of {of}" for bat, (count, of) in won.items())
    return f"it is lower (Wilcoxon, Holm, 5 %) with {told} comparisons"


def _orders(document: Document) -> list[int]:
    return list(dict.fromkeys(row["orders"] for row in document["rows"]))


def _one(document: Document, n: int, method: str, at: int) -> tuple[float, float]:
    (row,) = [
        row for row in document["rows"]
        if (row["orders"], row["method"], row["iteration"]) == (n, method, at)
    ]  # fmt: skip
    return row["energy"], row["gap"]


def _gaps(document: Document, at: int) -> str:
    names = (BA, BA_DENSE, *RIVALS, OURS)
    return "; ".join(
        f"{n:,} orders, "
        + ", ".join(f"{name} {_one(document, n, name, at)[1]:.2g} %" for name in names)
        for n in _orders(document)
    )


def _last(document: Document) -> int:
    return int(max(row["iteration"] for row in document["rows"]))


def _ours(document: Document) -> Finding:
    at, tests = _last(document), document["tests"]
    chosen = [row for row in tests if row["first"] == OURS]
    won = sum(row["lower"] == OURS for row in chosen)
    saved = []
    for n in _orders(document):
        ours = _one(document, n, OURS, at)
        theirs = [_one(document, n, bat, at)[0] for bat in (BA, BA_DENSE)]
        less = " and ".join(f"{100 * (1 - ours[0] / each):.1f} %" for each in theirs)
        saved.append(f"{n:,} orders: gap {ours[1]:.2g} %, energy {less} below {BA} and {BA_DENSE}")
    return {
        "question": "And in the space of prices, for the same work?",
        "answer": f"{OURS} is lower in {won} of {len(chosen)} comparisons with all others. After "
        f"{at} iterations, {'; '.join(saved)}.",
    }


def _literal(document: Document) -> Finding:
    at = _last(document)
    told = "; ".join(
        f"{n:,} orders {_one(document, n, BA_LITERAL, at)[1]:.3g} %" for n in _orders(document)
    )
    return {
        "question": "And with each order a bat, word for word?",
        "answer": f"All fly to the best order's server and are stuck there; gaps after {at} "
        f"iterations: {told}.",
    }


def _slowest(document: Document) -> Finding:
    at = _last(document)
    worst = [
        max((BA, BA_DENSE, *RIVALS), key=lambda name, n=n: _one(document, n, name, at)[1])  # type: ignore[misc]
        for n in _orders(document)
    ]
    slow = set(worst) == {ABC}
    sizes = " and ".join(f"{n:,}" for n in _orders(document))
    return {
        "question": "Is ABC slow but low in the end?",
        "answer": f"{'Slow, and not low' if slow else 'No'}: after {at} iterations the highest "
        f"cost of {sizes} orders is that of {' and '.join(dict.fromkeys(worst))}.",
    }


def _fleets(document: Document) -> Finding:
    rows = document["fleets"]
    told = []
    for name in (BA, BA_DENSE, *RIVALS):
        gaps = [row["gap"] for row in rows if row["method"] == name]
        told.append(f"{name} {min(gaps):.2g} to {max(gaps):.2g} %")
    return {
        "question": "How far do gaps hang on the speeds that were drawn?",
        "answer": f"One run on each of {len({row['fleet'] for row in rows})} other fleets, "
        f"{rows[0]['orders']:,} orders, {_last(document)} iterations: {', '.join(told)}.",
    }
