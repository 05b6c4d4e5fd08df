# SPDX-License-Identifier: Apache-2.0
"""Canonical JSON: one text for one value."""

import json
from collections import OrderedDict
from enum import IntEnum, StrEnum
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_chaincode.bridge import JsonObject, canonical_dumps, canonical_loads

LIMIT = 2**53 - 1


class Colour(StrEnum):
    RED = "red"


class Number(IntEnum):
    ONE = 1


keys = st.text(st.characters(max_codepoint=127))
texts = st.text(st.characters(exclude_categories=["Cs"]))
integers = st.integers(-LIMIT, LIMIT)
values = st.recursive(
    st.booleans() | integers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


def nested(depth):
    """Lists inside lists."""
    value: object = 1
    for _ in range(depth - 1):
        value = [value]
    return value


looped: list[object] = []
looped.append(looped)


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"a": None},
        [None],
        1.0,
        [0.5],
        float("nan"),
        LIMIT + 1,
        -LIMIT - 1,
        {1: "a"},
        {"\u00e9": 1},
        {"a\ud800": 1},
        b"bytes",
        bytearray(b"bytes"),
        memoryview(b"bytes"),
        {1, 2},
        "\ud800",
        ["\udfff"],
        object(),
        Number.ONE,
        nested(17),
        looped,
    ],
    ids=lambda value: type(value).__name__,
)
def test_value_without_canonical_form_is_refused(value):
    """What another endorser or reader could write or read otherwise is a ValueError."""
    with pytest.raises(ValueError, match=r"^must "):
        canonical_dumps(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nul",
        "{'a':1}",
        '{"a":1}x',
        "01",
        "+1",
        "\ufeff1",
        '{"a":1,"a":1}',
        '[{"b":{"a":1,"a":2}}]',
        "1.0",
        "1e3",
        "-0.0",
        "NaN",
        "Infinity",
        "-Infinity",
        "null",
        '{"a":null}',
        str(LIMIT + 1),
        '{"\u00e9":1}',
        '"\\ud800"',
        '"\n"',
        "[" * 17 + "]" * 17,
        "[" * 100_000 + "]" * 100_000,
        b"\xff",
        b'"\xed\xa0\x80"',
        '"a"'.encode("utf-16"),
    ],
    ids=lambda text: repr(text)[:20],
)
def test_text_that_is_not_strict_is_refused(text):
    """Duplicate keys, floats, null, other encodings and great depth are a ValueError."""
    with pytest.raises(ValueError, match=r"^must "):
        canonical_loads(text)


def test_number_of_5000_digits_is_refused():
    """However long, an integer out of range is a ValueError."""
    with pytest.raises(ValueError):
        canonical_loads("9" * 5000)


def test_refusal_quotes_nothing():
    """An error names the rule, never the value."""
    for text in ('{"marker', '"marker\ud800"', '{"marker\u00e9":1}', '{"marker":1,"marker":2}'):
        with pytest.raises(ValueError) as caught:
            canonical_loads(text)
        assert "marker" not in str(caught.value)


def test_extremes_pass():
    """The greatest integers and depth, and non-ASCII texts, have a canonical form."""
    assert canonical_dumps([LIMIT, -LIMIT]) == b"[9007199254740991,-9007199254740991]"
    assert canonical_loads(canonical_dumps(nested(16))) == nested(16)
    assert canonical_dumps({"a": "\u00e9\u2028"}) == '{"a":"\u00e9\u2028"}'.encode()


def test_every_kind_of_mapping_and_sequence_has_the_same_form():
    """Read-only and ordered mappings, tuples, ranges and text enums encode like plain ones."""
    value: JsonObject = MappingProxyType({"b": (1, 2), "a": OrderedDict(z=Colour.RED, y=range(2))})
    assert canonical_dumps(value) == b'{"a":{"y":[0,1],"z":"red"},"b":[1,2]}'


def test_spaces_and_order_are_free_on_the_way_in():
    """What a client sends need not be canonical; what is stored is."""
    assert canonical_dumps(canonical_loads('{ "b" : 1,\n"a":[ true ]}')) == b'{"a":[true],"b":1}'


@given(values)
def test_round_trip(value):
    """Every value comes back, and re-encodes to the same bytes."""
    data = canonical_dumps(value)
    assert canonical_loads(data) == value
    assert canonical_dumps(canonical_loads(data)) == data
    assert json.loads(data) == value


@given(st.dictionaries(keys, integers), st.randoms())
def test_order_of_insertion_does_not_matter(value, random):
    """Two endorsers that build a record in another order write the same bytes."""
    shuffled = list(value.items())
    random.shuffle(shuffled)
    assert canonical_dumps(dict(shuffled)) == canonical_dumps(value)


@given(st.text() | st.binary())
def test_what_is_read_can_be_written(data):
    """Whatever text is accepted has a canonical form."""
    try:
        value = canonical_loads(data)
    except ValueError:
        return
    assert canonical_loads(canonical_dumps(value)) == value


@given(values.map(json.dumps))
def test_escaped_text_reads_alike(text):
    """JSON with escapes gives the same value as JSON without."""
    assert canonical_loads(text) == json.loads(text)
