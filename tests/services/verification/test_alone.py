# SPDX-License-Identifier: Apache-2.0
"""What is said of an answer by itself: bad ones first, each by its rule."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_benchmarks._receivers import DAY_MS, START_MS, Kind, diaries, diary
from pmcb_client.answers import Answer, Asked, Instructions, Reason, Row
from pmcb_client.fields import Field
from pmcb_services.verification import (
    Finding,
    fingerprint,
    judge_alone,
    room_bits,
)

KEY = b"k" * 32
END_MS = START_MS + 8 * DAY_MS
FIELDS = {
    "systolic": Field("systolic", "mmHg", 60, 260, 1),
    "diastolic": Field("diastolic", "mmHg", 30, 160, 1),
    "pain": Field("pain", "points", 0, 10, 1),
    "taken": Field("taken", values=("yes", "no")),
}


def asked(*names, shared=False, described=True):
    """One question with these fields."""
    question = Asked("q", "How?", names, shared=shared)
    fields = {name: FIELDS[name] for name in names} if described else {}
    return Instructions("0" * 32, 0, 1, "t", "0" * 64, (question,), fields)


def answer(**columns):
    """A row a day."""
    days = range(len(next(iter(columns.values()))))
    return Answer(
        tuple(Row(START_MS + n * DAY_MS, {k: v[n] for k, v in columns.items()}) for n in days)
    )


def judged(given, instructions):
    return judge_alone(given, instructions, since_ms=START_MS, until_ms=END_MS)


BP = replace(asked("systolic", "diastolic"), plausible=(("diastolic", "systolic"),))


STILL = (Reason.VARIANCE, 0, "systolic")


@pytest.mark.parametrize(
    ("given", "finding"),
    [
        (answer(systolic=[120, 300], diastolic=[80, 80]), (Reason.RANGE, 2, "systolic")),
        (answer(systolic=[120]), (Reason.SCHEMA, 0, "diastolic")),
        (answer(systolic=[80], diastolic=[120]), (Reason.PLAUSIBILITY, 1, "diastolic")),
        (answer(systolic=[120] * 11, diastolic=[80] * 11), (Reason.TIME, 10, "at")),
        (
            answer(systolic=[120] * 5, diastolic=[80, 81, 79, 80, 82]),
            (Reason.VARIANCE, 0, "systolic"),
        ),
    ],
)
def test_each_rule_rejects_with_its_reason(given, finding):
    """Row and field are named; the evidence holds them, and never a value."""
    found = judged(given, BP)
    assert found is not None
    assert (found.reason, found.row, found.field) == finding
    kept = json.loads(found.evidence())
    assert kept == {
        "verdict": "reject",
        "score": 0,
        "reason": finding[0],
        "row": finding[1],
        "field": finding[2],
    }


@pytest.mark.parametrize(
    ("given", "instructions"),
    [
        (answer(systolic=[120] * 4), asked("systolic")),
        (answer(systolic=[120, 120, 120, 120, 121]), asked("systolic")),
        (answer(pain=[0] * 7), asked("pain")),
        (answer(taken=["yes"] * 7), asked("taken")),
        (answer(systolic=[120] * 7), asked("systolic", shared=True)),
        (answer(systolic=[120] * 7), asked("systolic", described=False)),
    ],
)
def test_what_may_stand_still_is_accepted(given, instructions):
    """Few rows, a coarse scale, words, one truth for all, and fields that nobody described."""
    assert judged(given, instructions) is None


def test_unlike_the_others_is_no_fault():
    """A personal question is judged without looking at anybody else."""
    alone = judged(answer(systolic=[259, 258, 260], diastolic=[31, 32, 30]), BP)
    assert alone is None


@pytest.mark.parametrize(
    ("given", "bits"),
    [
        (answer(systolic=[120, 121, 122, 123, 124]), 5 * np.log2(201)),
        (answer(systolic=[120] * 9), np.log2(201)),
        (answer(pain=[0, 0, 1, 0]), 2 * np.log2(11)),
        (answer(systolic=[120, 121], taken=["yes", "no"]), 2 * np.log2(201)),
    ],
)
def test_room_counts_each_value_of_a_field_once(given, bits):
    """A year of zeros rules nothing out, and words say too little."""
    names = given.rows[0].values
    assert room_bits(given, asked(*names)) == pytest.approx(bits)


def test_many_digits_are_at_most_ten_bits():
    """Thirds of a beat have endless digits and little room."""
    field = Field("pulse", "1/min", 30, 220)
    instructions = replace(asked("systolic"), questions=(Asked("q", "?", ("pulse",)),))
    instructions = replace(instructions, fields={"pulse": field})
    assert room_bits(answer(pulse=[191 / 3]), instructions) == 10
    assert room_bits(answer(pulse=[64.0]), instructions) == pytest.approx(np.log2(191))


@pytest.mark.parametrize("value", [5e-324, 1e-300, 0.1 + 0.2])
def test_a_value_with_endless_digits_is_judged_as_any_other(value):
    """In a field without a step, no receiver's digits make a step of nothing."""
    instructions = replace(asked("systolic"), questions=(Asked("q", "?", ("dose",)),))
    instructions = replace(instructions, fields={"dose": Field("dose", "mg", 0, 100)})
    assert judged(answer(dose=[value] * 5), instructions) == Finding.reject(
        Reason.VARIANCE, field="dose"
    )
    assert room_bits(answer(dose=[value]), instructions) == 10
    assert fingerprint(answer(dose=[value]), instructions, KEY) is None


def test_shared_and_undescribed_fields_have_no_room():
    """Whoever reads the same meter may well read the same."""
    week = answer(systolic=list(range(100, 130)))
    assert room_bits(week, asked("systolic", shared=True)) == 0
    assert room_bits(week, asked("systolic", described=False)) == 0
    assert fingerprint(week, asked("systolic", shared=True), KEY) is None


def test_the_same_values_at_other_times_have_the_same_fingerprint():
    """As integers or not; under another key they have another one."""
    instructions = asked("systolic")
    week = answer(systolic=[120, 131, 118, 125, 122, 129])
    later = Answer(
        tuple(Row(row.at + 999, {"systolic": float(row.values["systolic"])}) for row in week.rows)
    )
    mark = fingerprint(week, instructions, KEY)
    assert mark is not None
    assert fingerprint(later, instructions, KEY) == mark
    assert fingerprint(week, instructions, b"x" * 32) != mark
    assert fingerprint(answer(systolic=[120, 131, 118, 125, 122, 128]), instructions, KEY) != mark


def test_few_values_have_no_fingerprint():
    """Five values of 201 are 38 bits: two persons may measure them."""
    assert fingerprint(answer(systolic=[120, 131, 118, 125, 122]), asked("systolic"), KEY) is None


@given(st.integers(0, 2**32 - 1))
def test_no_honest_week_repeats_another(seed):
    """Two hundred weeks, two hundred fingerprints."""
    made = diaries(np.random.default_rng(seed), [Kind.HONEST] * 40)
    marks = [fingerprint(one, diary(), KEY) for one in made]
    assert len(set(marks) - {None}) == 40


def test_an_accepted_answer_scores_full():
    """By itself nothing is wrong with it."""
    assert Finding.accept().score == 100
