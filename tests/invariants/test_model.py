# SPDX-License-Identifier: Apache-2.0
"""The model that judges the ledger can say no: each rule, broken once, is named."""

import json
from dataclasses import replace

import pytest
from tests.invariants.blocks import Entry, entries
from tests.invariants.changes import Broken, key_of
from tests.invariants.effects import EFFECTS
from tests.invariants.machine import NOBODY, PeopleAtOnce
from tests.invariants.model import Model
from tests.invariants.stage import Plays, task_id
from tests.invariants.tampers import Tamper, by, entry_, place, spaced, value, without


@pytest.fixture(scope="module")
def honest(plays: Plays) -> list[Entry]:
    """A ledger on which everything happened once, by one call after the other."""
    play = PeopleAtOnce(plays)
    try:
        for ask in (
            ("accept", 0, (0, 0)),
            ("accept", 1, (2, 0)),
            ("keys", 0, 0, None, 7),
            ("deal", 0, (0, 0), "early"),
            ("submit", 0, None, 0),
            ("verify", 0, 0, "accept"),
            ("settle", 0, True, 0),
            ("withdraw", 1, None),
            ("issue", 1, 3, 9),
            ("suspend", 1, 4),
            ("reinstate", 0, 0),
            ("set_level", 1, 2, 1, 0),
            ("publish", 1, 3, 2, 9),
            ("cancel", 1, 0),
            ("close", 2, 0),
            ("cancel", 1, 3),
            ("open_cohort", 1, 1, "1/2"),
            ("dataset", 1, 1, 1, 0),
            ("dataset", 0, 0, None, 0),
            ("reserve", 1, 1, 0, "1/3"),
            ("reserve", 0, 0, 1, "1/7"),
            ("reserve", 1, 1, 1, "1/10"),
            ("record", 1, 1, 0),
            ("lower", 1, 1, "9/20"),
            ("dataset", 1, 1, 1, 1),
            ("grant", 1, 1, 0, 1, 1, 9),
            ("grant", 1, 2, 0, 1, 1, 9),
            ("revoke", 1, 1, "ended"),
            ("claim", 1, 1, 1),
            ("claim", 1, 1, 1),
            ("anchor", 1, 1, 7, 0),
            ("anchor", 1, 1, 8, 0),
        ):
            play.people([ask], NOBODY, at_once=False)
        play.new_epoch(0, 1, "right", [])
        assert set(play.model.told) == set(EFFECTS)
        return list(entries(play.stage.network, 0))
    finally:
        plays.leave(play.stage)


