# SPDX-License-Identifier: Apache-2.0
from itertools import combinations, pairwise, product
from math import comb, prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pmcb_clustering import (
    ParameterError,
    Sharing,
    independent_leakage,
    pool_leakage,
    spread_leakage,
    worst_placement,
)

PAPER = (0.1, 0.2, 0.3, 0.4, 0.5)
losses = st.floats(0.0, 1.0)


@st.composite
def sharings(draw, max_levels=4, max_receivers=9):
    """Any receivers and thresholds."""
    receivers = draw(st.lists(st.integers(1, max_receivers), min_size=1, max_size=max_levels))
    thresholds = [draw(st.integers(1, number)) for number in receivers]
    return Sharing(tuple(receivers), tuple(thresholds))


@st.composite
def pools(draw):
    """A sharing, the levels' sizes, and colluders in each."""
    sharing = draw(sharings())
    sizes = [number + draw(st.integers(0, 20)) for number in sharing.receivers]
    return sharing, sizes, [draw(st.integers(0, size)) for size in sizes]


@pytest.mark.parametrize(
    ("receivers", "thresholds", "complaint"),
    [
        ((), (), "there are 0 levels; T is 1 to 16"),
        ((9,) * 17, (5,) * 17, "there are 17 levels"),
        ((9, 9), (5,), "thresholds: 1 are given, one for each of 2 levels is needed"),
        ((0,), (1,), "a number of receivers is 0; it must be from 1 to 100"),
        ((101,), (1,), "a number of receivers is 101"),
        ((9,), (0,), "a threshold is 0; it must be from 1 to 9"),
        ((9,), (10,), "a threshold is 10"),
    ],
)
def test_a_sharing_out_of_range_is_refused(receivers, thresholds, complaint):
    """With the range."""
    with pytest.raises(ParameterError, match=complaint):
        Sharing(receivers, thresholds)


def test_receivers_of_other_levels_are_refused():
    """Two numbers for three levels."""
    with pytest.raises(ParameterError, match="receivers of 2 levels are given; T is 3"):
        Sharing.majority((9, 9), 3)


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        (lambda: independent_leakage([0.1], Sharing.majority(9, 2)), "losses: 1 are given"),
        (lambda: independent_leakage([-0.1], Sharing.majority(9)), "a loss is -0.1"),
        (lambda: independent_leakage([float("nan")], Sharing.majority(9)), "a loss is nan"),
        (lambda: pool_leakage([1], [10], Sharing.majority(9, 2)), "colluders: 1 are given"),
        (lambda: pool_leakage([1, 1], [10], Sharing.majority(9, 2)), "sizes: 1 are given"),
        (
            lambda: pool_leakage([1, 1], [9, 8], Sharing.majority(9, 2)),
            "level 2 has 8 receivers; 9 cannot be drawn from it",
        ),
        (lambda: pool_leakage([11], [10], Sharing.majority(9)), "colluders is 11; .* from 0 to 10"),
        (lambda: spread_leakage(3, 17, Sharing.majority(9, 2)), "17 users; 18 receivers cannot"),
        (lambda: spread_leakage(-1, 20, Sharing.majority(9)), "must be from 0 to 20"),
        (lambda: worst_placement(21, [20], Sharing.majority(9)), "must be from 0 to 20"),
        (lambda: worst_placement(1001, [2000], Sharing.majority(9)), "must be from 0 to 1,000"),
    ],
)
def test_numbers_out_of_range_are_refused(model, complaint):
    """As ParameterError, with the range."""
    with pytest.raises(ParameterError, match=complaint):
        model()


@pytest.mark.parametrize(
    ("levels", "shared", "copies"), [(3, 1.72e-6, 0.509), (4, 4.6e-7, 0.504), (5, 2.3e-7, 0.503)]
)
def test_the_papers_losses_and_nine_receivers(levels, shared, copies):
    """Losses .1 to .5: five shares of nine are needed, or one copy of nine is enough."""
    losses = PAPER[:levels]
    found = independent_leakage(losses, Sharing.majority(9, levels)).task
    assert found == pytest.approx(shared, rel=5e-3)
    by_hand = prod(1.0 - (1.0 - loss) ** 9 for loss in losses)
    found = independent_leakage(losses, Sharing.copies(9, levels)).task
    assert found == pytest.approx(by_hand, rel=1e-14)
    assert round(found, 3) == copies


