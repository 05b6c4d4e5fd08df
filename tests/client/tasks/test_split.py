# SPDX-License-Identifier: Apache-2.0
from itertools import combinations, pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pmcb_client.tasks import Question, mass, split
from pmcb_client.usage_errors import SplitImpossible


def questions(*sensitivities):
    return [Question(f"q{i}", "?", ("f",), s) for i, s in enumerate(sensitivities)]


def brute_force(asked, levels, apart):
    """Every cut there is: the best by (sum of squared deviations, cut positions), or None."""
    ordered = sorted(asked, key=lambda question: question.sensitivity)
    mean = mass(ordered) / levels
    found = []
    for cuts in combinations(range(1, len(ordered)), levels - 1):
        groups = [ordered[a:b] for a, b in pairwise((0, *cuts, len(ordered)))]
        names = [{question.id for question in group} for group in groups]
        if not any(set(pair) <= group for pair in apart for group in names):
            off = sum((mass(group) - mean) ** 2 for group in groups)
            found.append((round(off, 6), cuts, [[q.id for q in group] for group in groups]))
    return min(found)[2] if found else None


def test_fewer_questions_than_levels_are_refused_with_the_way_out():
    """Every level needs a question."""
    with pytest.raises(SplitImpossible, match=r"2 questions.*3 levels") as refused:
        split(questions(1, 2), 3)
    assert "at least 3" in refused.value.next_step


def test_an_impossible_demand_names_the_pairs():
    """Three neighbouring pairs need three cuts, and three levels have only two."""
    apart = [("q0", "q1"), ("q4", "q5"), ("q2", "q3")]
    with pytest.raises(SplitImpossible, match="q0 and q1, q2 and q3, q4 and q5"):
        split(questions(1, 1, 2, 2, 3, 3), 3, apart)


def test_overlapping_pairs_share_a_cut():
    """Pairs that one cut parts are no reason to refuse."""
    groups = split(questions(1, 1, 2, 2), 2, [("q0", "q3"), ("q1", "q2"), ("q0", "q2")])
    assert [[q.id for q in group] for group in groups] == [["q0", "q1"], ["q2", "q3"]]


def test_apart_outweighs_balance():
    """A pair is parted even where the masses become less equal."""
    asked = questions(1, 1, 1, 1)
    assert [len(group) for group in split(asked, 2)] == [2, 2]
    assert [len(group) for group in split(asked, 2, [("q0", "q1")])] == [1, 3]


def test_equal_sensitivities_keep_the_given_order():
    """Sorting is stable."""
    groups = split(questions(2, 1, 2, 1), 2)
    assert [[q.id for q in group] for group in groups] == [["q1", "q3"], ["q0", "q2"]]


@given(
    sensitivities=st.lists(st.integers(1, 5), min_size=2, max_size=9),
    levels=st.integers(2, 5),
    picks=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=4),
)
@example(sensitivities=[1, 1, 1, 1, 1], levels=2, picks=[])
def test_it_is_the_best_of_all_cuts(sensitivities, levels, picks):
    """The programme finds what trying every cut finds, and refuses only when nothing is left."""
    asked = questions(*sensitivities)
    assume(len(asked) >= levels)
    apart = [(f"q{a}", f"q{b}") for a, b in picks if a != b and max(a, b) < len(asked)]
    best = brute_force(asked, levels, apart)
    if best is None:
        with pytest.raises(SplitImpossible):
            split(asked, levels, apart)
    else:
        assert [[q.id for q in group] for group in split(asked, levels, apart)] == best


def test_the_largest_task_is_cut():
    """200 questions in 16 groups: nothing lost, order of sensitivity kept."""
    asked = questions(*(1 + i * 7 % 5 for i in range(200)))
    groups = split(asked, 16)
    flat = [question for group in groups for question in group]
    assert len(groups) == 16
    assert sorted(q.id for q in flat) == sorted(q.id for q in asked)
    assert [q.sensitivity for q in flat] == sorted(q.sensitivity for q in asked)