@pytest.mark.parametrize(
    ("event", "tamper", "rule"),
    [
        ("SubtaskAccepted", value("SL", level=2), "2: the level is the registry's"),
        ("SubtaskAccepted", value("SL", epoch=2), "2: the epoch is the active one"),
        ("SubtaskAccepted", place("SL", 3, "0002"), "who joins holds a slot"),
        ("SubtaskAccepted", value("SL", key="00"), "claims for oneself"),
        ("SubtaskAccepted", value("SL", at=1.5), "8: everything is canonical JSON"),
        ("SubtaskAccepted", without("MB"), "7: an event stands for its own keys"),
        ("SubtaskAccepted", by(role="verifier"), "a role is in the certificate"),
        ("SubtaskAccepted", entry_(event=None), "7: what changes a key is told"),
        ("SubtaskAccepted", entry_(function="ping"), "7: an event belongs to its function"),
        ("SubtaskAccepted", entry_(at=2_000_000_000_000), "in time"),
        ("SubtaskAccepted", entry_(result=b"{ }"), "8: everything is canonical JSON"),
        ("SubtaskAccepted", entry_(code=10), "what is invalid is a conflict"),
        ("SubtaskAccepted", spaced, "8: everything is canonical JSON"),
        ("ClaimWithdrawn", by(name="a3"), "the holder withdraws"),
        ("DataSubmitted", by(name="a3"), "the holder submits"),
        ("SubmissionVerified", by(name="x"), "one judges for oneself"),
        ("SubmissionVerified", place("VD", 3, "0001"), "nobody judges their own"),
        ("PersonReinstated", by(msp="HospitalBMSP"), "the other organisation reinstates"),
        ("LevelChanged", value("LV", level=2), "7: within an epoch a level only falls"),
        ("EpochActivated", value("CU", epoch=1), "7: epochs only grow"),
        ("EpochActivated", without("CU"), "7: an event stands for its own keys"),
        ("LevelsRegistered", value("EB", count=9), "a batch counts its levels"),
        ("EpochOpened", place("EP", 1, "00000004"), "epochs have no gaps"),
        ("TaskPublished", value("TK", levels=3), "levels are the active epoch's"),
        ("TaskPublished", value("TK", verifiers=[]), "1, 3 or 5 distinct verifiers"),
        ("TaskPublished", without("OP"), "7: an event stands for its own keys"),
        ("TaskPublished", value("TK", escrow=1), "4: all rewards are set aside"),
        ("TaskPublished", value("AC", delta=-1), "4: what is moved is what is due"),
        ("TaskPublished", without("AC"), "4: what is moved is what is due"),
        ("TaskCancelled", value("TK", escrow=1), "and nothing else changes"),
        ("CreditIssued", value("AC", delta=-1), "credit is issued to one person"),
        ("CreditIssued", value("AC", by="a/b"), "who moves is who signed"),
        ("CreditIssued", value("AC", reason="reward"), "4: a call moves for one reason"),
        ("KeysDelivered", value("KY", to="HospitalAMSP/a1"), "3: only who holds the slot"),
        ("KeysDelivered", place("KY", 3, "0001"), "3: only who holds the slot"),
        ("KeysDelivered", by(name="x"), "its releaser hands out"),
        ("SharesDelivered", value("DL", n=2), "all holders count"),
        ("SharesDelivered", value("DL", threshold=2), "a majority opens"),
        ("SharesDelivered", value("SH", index=2), "gets the share of its place"),
        ("SharesDelivered", without("SH"), "gets the share of its place"),
        ("RewardsSettled", value("PY", amount=1), "5: as it decides"),
        ("RewardsSettled", value("PY", to="HospitalAMSP/a1"), "4: only who is meant gains"),
        ("RewardsSettled", place("PY", 3, "0001"), "5: who submitted is paid"),
        ("RewardsSettled", value("AC", delta=4), "4: what is moved is what is due"),
        ("RewardsSettled", without("AC"), "4: what is moved is what is due"),
        ("RewardsSettled", place("AC", 2, "a1"), "only who is meant|what is moved is what is due"),
        ("TaskClosed", value("CL", refunded=9), "4: and gives the rest back"),
        ("TaskClosed", value("CL", paid=0), "4: a closing says what was paid"),
        ("TaskClosed", without("AC"), "4: what is moved is what is due"),
        ("TaskClosed", by(name="x"), "who moves is who signed"),
        ("CohortOpened", value("CO", owner="HospitalBMSP"), "acts on its organisation's cohorts"),
        ("CohortOpened", value("CO", total="0"), "a total is greater than 0"),
        ("CohortOpened", value("CO", total="2/4"), "8: a fraction stands in lowest terms"),
        ("CohortOpened", value("BU", spent="1/2"), "6: a budget begins at nothing"),
        ("CohortOpened", place("BU", 1, task_id(2)), "a cohort comes with its budget"),
        ("BudgetLowered", value("CO", total="1"), "6: a total only falls"),
        ("BudgetLowered", value("CO", total="2/5"), "6: no more is spent than the total"),
        ("BudgetLowered", value("CO", unit="row"), "and nothing else changes"),
        ("BudgetReserved", value("BU", spent="2/5"), "6: what is spent is the sum"),
        ("BudgetReserved", value("BU", spent="1/3"), "6: what is spent never shrinks"),
        ("BudgetReserved", value("BU", count=1), "spends are counted"),
        ("BudgetReserved", value("RS", epsilon="1/5"), "6: what is spent is the sum"),
        ("BudgetReserved", value("RS", epsilon="0"), "the sum|a spend is of something"),
        ("BudgetReserved", value("RS", state="published"), "nothing is out yet"),
        ("BudgetReserved", place("RS", 1, task_id(0)), "6: a budget grows by one spend"),
        ("BudgetReserved", without("BU"), "7: an event stands for its own keys"),
        ("BudgetReserved", by(msp="HospitalBMSP"), "only the cohort's organisation spends"),
        ("ReleaseRecorded", value("RS", epsilon="1/9"), "and nothing else changes"),
        ("ReleaseRecorded", by(msp="HospitalBMSP"), "only the cohort's organisation spends"),
        ("DatasetRegistered", value("DS", cohort=""), "a dataset stays with its cohort"),
        ("DatasetRegistered", value("DS", cohort=task_id(0)), "and its own cohorts"),
        ("DatasetRegistered", value("DS", number=1), "versions are counted"),
        ("DatasetRegistered", by(msp="HospitalBMSP"), "registers its own datasets"),
        ("RetrievalGranted", value("GR", owner="HospitalBMSP"), "grants for its organisation"),
        ("RetrievalGranted", value("GR", datasets=[task_id(0)]), "is the organisation's own"),
        ("RetrievalGranted", value("GR", datasets=[task_id(9)]), "is the organisation's own"),
        ("RetrievalGranted", value("GR", devices={"HospitalBMSP/x": ["a"]}), "organisation's own"),
        ("RetrievalGranted", value("GR", devices={"HospitalAMSP/x": []}), "takes commands"),
        ("RetrievalGranted", value("GR", datasets=[task_id(1)] * 2), "is named once"),
        ("RetrievalGranted", value("GR", datasets=[task_id(1)] * 32), "at most 32"),
        ("RetrievalGranted", value("GR", datasets=[], devices={}), "is the organisation's own"),
        ("RetrievalGranted", value("GR", not_before=1_900_000_000_000), "within 366 days"),
        ("RetrievalGranted", value("GR", expires=1_900_000_000_000), "within 366 days"),
        ("RetrievalGranted", value("GR", revoked="ended"), "a grant begins in force"),
        ("RetrievalGranted", value("GR", worker="HospitalAMSP/a1"), "found by its worker"),
        ("RetrievalGranted", place("GX", 2, "a1"), "index|found by its worker"),
        ("RetrievalGranted", without("GX"), "7: an event stands for its own keys"),
        ("RetrievalRevoked", value("GR", expires=1), "and nothing else changes"),
        ("RetrievalRevoked", value("GR", revoked=""), "revoked once and for good"),
        ("RetrievalRevoked", by(msp="HospitalBMSP"), "grants for its organisation"),
        ("StoreEpochClaimed", value("SE", number=1), "store epochs have no gaps"),
        ("StoreEpochClaimed", value("SE", number=3), "store epochs have no gaps"),
        ("StoreEpochClaimed", value("SE", tx="another"), "a claim names its transaction"),
        ("StoreEpochClaimed", by(msp="HospitalBMSP"), "a store is its organisation's alone"),
        ("StoreEpochClaimed", place("SE", 1, task_id(9)), "a store is its organisation's alone"),
        ("StoreAnchored", value("SA", version=6), "a version does not fall"),
        ("StoreAnchored", by(msp="HospitalBMSP"), "a store is its organisation's alone"),
        ("StoreAnchored", place("SA", 1, task_id(9)), "a store is its organisation's alone"),
        ("KeyAnnounced", by(name="x"), "one announces for oneself"),
    ],
)
def test_a_broken_rule_is_named(honest: list[Entry], event: str, tamper: Tamper, rule: str):
    """The last transaction that told an event is changed in one thing."""
    last = max(n for n, one in enumerate(honest) if one.event and one.event[0] == event)
    model = Model()
    for one in honest[:last]:
        model.apply(one)
    with pytest.raises(Broken, match=rule):
        model.apply(tamper(honest[last]))