def test_two_shares_of_three_by_hand():
    """With p = 1/4: 3 / 64 * 3 + 1 / 64; every receiver's own copy: 1 - 27 / 64."""
    assert independent_leakage([0.25], Sharing.majority(3)).task == 10 / 64
    assert independent_leakage([0.25], Sharing.copies(3)).task == 37 / 64


def test_at_one_half_more_receivers_never_help():
    """An odd number leaks half the time, like one receiver; even numbers rise towards it."""
    odd = [independent_leakage([0.5], Sharing.majority(r)).task for r in range(1, 100, 2)]
    even = [independent_leakage([0.5], Sharing.majority(r)).task for r in range(2, 101, 2)]
    assert odd == pytest.approx([0.5] * 50, rel=1e-14)
    assert all(below < above < 0.5 for below, above in pairwise(even))


@given(st.floats(1e-6, 0.499), st.integers(1, 49))
def test_below_one_half_two_more_receivers_help_where_the_number_is_odd(loss, half):
    """And above one half they harm, by as much."""
    few, more = 2 * half - 1, 2 * half + 1
    for p, sign in ((loss, -1.0), (1.0 - loss, 1.0)):
        before = independent_leakage([p], Sharing.majority(few)).task
        after = independent_leakage([p], Sharing.majority(more)).task
        change = (2.0 * p - 1.0) * comb(few, half) * (p * (1.0 - p)) ** half
        assert after - before == pytest.approx(change, abs=1e-14)
        assert sign * (after - before) >= -1e-14


@given(sharings(max_receivers=100), st.data())
def test_independent_receivers_against_scipy(sharing, data):
    """The binomial distribution's tail, and the product of the levels."""
    chances = [data.draw(losses) for _ in sharing.receivers]
    found = independent_leakage(chances, sharing)
    expected = [
        stats.binom.sf(k - 1, r, p) for p, (r, k) in zip(chances, sharing.by_level, strict=True)
    ]
    assert found.by_level == pytest.approx(expected, rel=1e-10, abs=1e-300)
    assert found.task == pytest.approx(prod(found.by_level))
    assert found.task <= min(found.by_level)


@given(sharings(), st.data())
def test_more_loss_leaks_more_and_a_higher_threshold_less(sharing, data):
    """Monotone in every p_t, and in every k_t."""
    less = [data.draw(losses) for _ in sharing.receivers]
    more = [data.draw(st.floats(loss, 1.0)) for loss in less]
    low = independent_leakage(less, sharing)
    high = independent_leakage(more, sharing)
    assert all(a <= b + 1e-15 for a, b in zip(low.by_level, high.by_level, strict=True))
    highest = independent_leakage(less, Sharing(sharing.receivers, sharing.receivers))
    assert all(a <= b + 1e-15 for a, b in zip(highest.by_level, low.by_level, strict=True))


@given(pools())
def test_a_finite_pool_against_scipy(pool):
    """The hypergeometric distribution's tail."""
    sharing, sizes, colluders = pool
    found = pool_leakage(colluders, sizes, sharing)
    expected = [
        stats.hypergeom.sf(k - 1, size, number, r)
        for size, number, (r, k) in zip(sizes, colluders, sharing.by_level, strict=True)
    ]
    assert found.by_level == pytest.approx(expected, rel=1e-9, abs=1e-300)
    assert found.task == pytest.approx(prod(found.by_level))


def test_a_large_pool_is_like_independent_receivers():
    """A tenth of ten million users."""
    many = pool_leakage([10**6], [10**7], Sharing.majority(9)).task
    assert many == pytest.approx(independent_leakage([0.1], Sharing.majority(9)).task, rel=1e-4)


