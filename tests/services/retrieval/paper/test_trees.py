# SPDX-License-Identifier: Apache-2.0
"""Every structure finds exactly the records inside, compiled or not, and counts alike."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.services.retrieval.paper.worlds import World, box_of, some_box, some_codes

from pmcb_services.retrieval import vitals
from pmcb_services.retrieval.paper import KdTree, RangeTree, _frontier, _kernels, best_of_all

LEVELS = (256, 256, 256, 256, 1024)


def test_without_numba_the_searches_are_those_in_numpy():
    """The extra is optional: its absence changes the speed, nothing else."""
    script = (
        "import sys; sys.modules['numba'] = None; import importlib.util as u; find = u.find_spec; "
        "u.find_spec = lambda n, *r: None if n == 'numba' else find(n, *r); "
        "import pmcb_services.retrieval.paper as p; print(p.search_kd.__module__)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert answer.stdout.strip() == "pmcb_services.retrieval.paper._frontier"


@settings(max_examples=40)
@given(
    n=st.sampled_from([0, 1, 2, 3, 17, 200]),
    a=st.integers(1, 8),
    leaf=st.sampled_from([1, 4, 16]),
    indexed=st.integers(1, 4),
    spread=st.sampled_from([1, 3, 10**6]),
    seed=st.integers(0, 2**31),
)
def test_all_structures_equal_plain_comparison(n, a, leaf, indexed, spread, seed):
    """Few and no records, all alike, ties at splits, any wildcards, one level wide."""
    rng = np.random.default_rng(seed)
    levels = tuple(rng.choice([2, 16, 256, 1024], a).tolist())
    world = World(some_codes(rng, n, levels, spread=spread), levels, seed, leaf, indexed)
    for _ in range(4):
        world.check(some_box(rng, world.codes, levels))


def test_edges_of_the_scale_are_inside():
    """Lowest and highest levels, single levels, everything, and every pattern of wildcards."""
    levels = (4, 4, 4)
    grid = np.stack(np.meshgrid(*[np.arange(4)] * 3), axis=-1).reshape(-1, 3).astype(np.uint16)
    world = World(np.concatenate([grid, grid]), levels, seed=1, leaf=2)
    world.check(box_of(levels, {}))
    for pattern in range(1, 8):
        for low, high in [(0, 0), (0, 3), (3, 3), (1, 2)]:
            chosen = [j for j in range(3) if pattern >> j & 1]
            world.check(box_of(levels, dict.fromkeys(chosen, (low, high))))


def test_a_thousand_vitals_in_two_hundred_boxes():
    """Real ties, or those of the stand-in."""
    rng = np.random.default_rng(3)
    world = World(vitals.load(1000).narrowed(5).codes, LEVELS, seed=3, leaf=16)
    for at in range(200):
        world.check(some_box(rng, world.codes, LEVELS), both=at < 30)


@pytest.mark.audit
@pytest.mark.timeout(900)
def test_ten_thousand_boxes_and_a_hundred_thousand_records():
    """The long form: 10,000 boxes on 1,000 records, 100 of them on 100,000."""
    rng = np.random.default_rng(4)
    data = vitals.load(100_000).narrowed(5).codes
    for n, boxes in ((1000, 10_000), (100_000, 100)):
        world = World(data[rng.permutation(len(data))[:n]], LEVELS, seed=n, leaf=16)
        for at in range(boxes):
            world.check(some_box(rng, world.codes, LEVELS), both=at < 10**6 // n)


def test_the_best_are_the_same_by_scan_and_by_tree():
    """Greedy, depth first, by the k-th score: the scan's records, for fewer products."""
    world = World(some_codes(np.random.default_rng(5), 2000, LEVELS), LEVELS, seed=5)
    token = world.key.ranking(np.array([1.0, 1.0, 0.0, 0.0, 1.0]), world.rng)
    for k in (1, 10, 50, 3000):
        every = best_of_all(world.flat, token, k)
        numpy, compiled = (
            module.best_in_balanced(world.balanced, world.flat, token, k)
            for module in (_frontier, _kernels)
        )
        assert numpy.ids.tolist() == compiled.ids.tolist()
        assert numpy[1:] == compiled[1:]
        scores = world.flat @ token
        # a node's own dummies may hide a record that is better by less than they are
        blur = 2e-4 * np.ptp(scores)
        assert np.allclose(scores[numpy.ids], scores[every.ids], rtol=0, atol=blur)
        assert k > 50 or compiled.tests < 2000


def test_few_records_of_a_walk_by_hand():
    """Values 0..7 in leaves of one, 2..3: the root, its left half, then both quarters' leaves.

    Pivot 4: >= 2 yes, <= 3 no: left. Pivot 2: yes, yes: both; left 0..1 has its upper bound
    proven, pivot 1: no: right, record 1: no. Right 2..3 has its lower bound proven, pivot 3: yes:
    the left one is proven, in it nothing is tested; record 3: <= 3.
    """
    codes = np.arange(8, dtype=np.uint16)[:, None]
    world = World(codes, (8,), seed=6, leaf=1)
    door = world.key.trapdoor(box_of((8,), {0: (2, 3)}), world.rng)
    for module in (_frontier, _kernels):
        found = module.search_range_tree(world.trees[0], world.table, door)
        assert found.ids.tolist() == [2, 3]
        assert (found.tests, found.nodes) == (2 + 2 + 1 + 1 + 1 + 1, 7)


def test_pivots_stand_apart_from_what_building_reorders():
    """A kd-tree whose pivots are read from its ids gives wrong answers without an error."""
    rng = np.random.default_rng(7)
    codes = some_codes(rng, 500, LEVELS)
    tree = KdTree.build(codes, tuned=True)
    middle = len(tree.ids) // 2
    assert tree.pivots[1] != tree.ids[middle]
    assert (codes[tree.ids[:middle], 0] <= codes[tree.pivots[1], 0]).all()


def test_the_storage_law_is_what_building_stores():
    """Copies of each record number: C(L + g - 1, g - 1), where n is B times a power of two."""
    from pmcb_services.retrieval.paper._cost import copies

    codes = some_codes(np.random.default_rng(8), 512, LEVELS)
    for g, leaf in ((1, 4), (2, 4), (3, 8), (4, 16), (5, 1)):
        tree = RangeTree.build(codes, np.arange(512, dtype=np.int32), tuple(range(g)), leaf)
        assert len(tree.pool) == 512 * copies(512, g, leaf)