@pytest.mark.parametrize(
    ("missing", "event", "rule"),
    [
        ("SubmissionVerified", "RewardsSettled", "5: before the window's end a majority decides"),
        ("RewardsSettled", "TaskClosed", "5: no refund leaves a submitted slot unpaid"),
        ("TaskCancelled", "TaskClosed", "nobody may still submit"),
        ("CreditIssued", "TaskPublished", "4: no account falls below zero"),
        ("DataSubmitted", "SubmissionVerified", "5: nobody judges their own"),
        ("CohortOpened", "DatasetRegistered", "and its own cohorts"),
        ("BudgetReserved", "ReleaseRecorded", "6: a spend is of a budget"),
        ("DatasetRegistered", "RetrievalGranted", "what is granted is the organisation's own"),
    ],
)
def test_a_missing_step_is_noticed(honest: list[Entry], missing: str, event: str, rule: str):
    """Everything is as it was, but for one event that did not happen."""
    model = Model()
    left = [one for one in honest if not one.event or one.event[0] != missing]
    at = next(n for n, one in enumerate(left) if one.event and one.event[0] == event)
    for one in left[:at]:
        model.apply(one)
    with pytest.raises(Broken, match=rule):
        model.apply(left[at])


def test_who_was_sent_the_key_cannot_leave(honest: list[Entry]):
    """The key of the slot that is given back was delivered before."""
    model = Model()
    told = [one.event[0] if one.event else "" for one in honest]
    leaving = honest[told.index("ClaimWithdrawn")]
    for one in honest[: told.index("ClaimWithdrawn")]:
        model.apply(one)
    (slot,) = (key_of(name) for name in leaving.writes)
    model.state["KY", *slot[1:]] = {"to": leaving.by.uid}
    with pytest.raises(Broken, match="3: who was sent the key keeps the slot"):
        model.apply(leaving)


