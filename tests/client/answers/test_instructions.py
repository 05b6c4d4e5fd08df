# SPDX-License-Identifier: Apache-2.0
"""An opened envelope holds instructions that can be used, or is damaged."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_client.answers import Answer, Asked, Instructions, Row, examine
from pmcb_client.fields import Field
from pmcb_client.sealing import Damaged

WEEK = Instructions(
    "a" * 32,
    0,
    1,
    "Home study",
    "0" * 64,
    (Asked("bp", "Seated, 08:00", ("systolic", "diastolic"), shared=True),),
    {
        "systolic": Field("systolic", "mmHg", 60, 260, 1),
        "diastolic": Field("diastolic", "mmHg", 30, 160),
    },
    (("diastolic", "systolic"),),
)
DOCUMENT = json.loads(WEEK.encode())
FIELD = DOCUMENT["fields"][1]
QUESTION = DOCUMENT["questions"][0]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"task": 7},
        {"level": "1"},
        {"level": True},
        {"questions": [QUESTION | {"fields": ["systolic", 7]}]},
        {"questions": [QUESTION | {"fields": [["systolic"]]}]},
        {"questions": [QUESTION | {"shared": "no"}]},
        {"questions": [QUESTION | {"more": 1}]},
        {"questions": [QUESTION | {"id": "\x1b[2J"}]},
        {"questions": [QUESTION | {"fields": ["systolic\x07"]}]},
        {"questions": [{"id": "bp"}]},
        {"fields": [{"name": "systolic"}]},
        {"fields": [FIELD | {"max": 10**400}]},
        {"fields": [FIELD | {"max": 1.7e308}]},
        {"fields": [FIELD | {"step": 5e-324}]},
        {"plausible": [[["diastolic"], "systolic"]]},
        {"plausible": [["diastolic"]]},
    ],
)
def test_an_envelope_with_something_else_in_it_is_damaged(change):
    """One error, whatever its releaser wrote; nothing fails later on."""
    with pytest.raises(Damaged):
        Instructions.decode(json.dumps(DOCUMENT | change).encode())


@given(JSON, st.sampled_from(sorted(DOCUMENT)))
def test_garbage_is_damaged_or_can_be_used(garbage, key):
    """What was decoded never fails an examination in another way."""
    try:
        found = Instructions.decode(json.dumps(DOCUMENT | {key: garbage}).encode())
    except Damaged:
        return
    examine(Answer((Row(1, {"systolic": 120}),)), found, since_ms=0, until_ms=10)


def test_instructions_come_back_as_they_were():
    """With fields, pairs and questions."""
    assert Instructions.decode(WEEK.encode()) == WEEK
