# SPDX-License-Identifier: Apache-2.0
"""Strict parameters: nothing passes that merely looks right."""

import json
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chaincode.notes import Draft, Tag

from pmcb_chaincode.bridge import (
    Bool,
    Hash,
    Id,
    Int,
    Json,
    ListOf,
    MapOf,
    Match,
    Ratio,
    Row,
    one_of,
    text,
)
from pmcb_chaincode.bridge._parameters import rule_of

GOOD = {
    "number": "-3",
    "flag": "true",
    "ident": "0123456789abcdef" * 2,
    "digest": "0123456789abcdef" * 4,
    "words": "plain words",
    "share": "1/3",
    "draft": '{"pinned":false,"place":[1,2],"tags":[{"weight":"2","word":"red"}],"title":"t"}',
    "pair": "[3,4]",
}
HEX32, HEX64 = GOOD["ident"], GOOD["digest"]
NUMBERS = [
    "",
    " 1",
    "1 ",
    "+1",
    "01",
    "-01",
    "-0",
    "--1",
    "1.0",
    "1e3",
    "0x1",
    "1_0",
    "nan",
    "true",
]
NUMBERS += ["\u0661", "\u00b2", "1\n", str(2**53), "-6", "6", "9" * 5000]
RATIOS = ["", "1/0", "2/4", "01/2", "1/02", "+1/2", "1/-2", "0/1", "-0", "1 /2", "0.5", "1/2/3"]
RATIOS += [f"1/{10**9 + 1}", "1e3", "\u0661/2", "1/2\n", "4/1"]
DRAFTS = [
    "",
    "{",
    "[]",
    "null",
    "NaN",
    '{"pinned":false,"place":[1,2],"tags":[]}',
    '{"pinned":false,"place":[1,2],"tags":[],"title":"t","more":1}',
    '{"pinned":false,"place":[1,2],"tags":[],"title":"t","title":"t"}',
    '{"pinned":0,"place":[1,2],"tags":[],"title":"t"}',
    '{"pinned":"false","place":[1,2],"tags":[],"title":"t"}',
    '{"pinned":null,"place":[1,2],"tags":[],"title":"t"}',
    '{"pinned":false,"place":[1],"tags":[],"title":"t"}',
    '{"pinned":false,"place":[1,2,3],"tags":[],"title":"t"}',
    '{"pinned":false,"place":[1,10],"tags":[],"title":"t"}',
    '{"pinned":false,"place":[1,1.0],"tags":[],"title":"t"}',
    '{"pinned":false,"place":[1,true],"tags":[],"title":"t"}',
    '{"pinned":false,"place":{"0":1,"1":2},"tags":[],"title":"t"}',
    '{"pinned":false,"place":[1,2],"tags":{},"title":"t"}',
    '{"pinned":false,"place":[1,2],"tags":"red","title":"t"}',
    '{"pinned":false,"place":[1,2],"tags":[1],"title":"t"}',
    '{"pinned":false,"place":[1,2],"tags":[{"weight":"2","word":"green"}],"title":"t"}',
    '{"pinned":false,"place":[1,2],"tags":[{"weight":2,"word":"red"}],"title":"t"}',
    '{"pinned":false,"place":[1,2],"tags":[{"weight":"2/4","word":"red"}],"title":"t"}',
    '{"pinned":false,"place":[1,2],"tags":[{"word":"red"}],"title":"t"}',
    '{"pinned":false,"place":[1,2],"tags":[],"title":""}',
    '{"pinned":false,"place":[1,2],"tags":[],"title":"%s"}' % ("t" * 21),
    '{"pinned":false,"place":[1,2],"tags":[],"title":"\u00e9"}',
    '{"pinned":false,"place":[1,2],"tags":[],"title":7}',
    "[" * 17 + "]" * 17,
    "[" * 100_000,
]
BAD = {
    "number": NUMBERS,
    "flag": ["", "True", "1", "0", "yes", "true ", "null"],
    "ident": ["", HEX32.upper(), HEX32[1:], HEX32 + "0", HEX32[:-1] + "g", HEX32 + "\n"],
    "digest": ["", HEX64.upper(), HEX32, HEX64 + "0", "0x" + HEX64[2:], HEX64 + "\n"],
    "words": ["", "x" * 41, "a\nb", "tab\t", "nul\x00", "caf\u00e9", "cafe\u0301", "\x7f", "a\n"],
    "share": RATIOS,
    "draft": DRAFTS,
    "pair": ["", "[]", "[1]", "[1,2,3]", "[1,10]", '["1",2]', "[1,2", "[1.0,2]", "[true,2]", "3,4"],
}


