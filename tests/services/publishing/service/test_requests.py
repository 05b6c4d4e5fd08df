# SPDX-License-Identifier: Apache-2.0
"""Which requests are the same, which cover others, and what policies allow."""

from dataclasses import fields, replace
from fractions import Fraction
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_services.publishing import RequestError
from pmcb_services.publishing._measurements import Algorithm
from pmcb_services.publishing._policy import Policy
from pmcb_services.publishing._requests import Kind, Request, exact

SOME = Request(Kind.RELEASE, "c" * 32, "v" * 32, "s" * 64, "row", Fraction(1, 2), k=5)


def test_the_hash_is_of_canonical_json():
    """Anybody can compute it; what does not apply is left out."""
    text = (
        '{"algorithm":"mpdp-k","algorithm_version":1,"attempt":0,'
        f'"cohort":"{"c" * 32}","epsilon":"1/2","k":5,"kind":"release","rows":false,'
        f'"schema_hash":"{"s" * 64}","unit":"row","version":"{"v" * 32}"}}'
    )
    assert SOME.hash == sha256(text.encode()).hexdigest()


CHANGES: dict[str, Any] = {
    "kind": Kind.METRICS,
    "cohort": "d" * 32,
    "version": "w" * 32,
    "schema_hash": "t" * 64,
    "unit": "subject",
    "epsilon": Fraction(1, 3),
    "k": None,
    "rows": True,
    "attempt": 1,
    "release": "r" * 64,
    "algorithm": Algorithm.DP_KMEANS,
}


def test_whatever_is_measured_changes_the_hash():
    """Each part counts, and comes back from the document."""
    assert set(CHANGES) == {field.name for field in fields(Request)}
    changed = [replace(SOME, **{name: value}) for name, value in CHANGES.items()]
    assert len({each.hash for each in [SOME, *changed]}) == len(CHANGES) + 1
    for each in [SOME, *changed]:
        assert Request.from_document(each.document()) == each


@pytest.mark.parametrize("part", ["kind", "cohort", "version", "epsilon", "rows"])
def test_what_covers_costs_more_and_is_about_the_same(part):
    """Another version or cohort is never covered; less epsilon and no rows are.

    Every k follows from mpdp-k, and from others only their own.
    """
    other = replace(SOME, **{part: CHANGES[part]})
    assert SOME.covers(other) == (part == "epsilon")
    assert other.covers(SOME) == (part == "rows")
    assert SOME.covers(replace(SOME, k=64, attempt=3))
    probe = replace(SOME, kind=Kind.PROBE)
    assert not probe.covers(probe)
    baseline = replace(SOME, algorithm=Algorithm.DP_KMEANS)
    assert baseline.covers(replace(baseline, epsilon=Fraction(1, 3)))
    assert not baseline.covers(replace(baseline, k=4))
    assert not baseline.covers(SOME)
    assert not SOME.covers(baseline)


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ([{"who": "*"}], "rules.0"),
        ([{"who": "*", "at_once": "1", "in_all": "1", "until": "now"}], "rules.0"),
        ([{"who": "a b", "at_once": "1", "in_all": "1"}], "rules.0.who"),
        ([{"who": "A/b/c", "at_once": "1", "in_all": "1"}], "rules.0.who"),
        ([{"who": 7, "at_once": "1", "in_all": "1"}], "rules.0.who"),
        ([{"who": "*", "at_once": "0", "in_all": "1"}], "rules.0.at_once"),
        ([{"who": "*", "at_once": "1", "in_all": 0.5}], "rules.0.in_all"),
        ([{"who": "*", "at_once": "1", "in_all": "1"}] * 2, "rules"),
        ([{"who": f"M{n}", "at_once": "1", "in_all": "1"} for n in range(101)], "rules"),
    ],
)
def test_a_rule_that_is_none_is_named(rules, field):
    """By its place in the list."""
    with pytest.raises(RequestError) as caught:
        Policy.from_documents(rules)
    assert caught.value.field == field


def test_the_closest_rule_decides():
    """A person's before the organisation's, that before everybody's, also where it allows less."""
    policy = Policy.from_documents(
        [
            {"who": "*", "at_once": "1", "in_all": "1"},
            {"who": "A", "at_once": "2", "in_all": "3"},
            {"who": "A/ann", "at_once": "1/2", "in_all": "9"},
        ]
    )
    half, two = Fraction(1, 2), Fraction(2)
    assert policy.allows("A/ann", half, {})
    assert not policy.allows("A/ann", half + Fraction(1, 10**9), {})
    assert policy.allows("A/bob", two, {"A/ann": Fraction(1), "B/cat": Fraction(9)})
    assert not policy.allows("A/bob", two, {"A/ann": Fraction(1), "A/dan": Fraction(1, 10**9)})
    assert not policy.allows("AA/eve", Fraction(3, 2), {})
    assert not Policy().allows("A/ann", half, {})


@given(
    st.lists(
        st.tuples(st.sampled_from(["A/ann", "A/bob", "B/cat"]), st.fractions("0.01", "1")),
        max_size=30,
    )
)
def test_nobody_spends_more_than_a_rule_allows(asked):
    """Whoever asks, in whatever order."""
    policy = Policy.from_documents(
        [
            {"who": "A", "at_once": "1/2", "in_all": "1"},
            {"who": "B/cat", "at_once": "1", "in_all": "3/2"},
        ]
    )
    spent: dict[str, Fraction] = {}
    for who, epsilon in asked:
        if policy.allows(who, epsilon, spent):
            spent[who] = spent.get(who, Fraction(0)) + epsilon
    assert spent.get("A/ann", 0) + spent.get("A/bob", 0) <= 1
    assert spent.get("B/cat", 0) <= Fraction(3, 2)


def test_a_large_epsilon_warns_nobody_here():
    """A service has nobody to warn: the policy says what is too much."""
    assert exact("100", "total") == 100
    assert exact(2, "epsilon") == 2
    for wrong in (True, 0.5, None, "1e3000000", "1" * 50):
        with pytest.raises(RequestError) as caught:
            exact(wrong, "total")
        assert caught.value.field == "total"
