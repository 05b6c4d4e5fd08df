# SPDX-License-Identifier: Apache-2.0
"""Composite keys sort like their parts, and stay apart from simple ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_chaincode.bridge import composite, prefix_range, split_composite

part = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00\U0010ffff"), max_size=8
)
parts = st.lists(part, min_size=1, max_size=4)


@pytest.mark.parametrize("bad", ["\x00", "a\x00b", "\U0010ffff", "a\U0010ffff"])
def test_part_with_a_delimiter_is_refused(bad):
    """A part that could end early or leave its range is no part."""
    for made in (lambda: composite(bad), lambda: composite("A", bad), lambda: prefix_range(bad)):
        with pytest.raises(ValueError, match=r"U\+0000 or U\+10FFFF"):
            made()


@pytest.mark.parametrize("bad", ["\ud800", "a\udfffb"])
def test_part_without_utf8_is_refused(bad):
    """A lone surrogate could not reach the peer; the sentence does not quote it."""
    for made in (lambda: composite(bad), lambda: composite("A", bad), lambda: prefix_range(bad)):
        with pytest.raises(ValueError, match=r"^a key holds a lone surrogate$"):
            made()


@given(parts)
def test_parts_come_back(names):
    """Splitting undoes joining."""
    assert split_composite(composite(*names)) == tuple(names)


@given(parts, parts)
def test_different_parts_make_different_keys(left, right):
    """No two records share a key."""
    assert (composite(*left) == composite(*right)) is (left == right)


@given(parts, parts)
def test_byte_order_is_the_order_of_parts(left, right):
    """A peer's byte-wise order is the order of the parts' bytes."""

    def encoded(names):
        return [name.encode() for name in names]

    in_order = sorted([left, right], key=encoded)
    assert in_order == sorted([left, right], key=lambda names: composite(*names).encode())


@given(parts, parts)
def test_prefix_range_holds_exactly_the_keys_with_these_parts(prefix, names):
    """A range by prefix neither misses a record nor takes in a neighbour."""
    start, end = prefix_range(*prefix)
    inside = start.encode() <= composite(*names).encode() < end.encode()
    assert inside is (names[: len(prefix)] == prefix)
