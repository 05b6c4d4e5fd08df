# SPDX-License-Identifier: Apache-2.0
"""What may stand of privacy budgets: spends that add up, totals that fall, releases that stay."""

from fractions import Fraction
from typing import Any

from tests.invariants.changes import Changes, Key


def cohort(c: Changes, key: Key, record: Any) -> None:
    """Opened once with nothing spent; from then on only its total changes, and falls."""
    old, total = c.old(*key), _exact(c, record["total"])
    c.need(record["owner"] == c.entry.by.msp, "an institution acts on its organisation's cohorts")
    if old is None:
        c.need(0 < total <= 1000, "a total is greater than 0 and at most 1,000")
        c.need(("BU", key[1]) in c.put, "a cohort comes with its budget")
        return
    c.need({**old, "total": ""} == {**record, "total": ""}, "and nothing else changes")
    c.need(total < Fraction(old["total"]), "6: a total only falls")
    _check_sum(c, key[1])


def budget(c: Changes, key: Key, record: Any) -> None:
    """It begins at nothing, and grows by the one spend that comes with it."""
    old = c.old(*key)
    if old is None:
        c.need(record == {"spent": "0", "count": 0}, "6: a budget begins at nothing")
        c.need(("CO", key[1]) in c.put, "a budget comes with its cohort")
        return
    made = [one for place, one in c.put.items() if place[:2] == ("RS", key[1])]
    c.need(len(made) == 1, "6: a budget grows by one spend")
    c.need(record["count"] == old["count"] + 1 == made[0]["number"], "spends are counted")
    c.need(_exact(c, record["spent"]) > Fraction(old["spent"]), "6: what is spent never shrinks")
    _check_sum(c, key[1])


def spend(c: Changes, key: Key, record: Any) -> None:
    """Reserved once, then published once."""
    old = c.old(*key)
    owner = c.old("CO", key[1])
    c.need(owner and owner["owner"] == c.entry.by.msp, "only the cohort's organisation spends")
    if old is None:
        c.need(("BU", key[1]) in c.put, "6: a spend is of a budget")
        c.need(_exact(c, record["epsilon"]) > 0, "6: a spend is of something")
        c.need((record["state"], record["release_hash"]) == ("reserved", ""), "nothing is out yet")
        c.need(record["at"] == c.entry.at, "a spend has its time")
        return
    made = {**old, "state": "published", "release_hash": record["release_hash"]}
    c.need(record == made and record["release_hash"], "and nothing else changes")
    c.need(old["state"] == "reserved", "a release is recorded once")


def dataset(c: Changes, key: Key, record: Any) -> None:
    """Its versions are counted, and its people stay the same."""
    old, people = c.old(*key), c.old("CO", record["cohort"])
    c.need(record["owner"] == c.entry.by.msp, "an institution registers its own datasets")
    own = not record["cohort"] or (people and people["owner"] == record["owner"])
    c.need(own, "and its own cohorts")
    c.need(record["number"] == (old["number"] if old else 0) + 1, "versions are counted")
    if old is not None:
        same = (old["owner"], old["cohort"]) == (record["owner"], record["cohort"])
        c.need(same, "a dataset stays with its cohort")
        c.need(old["version"] != record["version"], "a version is registered once")


def _check_sum(c: Changes, name: str) -> None:
    """At this height, all spends of a cohort are its sum, and no more than its total."""
    spent = Fraction(c.new("BU", name)["spent"])
    every = [Fraction(one["epsilon"]) for one in c.below("RS", name).values()]
    c.need(sum(every) == spent, "6: what is spent is the sum of all spends")
    c.need(spent <= Fraction(c.new("CO", name)["total"]), "6: no more is spent than the total")


def _exact(c: Changes, text: str) -> Fraction:
    value = Fraction(text)
    c.need(str(value) == text, "8: a fraction stands in lowest terms")
    return value
