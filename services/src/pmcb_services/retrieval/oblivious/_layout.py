# SPDX-License-Identifier: Apache-2.0
"""Orders of the records, cut into equal buckets.

::

    cut(rows, leaves, depth):
        if leaves == 1: a bucket
        j = dims[depth mod len(dims)];  l = leaves // 2;  m = len(rows) l // leaves
        partition the rows by (code_j, row) at position m
        cut(the first m, l, depth + 1);  cut(the others, leaves - l, depth + 1)

All cuts of a depth are made by one sort of (segment, code, row) packed in 64 bits, so that nothing
is special about ties or about records that are all alike. A layout of one attribute is one sort.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval._box import Codes

from ._shape import Shape

__all__ = ["Rows", "build"]

Rows = NDArray[np.int32]
_Whole = NDArray[np.int64]


def build(
    codes: Codes, patients: NDArray[np.generic] | None, names: tuple[str, ...], shape: Shape
) -> Rows:
    """Which row lies in which slot of which bucket; -1 in empty slots.

    Args:
        codes: shape (n, a); rows in the order of their ids.
        patients: shape (n,), or None where no layout is sorted by them.
        names: of the layouts: "kd", "1d" once per attribute, "patient".
        shape: of the epoch.

    Returns:
        shape (layouts x leaves, B), int32.
    """
    columns = np.ascontiguousarray(codes.T)
    sizes = _sizes(len(codes), shape.leaves)
    slots = np.full((shape.buckets, shape.bucket), -1, dtype=np.int32)
    attribute = 0
    for layout, name in enumerate(names):
        if name == "kd":
            rows = _kd(columns, shape.leaves)
        elif name == "1d":
            rows = np.argsort(columns[attribute], kind="stable")  # of 16 bits: a radix sort
            attribute += 1
        else:
            assert patients is not None
            rows = np.argsort(patients, kind="stable")
        _scatter(rows, sizes, slots[shape.of_layout(layout)])
    return slots


def _scatter(rows: NDArray[np.integer], sizes: _Whole, slots: Rows) -> None:
    """Lay rows into buckets of the given sizes, one bucket after the other."""
    bucket = np.repeat(np.arange(len(sizes)), sizes)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    slots[bucket, place] = rows


def _sizes(rows: int, leaves: int) -> _Whole:
    """How many rows each leaf has when segments are halved again and again."""
    lengths, counts = np.array([rows]), np.array([leaves])
    while counts.max() > 1:
        lengths, counts = _halved(lengths, counts)
    return lengths


def _halved(lengths: _Whole, leaves: _Whole) -> tuple[_Whole, _Whole]:
    """Lengths and leaves of the segments after one more depth of cuts."""
    parts = np.where(leaves > 1, 2, 1)
    left = np.where(leaves > 1, leaves // 2, leaves)
    kept = lengths * left // leaves
    ends = np.cumsum(parts)
    new_lengths = np.empty(int(ends[-1]), dtype=np.int64)
    new_leaves = np.empty_like(new_lengths)
    new_lengths[ends - 1], new_leaves[ends - 1] = lengths - kept, leaves - left
    new_lengths[ends - parts], new_leaves[ends - parts] = kept, left
    return new_lengths, new_leaves


def _kd(columns: Codes, leaves: int) -> NDArray[np.integer]:
    rows = np.arange(columns.shape[1], dtype=np.uint64)
    lengths, counts = np.array([len(rows)]), np.array([leaves])
    depth = 0
    while counts.max() > 1:
        column = columns[depth % len(columns)]
        rows = _by(column, rows, lengths)
        lengths, counts = _halved(lengths, counts)
        depth += 1
    return rows.astype(np.int64)


def _by(column: Codes, rows: NDArray[np.uint64], lengths: _Whole) -> NDArray[np.uint64]:
    """Rows sorted by (code, row) within consecutive segments."""
    bits = max(len(column) - 1, 1).bit_length()
    width = int(column.max(initial=1)).bit_length()
    assert bits + width + len(lengths).bit_length() <= 64
    keys = np.repeat(np.arange(len(lengths), dtype=np.uint64), lengths)
    keys <<= np.uint64(width)
    keys |= column[rows.view(np.int64)]  # NumPy would copy an index without a sign
    keys <<= np.uint64(bits)
    keys |= rows
    keys.sort()
    keys &= np.uint64((1 << bits) - 1)
    return keys