def call(**changed):
    """Arguments of ``echo``."""
    return ["echo", *(GOOD | changed).values()]


@pytest.mark.parametrize("name", BAD)
async def test_bad_argument_is_named_and_never_quoted(peer, name):
    """Each bad text is refused with 400, a sentence that names the parameter, and not its value."""
    for bad in BAD[name]:
        answer = await peer.call(*call(**{name: bad}))
        assert (answer.status, answer.code) == (400, "BAD_ARGUMENT"), bad
        assert answer.message.startswith(f"BAD_ARGUMENT: {name} "), bad
        assert " must " in answer.message, bad
        assert answer.message.endswith("."), bad
        assert len(bad) < 10 or bad not in answer.message


async def test_invalid_utf8_is_refused(peer):
    """Bytes that are no text are no argument."""
    answer = await peer.call("read", b"\xff\xfe")
    assert answer.message == "BAD_ARGUMENT: key must be valid UTF-8."


@pytest.mark.parametrize("count", [0, 1, 7, 9, 20])
async def test_wrong_number_of_arguments_is_refused(peer, count):
    """Nothing has a default on the wire, and nothing surplus is dropped."""
    texts = (list(GOOD.values()) * 3)[:count]
    answer = await peer.call("echo", *texts)
    assert answer.message == f"BAD_ARGUMENT: echo takes 8 arguments, {count} were given."


async def test_every_kind_of_parameter_is_read(peer):
    """Good texts reach the contract as the values that they stand for."""
    answer = await peer.call(*call())
    assert answer.json() == {
        "number": -3,
        "flag": True,
        "ident": HEX32,
        "digest": HEX64,
        "words": "plain words",
        "share": "1/3",
        "tags": ["red 2"],
        "pinned": False,
        "place": [1, 2],
        "pair": [3, 4],
    }


def rule(hint):
    """The rule that a type carries."""
    return get_args(hint)[1]


@given(st.integers(), st.integers(-100, 100), st.integers(0, 100))
def test_integers_pass_exactly_in_range(value, low, width):
    """An integer's own text passes if and only if it lies in the range."""
    bounds = Int(low, low + width)
    if low <= value <= low + width:
        assert bounds.parse(str(value)) == bounds.check(value) == value
    else:
        with pytest.raises(ValueError, match=f"from {low} to {low + width}"):
            bounds.parse(str(value))
        with pytest.raises(ValueError):
            bounds.check(value)


@given(st.text())
def test_integers_have_one_text(text_):
    """Whatever is read as an integer is written back the same."""
    try:
        value = Int(-(2**53) + 1).parse(text_)
    except ValueError:
        return
    assert str(value) == text_


@given(st.fractions(max_denominator=10**9))
def test_fractions_pass_in_lowest_terms_only(value):
    """An exact fraction has one text."""
    if len(str(value.numerator).lstrip("-")) <= 16:
        assert Ratio().parse(str(value)) == value
    with pytest.raises(ValueError, match="lowest terms"):
        Ratio().parse(f"{value.numerator * 2}/{value.denominator * 2}")


def test_greatest_fraction_passes():
    """A denominator of 10^9 is the last."""
    assert Ratio().parse(f"1/{10**9}") == Fraction(1, 10**9)


