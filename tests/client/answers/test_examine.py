# SPDX-License-Identifier: Apache-2.0
"""What does not fit its questions is found by a receiver's client and by every verifier alike."""

import pytest

from pmcb_client.answers import Answer, Asked, Instructions, Reason, Row, examine
from pmcb_client.answers._examine import CLOCKS_APART_MS
from pmcb_client.fields import Field

SINCE_MS, UNTIL_MS = 1_800_000_000_000, 1_800_003_600_000
FIELDS = {
    "systolic": Field("systolic", "mmHg", 60, 260, 1),
    "diastolic": Field("diastolic", "mmHg", 30, 160),
    "dose": Field("dose", "mg", 0, 1, 0.1),
    "arm": Field("arm", values=("left", "right")),
}
INSTRUCTIONS = Instructions(
    "a" * 32,
    0,
    1,
    "Home study",
    "0" * 64,
    (Asked("bp", "Seated", ("systolic", "diastolic", "dose", "arm", "note")),),
    FIELDS,
    (("diastolic", "systolic"),),
)
SOUND = {"systolic": 120, "diastolic": 80, "dose": 0.3, "arm": "left", "note": "after lunch"}


def found(*rows):
    """What is wrong with an answer."""
    return examine(Answer(rows), INSTRUCTIONS, since_ms=SINCE_MS, until_ms=UNTIL_MS)


def row(later_ms=0, **changes):
    """A sound row, but for what a test changes in it; None leaves a field out."""
    values = {**SOUND, **changes}
    given = {name: value for name, value in values.items() if value is not None}
    return Row(SINCE_MS + later_ms, given)


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"systolic": 59}, Reason.RANGE, "systolic"),
        ({"systolic": 261}, Reason.RANGE, "systolic"),
        ({"systolic": 120.5}, Reason.RANGE, "systolic"),
        ({"dose": 0.35}, Reason.RANGE, "dose"),
        ({"systolic": "120"}, Reason.SCHEMA, "systolic"),
        ({"arm": 1}, Reason.SCHEMA, "arm"),
        ({"arm": "Left"}, Reason.SCHEMA, "arm"),
        ({"arm": ""}, Reason.SCHEMA, "arm"),
        ({"note": ""}, Reason.SCHEMA, "note"),
        ({"note": "x" * 201}, Reason.SCHEMA, "note"),
        ({"note": "a\x1b[2J"}, Reason.SCHEMA, "note"),
        ({"weight": 80}, Reason.SCHEMA, ""),
        ({"systolic": 80, "diastolic": 80}, Reason.PLAUSIBILITY, "diastolic"),
        ({"systolic": 70, "diastolic": 80}, Reason.PLAUSIBILITY, "diastolic"),
    ],
)
def test_a_row_that_does_not_fit_is_named(changes, reason, field):
    """By number, field and rule; its sentence tells no value."""
    problem = found(row(), row(1000, **changes))
    assert (problem.reason, problem.row, problem.field) == (reason, 2, field)
    assert field in problem.sentence
    assert all(str(value) not in problem.sentence.split("between")[0] for value in (59, 261, 0.35))


def test_an_answer_without_rows_or_fields_is_none():
    """No row; an empty row; a field that is given nowhere."""
    assert found().reason is Reason.SCHEMA
    problem = found(row(), Row(SINCE_MS + 1, {}))
    assert (problem.reason, problem.row) == (Reason.SCHEMA, 2)
    problem = found(row(dose=None), row(1, dose=None))
    assert (problem.reason, problem.row, problem.field) == (Reason.SCHEMA, 0, "dose")


def test_time_is_between_acceptance_and_submission():
    """With as much as peers allow between two clocks; it rises from row to row."""
    length = UNTIL_MS - SINCE_MS
    early, late = -CLOCKS_APART_MS, length + CLOCKS_APART_MS
    assert found(row(early), row(late)) is None
    for times, number in (
        ((early - 1,), 1),
        ((0, late + 1), 2),
        ((0, 5, 5), 3),
        ((0, 5, 4), 3),
    ):
        problem = found(*map(row, times))
        assert (problem.reason, problem.row, problem.field) == (Reason.TIME, number, "at")


@pytest.mark.parametrize("dose", [0, 0.1, 0.3, 0.7, 1, 0.30000000000000004])
def test_steps_are_counted_as_people_count_them(dose):
    """0.1 is no binary number."""
    assert found(row(dose=dose)) is None


def test_what_fits_has_no_problem():
    """A field may be left out of some rows; what nobody described may be a number, too."""
    assert found(row(), row(1000, dose=None, note=3), row(2000, systolic=None)) is None


def test_fields_that_nobody_described_take_numbers_and_texts():
    """A task without fields.yaml."""
    bare = Instructions("a" * 32, 0, 1, "Home study", "0" * 64, INSTRUCTIONS.questions, {})
    answer = Answer((row(systolic="high", arm=3),))
    assert examine(answer, bare, since_ms=SINCE_MS, until_ms=UNTIL_MS) is None