@given(pools())
def test_one_more_colluder_never_leaks_less(pool):
    """Nor can fewer than k_t of them open a level."""
    sharing, sizes, colluders = pool
    before = pool_leakage(colluders, sizes, sharing)
    more = [min(size, number + 1) for size, number in zip(sizes, colluders, strict=True)]
    after = pool_leakage(more, sizes, sharing)
    assert all(a <= b for a, b in zip(before.by_level, after.by_level, strict=True))
    for chance, number, k in zip(before.by_level, colluders, sharing.thresholds, strict=True):
        assert (chance > 0.0) == (number >= k)


@pytest.mark.parametrize("levels", [(3, 4), (2, 2, 4)])
@pytest.mark.parametrize("colluders", range(9))
def test_colluders_anywhere_against_all_their_sets(levels, colluders):
    """Every set of C of the eight or seven users, each level's opening by `pool_leakage`."""
    users = sum(levels)
    home = np.repeat(np.arange(len(levels)), levels)
    sharing = Sharing((2,) * len(levels), (1, 2, 1)[: len(levels)])
    if colluders > users:
        return
    chances = [
        pool_leakage(
            np.bincount(home[list(chosen)], minlength=len(levels)).tolist(), levels, sharing
        ).task
        for chosen in combinations(range(users), colluders)
    ]
    found = spread_leakage(colluders, users, sharing)
    assert found.task == pytest.approx(np.mean(chances), rel=1e-12, abs=1e-15)


@given(sharings(), st.integers(0, 60), st.data())
def test_colluders_anywhere_leak_less_than_if_levels_were_independent(sharing, more, data):
    """Whoever sits in one level is missing in another: P_task <= product of the P_t <= least."""
    users = sum(sharing.receivers) + more
    colluders = data.draw(st.integers(0, users))
    found = spread_leakage(colluders, users, sharing)
    assert found.task <= prod(found.by_level) * (1.0 + 1e-12)
    assert found.task <= min(found.by_level)
    for chance, (r, k) in zip(found.by_level, sharing.by_level, strict=True):
        assert chance == pytest.approx(stats.hypergeom.sf(k - 1, users, colluders, r), rel=1e-9)
    assert (found.task > 0.0) == (colluders >= sum(sharing.thresholds))
    if colluders < users:
        assert found.task <= spread_leakage(colluders + 1, users, sharing).task


def test_the_largest_sharing_is_computed_without_overflow():
    """A hundred receivers in each of sixteen levels."""
    sharing = Sharing.majority(100, 16)
    assert 0.0 < spread_leakage(500_000, 10**6, sharing).task < 0.5**16
    assert spread_leakage(10**6, 10**6, sharing).task == 1.0


@pytest.mark.parametrize("colluders", range(1, 18))
def test_the_worst_placement_against_all(colluders):
    """Three levels, all ways to place so many or fewer."""
    sizes, sharing = [5, 7, 6], Sharing((3, 6, 5), (1, 4, 2))
    chances = [
        pool_leakage(placed, sizes, sharing).task
        for placed in product(range(6), range(8), range(7))
        if sum(placed) <= colluders
    ]
    worst = worst_placement(colluders, sizes, sharing)
    assert pool_leakage(worst, sizes, sharing).task == pytest.approx(max(chances), rel=1e-12)
    assert (sum(worst) == 0) == (max(chances) == 0.0)


@given(pools())
def test_no_placement_of_as_many_colluders_is_worse(pool):
    """Neither the drawn one, nor colluders anywhere on the average."""
    sharing, sizes, colluders = pool
    total = sum(colluders)
    worst = worst_placement(total, sizes, sharing)
    assert sum(worst) <= total
    bound = pool_leakage(worst, sizes, sharing).task
    assert pool_leakage(colluders, sizes, sharing).task <= bound * (1.0 + 1e-12)
    assert spread_leakage(total, sum(sizes), sharing).task <= bound * (1.0 + 1e-12)