def test_what_was_done_once_is_not_done_again(honest: list[Entry]):
    """A second claim, submission, verdict or epoch, told under another transaction id."""
    model = Model()
    for one in honest:
        model.apply(one)
    for event in (
        "SubtaskAccepted",
        "KeysDelivered",
        "SharesDelivered",
        "DataSubmitted",
        "SubmissionVerified",
        "RewardsSettled",
        "TaskClosed",
        "EpochOpened",
        "CohortOpened",
        "DatasetRegistered",
        "BudgetReserved",
        "ReleaseRecorded",
        "BudgetLowered",
        "RetrievalGranted",
        "RetrievalRevoked",
        "StoreEpochClaimed",
        "StoreAnchored",
    ):
        again = next(one for one in honest if one.event and one.event[0] == event)
        with pytest.raises(Broken):
            model.apply(replace(again, tx_id="another"))


def test_a_transaction_counts_once(honest: list[Entry]):
    """Valid twice is refused; marked a duplicate, it changes nothing."""
    model = Model()
    for one in honest:
        model.apply(one)
    before = dict(model.raw)
    model.apply(replace(honest[-1], code=9, writes={}))
    assert model.raw == before
    with pytest.raises(Broken, match="7: a transaction counts once"):
        model.apply(honest[-1])


def test_a_person_joins_a_series_once(honest: list[Entry]):
    """A slot in another subtask of the series breaks the first invariant, even after leaving."""
    model = Model()
    first = next(one for one in honest if one.event and one.event[0] == "SubtaskAccepted")
    for one in honest[: honest.index(first) + 1]:
        model.apply(one)
    claim = json.loads(next(v for k, v in first.writes.items() if key_of(k)[0] == "SL") or b"")
    data = json.dumps(claim, sort_keys=True, separators=(",", ":")).encode()
    slot = f"\0SL\0{task_id(1)}\0{0:04}\0{0:04}\0"
    member = f"\0MB\0HospitalAMSP\0a0\0{task_id(1)}\0"
    joined = b'{"slot":0,"subtask":0,"task":"%b"}' % task_id(1).encode()
    with pytest.raises(Broken, match="1: one subtask of a task or series a person, ever"):
        model.apply(replace(first, tx_id="another", writes={slot: data, member: joined}))
