# SPDX-License-Identifier: Apache-2.0
"""Truth discovery: against a plain reckoning, by its symmetries, and where it fails."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmcb_benchmarks._receivers import Kind, diaries, diary, readings, ward
from pmcb_client.answers import Answer, Reason, Row
from pmcb_client.fields import Field
from pmcb_services.verification import (
    Claims,
    Finding,
    Verdict,
    discover,
    judge_reliability,
    judge_together,
    weights_of,
)

NO_WORDS = np.empty((0, 0), np.int64)
SEEDS = st.integers(0, 2**32 - 1)


def numbers(*columns):
    """Claims of numbers only."""
    table = np.array(columns, dtype=float).T
    return Claims(table, np.empty((len(table), 0), np.int64))


def rejected(answers, asked):
    """Who is rejected."""
    found = judge_together(answers, asked)
    assert {one.reason for one in found if one.verdict is Verdict.REJECT} <= {Reason.TRUTH}
    return np.array([one.verdict is Verdict.REJECT for one in found])


def reckoned(table, scales, rounds=200):
    """CRH with loops, as the paper writes it."""
    n, p = len(table), len(scales)
    truths = [sorted(row[f] for row in table)[n // 2] for f in range(p)]
    for _ in range(rounds):
        losses = [
            max(sum(((row[f] - truths[f]) / scales[f]) ** 2 for f in range(p)) / p, 1e-6)
            for row in table
        ]
        weights = [-math.log(loss / sum(losses)) for loss in losses]
        truths = [
            sum(w * row[f] for w, row in zip(weights, table, strict=True)) / sum(weights)
            for f in range(p)
        ]
    return truths


def test_fewer_than_five_are_not_compared():
    """Four say nothing about the fourth."""
    with pytest.raises(ValueError, match="5 persons"):
        judge_reliability(numbers([1, 1, 1, 9]), np.array([0.1]))
    asked = ward(1)
    answers = [Answer((Row(1, {"pm25": value}),)) for value in (35, 35, 36, 400)]
    assert judge_together(answers, asked) == [Finding.accept()] * 4
    assert rejected([*answers, answers[0]], asked).tolist() == [False, False, False, True, False]


def test_personal_questions_are_never_compared():
    """Two hundred random weeks beside each other are all accepted."""
    made = diaries(np.random.default_rng(1), [Kind.RANDOM, Kind.HONEST] * 100)
    assert judge_together(made, diary()) == [Finding.accept()] * 200


def test_weights_by_hand():
    """Half of all loss weighs log 2, a quarter log 4."""
    assert weights_of(np.array([2.0, 1.0, 1.0])) == pytest.approx(np.log([2, 4, 4]))


def test_truths_by_hand():
    """The third of three is as far from the truth as both others together, and weighs less.

    Truth t of 0, 2, 7 with scale 1 solves t = (2 w2 + 7 w3) / (w1 + w2 + w3).
    """
    truth = discover(numbers([0, 2, 7]), np.array([1.0]), np.array([2.0])).numbers[0]
    losses = [truth**2, (2 - truth) ** 2, (7 - truth) ** 2]
    w1, w2, w3 = (-math.log(loss / sum(losses)) for loss in losses)
    assert truth == pytest.approx((2 * w2 + 7 * w3) / (w1 + w2 + w3))
    assert w2 > w1 > w3


@settings(max_examples=40)
@given(SEEDS)
def test_truths_are_those_of_a_plain_reckoning(seed):
    """Two numbers of nine persons, one of them far away."""
    table = np.random.default_rng(seed).normal([5, 50], [1, 10], (9, 2))
    table[0] += [8, 80]
    start = np.sort(table, axis=0)[4]
    scales = np.array([1.0, 10.0])
    found = discover(numbers(*table.T), scales, start)
    assert found.numbers == pytest.approx(reckoned(table.tolist(), scales), rel=1e-5)


def test_words_are_voted_on_by_weight():
    """Two reliable persons outweigh three who are wrong elsewhere."""
    far = numbers([10, 10.1, 40, -30, 90, 10.05])
    claims = replace(far, words=np.array([[0], [0], [1], [1], [1], [-1]]))
    assert discover(claims, np.array([1.0]), np.array([10.0])).words.tolist() == [0]


@settings(max_examples=30)
@given(SEEDS)
def test_the_order_of_persons_does_not_matter(seed):
    """Everybody keeps the finding."""
    rng = np.random.default_rng(seed)
    asked = ward(2, word=True)
    answers = readings(rng, [Kind.HONEST] * 14 + [Kind.NOISY] * 4 + [Kind.MALICIOUS] * 2, asked)
    order = rng.permutation(20)
    found = judge_together(answers, asked)
    again = judge_together([answers[k] for k in order], asked)
    assert [one.verdict for one in again] == [found[k].verdict for k in order]
    assert all(abs(a.score - found[k].score) <= 1 for a, k in zip(again, order, strict=True))


@settings(max_examples=30)
@given(SEEDS, st.floats(0.01, 100), st.floats(-1000, 1000))
def test_units_do_not_matter(seed, scale, offset):
    """Celsius or Fahrenheit: the same persons are too far."""
    table = np.random.default_rng(seed).standard_t(2, (30, 2))
    step = np.array([0.01, 0.01])
    one = judge_reliability(numbers(*table.T), step)
    other = judge_reliability(numbers(*(table * scale + offset).T), step * scale)
    assert one.is_far.tolist() == other.is_far.tolist()


def test_who_agrees_exactly_has_company_within_a_step():
    """A meter that everybody reads alike: one step off is no fault, ten are."""
    read = [[20.0] * 12 + [20.1, 21.0]]
    found = judge_reliability(numbers(*read), np.array([0.1]))
    assert found.is_far.nonzero()[0].tolist() == [13]
    assert found.scores[13] < found.scores[12] < found.scores[0] == 100


@pytest.mark.parametrize(
    ("read", "strange"),
    [
        ([20.0] * 5 + [20.1, 19.9], 67 * 0.3),
        ([20.0] * 6 + [20.1, 19.9, 20.1], 20.000000000001),
        ([20.0] * 5, 5e-324),
        ([20.1, 19.9, 20.2, 20.1, 20.3, 19.8], 20.123456789),
    ],
)
def test_the_digits_of_one_answer_are_nobody_elses_step(read, strange):
    """An unrounded mean among readings: the honest are told apart by their own digits."""
    field = Field("temperature", "C", 0, 50)
    asked = replace(ward(2), fields={**ward(2).fields, "temperature": field})
    answers = [Answer((Row(1, {"temperature": value}),)) for value in (*read, strange)]
    found = judge_together(answers, asked)
    assert [one.verdict for one in found[:-1]] == [Verdict.ACCEPT] * len(read)
    assert (found[-1].verdict is Verdict.REJECT) == (strange < 1)
    assert all(0 <= one.score <= 100 for one in found)


def test_scores_are_scores_however_far_off_somebody_is():
    """Squares that no float holds: the ledger takes 0 to 100 only."""
    found = judge_reliability(numbers([20.0] * 9 + [1e200]), np.array([1e-150]))
    assert found.is_far.nonzero()[0].tolist() == [9]
    assert found.scores.min() >= 0
    assert found.scores.max() <= 100


def test_one_word_rejects_nobody_and_many_do():
    """To differ once may be a mistake."""
    words = np.zeros((20, 4), np.int64)
    words[0] = [1, 0, 0, 0]
    words[1] = [1, 1, 1, 1]
    found = judge_reliability(Claims(np.empty((20, 0)), words), np.empty(0))
    assert found.is_far.nonzero()[0].tolist() == [1]
    assert found.truths.words.tolist() == [0, 0, 0, 0]


def test_gaps_are_not_held_against_anybody():
    """Whoever gives less is judged by that; a field that four give is not compared."""
    asked = ward(2)
    air = [35, 33, 36, 38, 34, 35, 37, 32, 36, 35, 34, 36]
    both = [Answer((Row(1, {"pm25": one, "temperature": 21.0 + one / 100}),)) for one in air]
    only = [Answer((Row(1, {"pm25": one}),)) for one in air]
    assert not rejected([*both[:6], *only[6:]], asked).any()
    strange = Answer((Row(1, {"temperature": 49.0}),))
    few = [*both[:3], *only[3:], strange]
    assert not rejected(few, asked).any()


def test_several_rows_count_as_their_median():
    """And words as the one given most often."""
    asked = ward(1, word=True)
    rows = tuple(
        Row(n, {"pm25": value, "window": word})
        for n, (value, word) in enumerate([(35, "open"), (500, "closed"), (34, "open")])
    )
    others = readings(np.random.default_rng(4), [Kind.HONEST] * 20, asked)
    assert not rejected([*others, Answer(rows)], asked)[20]


def test_where_no_majority_agrees_nobody_is_rejected():
    """Numbers from anywhere have no truth."""
    asked = ward(1)
    answers = [Answer((Row(1, {"pm25": float(50 * n)}),)) for n in range(11)]
    assert not rejected(answers, asked).any()


def test_the_rejected_field_is_the_one_farthest_off():
    """Evidence names it."""
    asked = ward(2)
    answers = readings(np.random.default_rng(5), [Kind.HONEST] * 20, asked)
    liar = Answer((Row(1, {"pm25": 35, "temperature": 40.0}),))
    found = judge_together([*answers, liar], asked)[20]
    assert (found.reason, found.field) == (Reason.TRUTH, "temperature")


@pytest.mark.parametrize("fields", [1, 4])
def test_a_tenth_that_colludes_is_caught_and_hardly_anybody_else(fields):
    """The target, over five fixed seeds."""
    kinds = [Kind.HONEST] * 140 + [Kind.NOISY] * 40 + [Kind.MALICIOUS] * 20
    asked = ward(fields)
    found = np.array(
        [rejected(readings(np.random.default_rng(n), kinds, asked), asked) for n in range(5)]
    )
    assert found[:, 180:].mean() >= 0.95
    assert found[:, :140].mean() <= 0.02


def test_a_majority_that_lies_alike_is_believed():
    """The limit: the honest are rejected then."""
    asked = ward(1)
    kinds = [Kind.HONEST] * 40 + [Kind.MALICIOUS] * 60
    found = rejected(readings(np.random.default_rng(6), kinds, asked), asked)
    assert found[:40].mean() > 0.9
    assert not found[40:].any()
