# SPDX-License-Identifier: Apache-2.0
"""Canonical JSON against the standard library's, and everything that a parameter may be."""

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fuzz.checks import MARKER, attempt, examples
from tests.fuzz.damage import documents, scarred

from pmcb_chaincode.bridge import (
    Bool,
    Int,
    ListOf,
    MapOf,
    Match,
    Ratio,
    Refusal,
    canonical_dumps,
    canonical_loads,
    one_of,
    text,
)
from pmcb_chaincode.contract import Governance, GovernanceError, Pmcb
from pmcb_client._canonical import canonical

MAX_INT = 2**53 - 1
HEX32, HEX64 = "0a" * 16, "0b" * 32
SPEC = {
    "series": "",
    "levels": 3,
    "accept_until": 1_000_000,
    "submit_until": 2_000_000,
    "verifiers": ["HospitalAMSP/v1"],
    "institution": "HospitalBMSP/i1",
    "results_to": "institution",
    "notice_hash": HEX64,
    "subtasks": [{"level": 1, "slots": 2, "reward": 0, "envelope_hash": HEX64}],
}
MANIFEST = {
    "levels": 3,
    "per_level": [1, 1, 1],
    "graph_hash": HEX64,
    "params_hash": HEX64,
    "assignment_hash": HEX64,
    "batches": 1,
    "count": 3,
}
ENTRIES = [["HospitalAMSP", "r1", 1, 0], ["HospitalBMSP", "r2", 2, 0]]
DOCUMENTS = (SPEC, MANIFEST, ENTRIES, {"words": MARKER, "in": [[MARKER], {"a": True}]})
VALUES = st.recursive(
    st.text(st.characters(exclude_categories=["Cs"]))
    | st.integers(-MAX_INT, MAX_INT)
    | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


def _depth(value):
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 1


def _fits(pairs_or_value):
    """Independently of the code under test: no float, null, big number, odd key or surrogate."""
    match pairs_or_value:
        case bool():
            return True
        case int():
            return abs(pairs_or_value) <= MAX_INT
        case str():
            return not any(0xD800 <= ord(each) < 0xE000 for each in pairs_or_value)
        case dict():
            return all(
                all(ord(each) < 128 for each in key) and _fits(value)
                for key, value in pairs_or_value.items()
            )
        case list():
            return all(map(_fits, pairs_or_value))
    return False


def _typed(value):
    """With its types, so that 1, True and 1.0 differ."""
    if isinstance(value, dict):
        return {key: _typed(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_typed(each) for each in value]
    return type(value), value


@examples(80)
@given(VALUES)
def test_what_is_written_is_read_again_and_is_what_json_and_the_client_write(value):
    """A value survives the round trip; its bytes are the standard library's and the client's."""
    raw = canonical_dumps(value)
    assert _typed(canonical_loads(raw)) == _typed(value)
    assert canonical_dumps(canonical_loads(raw)) == raw == canonical(value)
    assert raw.decode() == json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


@examples(150)
@given(documents(*DOCUMENTS))
@example(b"[" * 100_000)
@example(b"[" * 16 + b"]" * 16)
@example(b"[" * 17 + b"]" * 17)
@example(b"9" * 5000)  # Python's own refusal names a setting of Python
@example(b'{"a":1,"a":1}')
@example(b"\xef\xbb\xbf{}")
def test_damaged_json_is_read_as_the_standard_library_reads_it_or_refused_in_our_words(raw):
    """What is read is what json reads; what json reads and the rules allow is not refused."""
    twice = False

    def unique(pairs):
        nonlocal twice
        twice = twice or len(dict(pairs)) != len(pairs)
        return dict(pairs)

    try:
        expected = json.loads(raw.decode(), object_pairs_hook=unique)
    except (ValueError, RecursionError):
        allowed = False
    else:
        allowed = not twice and _depth(expected) <= 16 and _fits(expected)
    found, error = attempt(ValueError, canonical_loads, raw)
    assert allowed is (error is None)
    if error is not None:
        assert str(error).startswith("must ")  # the sentence goes on after a parameter's name
    else:
        assert _typed(found) == _typed(expected)
        assert canonical_loads(canonical_dumps(found)) == found


RULES: dict[Any, tuple[str, ...]] = {
    Int(-5, 10**6): ("0", "-5", "999999"),
    Bool(): ("true", "false"),
    Match("[0-9a-f]{32}", "an id"): (HEX32,),
    text(40): (f"a {MARKER} ~",),
    one_of("red", "blue"): ("red", "blue"),
    Ratio(): ("1/2", "-7/1000000000", "3"),
    ListOf(Match(".*", "a text"), 0, 3): (json.dumps([MARKER]),),
    MapOf(Match("[a-z]+", "a word"), Int(), 0, 3): ('{"a":1,"b":2}',),
}


def _check_rule(rule, given_text):
    value, error = attempt(ValueError, rule.parse, given_text)
    if error is not None:
        assert str(error).startswith("must ")
    elif isinstance(value, bool):
        assert given_text == str(value).lower()
    elif isinstance(value, tuple):
        assert list(value) == json.loads(given_text)
    elif isinstance(value, dict):
        assert value == json.loads(given_text)
    else:
        assert str(value) == given_text
        assert isinstance(value, int | str | Fraction)


@examples(60)
@given(st.data(), st.sampled_from(list(RULES)))
def test_a_rule_reads_a_value_that_says_the_same_again_or_refuses(data, rule):
    """Whatever the text, a rule raises ValueError without it or gives a value that writes it."""
    raw = data.draw(scarred(*(each.encode() for each in RULES[rule])))
    _check_rule(rule, raw.decode("utf-8", "surrogateescape"))


@pytest.mark.parametrize(
    "text_",
    ["-0", "+1", "0x1", "1_0", "\u0661", " 1", "1 ", "1\n", "9" * 5000, "2/4", "1/0", "1/-2", ""],
)
def test_a_number_is_written_in_one_way(text_):
    """What Python's own constructors take as numbers too is no argument."""
    for rule in RULES:
        _check_rule(rule, text_)


CALLS = {
    "open_epoch": ("1", MANIFEST),
    "register_levels": ("1", "0", ENTRIES),
    "set_level": ("HospitalAMSP", "r1", "1", "0", "error"),
    "publish_task": (HEX32, SPEC),
    "accept_subtask": (HEX32, "0"),
    "submit_data": (HEX32, "0", HEX64, "12"),
    "verify_submission": (HEX32, "0", "0", "accept", "90", "ok", HEX64),
    "list_claims": (HEX32, "0", "10", ""),
}


@examples(100)
@given(st.data(), st.sampled_from(list(CALLS)))
def test_the_contract_takes_damaged_arguments_for_what_they_are_or_names_the_parameter(data, name):
    """Damaged arguments of any function: a refusal that names a parameter, or parsed values."""
    function = Pmcb.functions[name]
    texts = []
    for argument in CALLS[name]:
        valid = argument if isinstance(argument, str) else json.dumps(argument)
        odd = scarred(valid.encode())
        if not isinstance(argument, str):
            odd |= documents(argument)
        texts.append(data.draw(odd | st.just(valid.encode())))
    parsed, refusal = attempt(Refusal, function.arguments, texts)
    if parsed is not None:
        assert parsed.keys() == function.rules.keys()
    else:
        assert str(refusal).startswith(tuple(f"BAD_ARGUMENT: {name} " for name in function.rules))
        assert len(str(refusal)) < 300


@examples(40)
@given(documents(json.loads(json.dumps(Governance.of(("A", "B")).as_json()))))
def test_a_damaged_governance_is_refused_or_holds(tmp_path_factory, raw):
    """A governance file is one that can hold, or GovernanceError."""
    path = tmp_path_factory.getbasetemp() / "governance.json"
    path.write_bytes(raw)
    found, _ = attempt(GovernanceError, Governance.load, path)
    if found is not None:
        assert Governance(found.orgs, found.role_msps, found.epoch_quorum) == found


def test_the_samples_are_valid():
    """Undamaged, every sample is taken: else only refusals would be tested."""
    for name, arguments in CALLS.items():
        texts = [each if isinstance(each, str) else json.dumps(each) for each in arguments]
        assert Pmcb.functions[name].arguments([each.encode() for each in texts])
    for rule, samples in RULES.items():
        for sample in samples:
            rule.parse(sample)
