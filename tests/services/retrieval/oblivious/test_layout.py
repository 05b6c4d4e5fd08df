# SPDX-License-Identifier: Apache-2.0
"""Layouts are cut as the recursion says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_services.retrieval._settings import Settings
from pmcb_services.retrieval.oblivious._directory import Directory
from pmcb_services.retrieval.oblivious._layout import build
from pmcb_services.retrieval.oblivious._policy import Policy
from pmcb_services.retrieval.oblivious._shape import Shape, padded


def cut(rows, leaves, depth, codes, dims):
    """The recursion, written as it reads."""
    if leaves == 1:
        return [sorted(rows)]
    j = dims[depth % len(dims)]
    half = leaves // 2
    middle = len(rows) * half // leaves
    ordered = sorted(rows, key=lambda row: (codes[row, j], row))
    left = cut(ordered[:middle], half, depth + 1, codes, dims)
    return left + cut(ordered[middle:], leaves - half, depth + 1, codes, dims)


def shape_of(n, layouts, leaves):
    """So many leaves of buckets that hold them."""
    return Shape(n, layouts, leaves, 16, 64, 4, 8 + -(-n // leaves))


@given(st.integers(0, 60), st.integers(1, 9), st.integers(1, 3), st.integers(0, 99))
def test_all_layouts_are_those_of_the_recursion(n, leaves, attributes, seed):
    """kd, one order per attribute, and by patient; any number of rows and leaves."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 5, (n, attributes)).astype(np.uint16)
    patients = rng.integers(0, 9, n)
    names = ("kd", *["1d"] * attributes, "patient")
    slots = build(codes, patients, names, shape_of(n, len(names), leaves))
    orders = [list(range(attributes)), *[[j] for j in range(attributes)]]
    everything = np.column_stack([codes, patients])
    for layout, dims in enumerate([*orders, [attributes]]):
        found = slots[layout * leaves : (layout + 1) * leaves]
        expected = cut(list(range(n)), leaves, 0, everything, dims)
        assert [sorted(bucket[bucket >= 0].tolist()) for bucket in found] == expected


def test_codes_of_16_bits_are_cut_as_small_ones_are():
    """The greatest code is no special case."""
    codes = np.array([[65_535], [0], [65_535], [1]], np.uint16)
    slots = build(codes, None, ("1d",), shape_of(4, 1, 2))
    assert [sorted(bucket[bucket >= 0].tolist()) for bucket in slots] == [[1, 3], [0, 2]]


@given(st.integers(0, 80), st.integers(1, 6), st.sampled_from([2, 8, 9, 17]), st.integers(0, 99))
def test_a_directory_bounds_what_its_buckets_hold(n, leaves, width, seed):
    """Least and greatest code, count, first and last patient."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 9, (n, width)).astype(np.uint16)
    patients = rng.integers(0, 9, n).astype(np.uint32)
    slots = build(codes, patients, ("kd", "patient"), shape_of(n, 2, leaves))
    directory = Directory.of(codes, slots, patients, leaves)
    for bucket, rows in enumerate(slots):
        held = rows[rows >= 0]
        assert directory.counts[bucket] == len(held)
        if len(held):
            assert directory.low[:, bucket].tolist() == codes[held].min(0).tolist()
            assert directory.high[:, bucket].tolist() == codes[held].max(0).tolist()
            if bucket >= leaves:
                ends = directory.patients[:, bucket - leaves].tolist()
                assert ends == [patients[held].min(), patients[held].max()]
    for patient in range(10):
        found = directory.of_patient(patient, slice(leaves, 2 * leaves))
        with_them = [
            b
            for b in range(leaves, 2 * leaves)
            if (patients[slots[b][slots[b] >= 0]] == patient).any()
        ]
        assert set(with_them) <= set(found.tolist())


@given(st.integers(0, 10**7))
def test_the_padded_number_of_records_is_coarse_and_near(n):
    """At least n and 256, above it by a sixteenth or 256 at most, and padded to itself."""
    found = padded(n)
    assert max(n, 256) <= found <= n + max(256, n // 8)
    assert found % 256 == 0
    assert padded(found) == found


@pytest.mark.parametrize(("n", "layouts"), [(0, 1), (1000, 3), (100_000, 7), (10**7, 2)])
@pytest.mark.parametrize("policy", ["doubling", "fixed:8", "fixed:100"])
def test_an_epoch_has_rounds_enough_and_dummies_for_all_of_them(n, layouts, policy):
    """T in its range, a multiple of a fixed R and twice R at least; D = T q; n fits."""
    found = Policy.parse(policy)
    shape = Shape.of(n, layouts, 19, Settings(), found)
    assert shape.dummies == shape.rounds * 32
    assert shape.leaves * 128 * 0.8 >= n
    assert shape.rounds >= 16
    assert shape.rounds <= max(16, (64 << 20) // (32 * 128 * 19)) + found.fixed + 2 * found.fixed
    if found.fixed:
        assert shape.rounds % found.fixed == 0
        assert shape.rounds >= 2 * found.fixed