RULES = [Int(), Bool(), rule(Id), rule(Hash), text(5), one_of("a"), Ratio()]
RULES += [ListOf(Int(), 0, 1), Row((Int(),)), Json(Tag), Match("a", "an a")]
RULES += [MapOf(Match("a", "an a"), Int(), 0, 1)]


@pytest.mark.parametrize("made", RULES, ids=lambda made: type(made).__name__)
@pytest.mark.parametrize("value", [None, 1.5, float("nan"), b"a", object(), {"x": 1}, [None]])
def test_no_rule_accepts_what_json_cannot_hold(made, value):
    """A rule refuses values of every other type with a ValueError."""
    with pytest.raises(ValueError):
        made.check(value)


def test_words_are_matched_whole():
    """A word that contains another, or a regular expression's sign, is its own."""
    words = one_of("a.b", "a")
    assert words.parse("a.b") == "a.b"
    for other in ("axb", "a.bc", "", "A"):
        with pytest.raises(ValueError, match=r"one of a\.b, a"):
            words.parse(other)


@given(st.lists(st.integers(0, 9), max_size=6))
def test_lists_pass_at_their_length_only(numbers):
    """A list is read as a tuple, if it is neither too short nor too long."""
    rule_ = ListOf(Int(0, 9), 1, 4)
    if 1 <= len(numbers) <= 4:
        assert rule_.parse(json.dumps(numbers)) == tuple(numbers)
    else:
        with pytest.raises(ValueError, match="1 to 4 values"):
            rule_.parse(json.dumps(numbers))


@given(st.dictionaries(st.sampled_from("abcxyz"), st.integers(0, 12), max_size=5))
def test_maps_pass_at_their_size_with_good_keys_and_values_only(numbers):
    """Every key and every value is looked at."""
    rule_ = MapOf(Match("[a-c]", "a letter"), Int(0, 9), 1, 3)
    if not 1 <= len(numbers) <= 3:
        sentence = "must be an object of 1 to 3 entries"
    elif not set("abc").issuperset(numbers):
        sentence = "must be (a letter|an integer from 0 to 9)"
    elif max(numbers.values()) > 9:
        sentence = "must be an integer from 0 to 9"
    else:
        assert rule_.parse(json.dumps(numbers)) == numbers
        return
    with pytest.raises(ValueError, match=sentence):
        rule_.parse(json.dumps(numbers))


@pytest.mark.parametrize("text_", ['{"a":1,"a":1}', '["a"]', '"a"', "", '{"a":1.0}'])
def test_what_is_no_object_is_no_map(text_):
    """Nor is one in which a key stands twice."""
    with pytest.raises(ValueError, match=r"^must "):
        MapOf(Match("a", "an a"), Int(), 0, 9).parse(text_)


def test_record_is_made():
    """A JSON object becomes the dataclass."""
    draft = Json(Draft).parse(GOOD["draft"])
    assert draft == Draft("t", False, (Tag("red", Fraction(2)),), (1, 2))


def test_record_without_rules_is_found_when_it_is_named():
    """A model that is no dataclass, or has a field without a rule, never reaches a call."""

    @dataclass(frozen=True)
    class Loose:
        name: str

    @dataclass(frozen=True)
    class Longer(Tag):
        more: Annotated[int, Int()]

    for model in (Loose, Longer, int):
        with pytest.raises(TypeError):
            Json(model)


@pytest.mark.parametrize("hint", [None, int, "int", Annotated[int, "said"], Annotated[int, int]])
def test_hint_without_a_rule_is_refused(hint):
    """An annotation must say what passes."""
    with pytest.raises(TypeError, match="parameter x carries no rule"):
        rule_of("x", hint)


def test_rule_is_found_among_other_annotations():
    """The first rule counts."""
    assert rule_of("x", Annotated[int, "said", Int(0, 3)]) == Int(0, 3)
