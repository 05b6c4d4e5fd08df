# SPDX-License-Identifier: Apache-2.0
"""The pure parts of the contract: slot candidates, batch hashes, and what it lists."""

import hashlib
from math import gcd

from hypothesis import given
from hypothesis import strategies as st

from pmcb_chaincode.contract import Governance, Pmcb, batch_hash, candidates

slots = st.integers(1, 1000)
ordinals = st.integers(0, 999_999)


@given(ordinals, slots)
def test_every_slot_is_tried_once(ordinal, count):
    """A person finds the last free slot wherever it is, and tries none twice."""
    assert sorted(candidates(ordinal, count)) == list(range(count))


@given(slots)
def test_homes_are_distinct_while_slots_last(count):
    """As many persons as slots never meet at their first try."""
    homes = [next(candidates(ordinal, count)) for ordinal in range(count)]
    assert homes == list(range(count))


@given(ordinals, slots)
def test_step_is_the_first_coprime(ordinal, count):
    """The walk goes on by one and the same step, the specified one."""
    order = list(candidates(ordinal, count))
    step = 1 + ordinal // count
    while gcd(step, count) != 1:
        step += 1
    assert order == [(ordinal % count + turn * step) % count for turn in range(count)]


def test_persons_with_one_home_part_ways():
    """Two persons who start at the same slot walk on with different steps."""
    assert list(candidates(0, 5)) == [0, 1, 2, 3, 4]
    assert list(candidates(5, 5)) == [0, 2, 4, 1, 3]
    assert list(candidates(10, 5)) == [0, 3, 1, 4, 2]


def test_batch_hash_is_that_of_canonical_json():
    """Anyone can compute it from the entries alone."""
    entries = (("HospitalAMSP", "ann", 1, 0), ("HospitalBMSP", "bob", 3, 17))
    text = b'[["HospitalAMSP","ann",1,0],["HospitalBMSP","bob",3,17]]'
    assert batch_hash(entries) == hashlib.sha256(text).hexdigest()


def test_contract_lists_its_functions():
    """What can be called is exactly what the specification names so far."""
    writing = {
        "accept_subtask",
        "announce_key",
        "approve_epoch",
        "cancel_task",
        "open_epoch",
        "ping",
        "publish_task",
        "register_levels",
        "reinstate",
        "set_level",
        "submit_data",
        "suspend",
        "verify_submission",
        "withdraw_claim",
    }
    reading = {
        "get_claim",
        "get_epoch",
        "get_governance",
        "get_key",
        "get_level",
        "get_task",
        "list_claims",
        "list_my_claims",
        "list_open_subtasks",
        "list_submissions",
    }
    functions = Pmcb(Governance.of(("A", "B"))).functions
    assert {name for name, f in functions.items() if f.marking.writes} == writing
    assert {name for name, f in functions.items() if not f.marking.writes} == reading


def test_every_writing_function_asks_for_a_role():
    """Only ``ping``, which writes nothing, is open to any identity."""
    functions = Pmcb(Governance.of(("A", "B"))).functions
    open_to_all = {
        name for name, f in functions.items() if f.marking.writes and not f.marking.roles
    }
    assert open_to_all == {"ping"}
