# SPDX-License-Identifier: Apache-2.0
"""The pure parts of the contract: slot candidates, batch hashes, and what it lists."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from pmcb_chaincode.contract import Governance, Pmcb, batch_hash, candidates

slots = st.integers(1, 1000)
ordinals = st.integers(0, 999_999)
uids = st.from_regex(r"[A-Za-z0-9._-]{1,64}/[A-Za-z0-9._-]{1,64}", fullmatch=True)


@given(ordinals, slots, uids)
def test_every_slot_is_tried_once(ordinal, count, uid):
    """A person finds the last free slot wherever it is, and tries none twice."""
    assert sorted(candidates(ordinal, count, uid)) == list(range(count))


@given(slots)
def test_homes_are_distinct_while_slots_last(count):
    """As many persons as slots never meet at their first try."""
    homes = [next(candidates(ordinal, count, f"A/{ordinal}")) for ordinal in range(count)]
    assert homes == list(range(count))


def test_the_way_from_a_taken_home_is_the_specified_one():
    """Start and step are digits of the uid's SHA-256 in base `slots`; the step grows to a coprime.

    Every endorser must find the same slot: a change of this is a change of the contract.
    """
    assert list(candidates(1, 5, "HospitalAMSP/ann")) == [1, 2, 3, 4, 0]
    assert list(candidates(6, 5, "HospitalAMSP/bob")) == [1, 4, 0, 2, 3]
    ann = int(hashlib.sha256(b"HospitalAMSP/ann").hexdigest(), 16)
    assert (ann % 6, 1 + ann // 6 % 6) == (3, 2)  # and 5 is the first coprime from 2 on
    assert list(candidates(24, 6, "HospitalAMSP/ann")) == [0, 3, 2, 1, 5, 4]


@given(st.integers(2, 80), st.integers(2, 4), st.booleans())
def test_a_crowd_whose_first_slots_are_taken_spreads(crowd, roomy, same):
    """A new epoch starts to count anew; and several who are lowered get one number.

    All read the same state, one gets each slot, the others read again: as many rounds as clients
    try at most, not as many as there are persons.
    """
    count = roomy * crowd
    taken = set() if same else set(range(crowd))
    waiting = [list(candidates(0 if same else n, count, f"A/{n}")) for n in range(crowd)]
    rounds = 0
    while waiting:
        first_free = [next(slot for slot in order if slot not in taken) for order in waiting]
        winners = {slot: n for n, slot in enumerate(first_free)}
        taken |= winners.keys()
        waiting = [order for n, order in enumerate(waiting) if n not in winners.values()]
        rounds += 1
    assert rounds <= 6


def test_batch_hash_is_that_of_canonical_json():
    """Anyone can compute it from the entries alone."""
    entries = (("HospitalAMSP", "ann", 1, 0), ("HospitalBMSP", "bob", 3, 17))
    text = b'[["HospitalAMSP","ann",1,0],["HospitalBMSP","bob",3,17]]'
    assert batch_hash(entries) == hashlib.sha256(text).hexdigest()


def test_contract_lists_its_functions():
    """What can be called is exactly what the specification names so far."""
    writing = {
        "accept_subtask",
        "anchor_store",
        "announce_key",
        "approve_epoch",
        "cancel_task",
        "claim_store_epoch",
        "close_task",
        "deliver_keys",
        "deliver_shares",
        "grant_retrieval",
        "issue_credit",
        "lower_budget",
        "open_cohort",
        "open_epoch",
        "ping",
        "publish_task",
        "record_release",
        "register_dataset",
        "register_levels",
        "reinstate",
        "reserve_budget",
        "revoke_grant",
        "set_level",
        "settle_rewards",
        "submit_data",
        "suspend",
        "verify_submission",
        "withdraw_claim",
    }
    reading = {
        "check_device",
        "check_grant",
        "get_balance",
        "get_budget",
        "get_claim",
        "get_dataset",
        "get_epoch",
        "get_governance",
        "get_history",
        "get_key",
        "get_level",
        "get_release",
        "get_sealed",
        "get_store",
        "get_task",
        "list_claims",
        "list_my_claims",
        "list_open_subtasks",
        "list_spends",
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
