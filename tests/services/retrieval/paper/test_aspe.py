# SPDX-License-Identifier: Apache-2.0
"""Keys that cannot serve are refused; signs are those of the plain comparison."""

from typing import Any

import numpy as np
import pytest
from tests.services.retrieval.paper.worlds import box_of, some_codes

from pmcb_services.retrieval.errors import PrecisionLimit, SingularKey
from pmcb_services.retrieval.paper import AspeKey

LEVELS = (256, 16, 1024)


def parts(seed: int = 0) -> dict[str, Any]:
    """The fields of a good key."""
    key = AspeKey.generate(LEVELS, seed)
    names = ("levels", "split", "first", "second")
    return {name: getattr(key, name) for name in names}


@pytest.mark.parametrize("matrix", ["first", "second"])
def test_a_singular_matrix_is_refused(matrix: str):
    """Two equal rows, or a number that is none."""
    good = parts()
    bad = good[matrix].copy()
    bad[1] = bad[0]
    with pytest.raises(SingularKey):
        AspeKey(**good | {matrix: bad})
    bad[1, 0] = np.nan
    with pytest.raises(SingularKey):
        AspeKey(**good | {matrix: bad})


@pytest.mark.parametrize("bit", [False, True])
def test_a_constant_split_is_refused(bit: bool):
    """It would leave one of the two shares plain."""
    good = parts()
    with pytest.raises(SingularKey):
        AspeKey(**good | {"split": np.full_like(good["split"], bit)})


def test_shapes_must_fit():
    """A key of three attributes has nine dimensions."""
    with pytest.raises(ValueError, match="9 dimensions"):
        AspeKey(**parts() | {"first": np.eye(4)})


def test_too_many_levels_for_doubles_are_refused():
    """A margin of half of 2^40 steps is below rounding; 65,536 levels are within it."""
    rng = np.random.default_rng(1)
    with pytest.raises(PrecisionLimit):
        AspeKey.generate((2**40,), rng).check_precision(rng)
    AspeKey.generate((65_536, 2), rng).check_precision(rng)


def test_generated_keys_are_whole_and_usable():
    """M1, M2 of whole numbers from -10 to 10; S has both bits; the seed repeats the key."""
    for seed in range(20):
        good = parts(seed)
        for matrix in (good["first"], good["second"]):
            assert np.array_equal(matrix, np.rint(matrix))
            assert np.abs(matrix).max() <= 10
            assert np.linalg.cond(matrix) <= 1000
        assert 0 < good["split"].sum() < 9
    assert np.array_equal(parts(7)["first"], parts(7)["first"])


def test_a_sign_is_the_comparison_at_every_level():
    """Both bounds of one attribute, all 16 levels, all 136 ranges: the dummies never flip one."""
    rng = np.random.default_rng(2)
    key = AspeKey.generate(LEVELS, rng)
    codes = np.stack([np.zeros(16), np.arange(16), np.full(16, 1023)], axis=1).astype(np.uint16)
    for low in range(16):
        for high in range(low, 16):
            door = key.trapdoor(box_of(LEVELS, {1: (low, high)}), rng)
            signs = key.encrypt(codes, rng) @ door.bounds.T > 0
            assert signs[:, 0].tolist() == [level >= low for level in range(16)]
            assert signs[:, 1].tolist() == [level <= high for level in range(16)]


def test_products_survive_encryption():
    """E(p).E(q) = p.q, and two encryptions of one record differ."""
    rng = np.random.default_rng(3)
    key = AspeKey.generate(LEVELS, rng)
    points = key.points(some_codes(rng, 50, LEVELS), rng)
    queries = key.queries(box_of(LEVELS, {0: (3, 9), 2: (1, 1)}), rng)
    products = key.seal_points(points, rng) @ key.seal_queries(queries, rng).T
    assert np.allclose(products, points @ queries.T, atol=1e-9)
    assert not np.allclose(key.seal_points(points, rng), key.seal_points(points, rng))


def test_a_wildcard_has_no_token():
    """Two tokens for the ranged attribute, zeros elsewhere."""
    rng = np.random.default_rng(4)
    door = AspeKey.generate(LEVELS, rng).trapdoor(box_of(LEVELS, {1: (2, 3)}), rng)
    assert door.bounds.shape == (2, 18)
    assert not door.tokens[[0, 1, 4, 5]].any()
