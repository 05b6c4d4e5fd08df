# SPDX-License-Identifier: Apache-2.0
"""The audit finds what must never be, and nothing else."""

import pytest

from pmcb_services.fog.online._audit import Auditor, Wrong, audit_store
from pmcb_services.fog.online._order import Event, Order
from pmcb_services.fog.online._state import Cause


def order(**fields):
    """One that was just admitted."""
    given = {"id": "o", "kind": "compute.test", "order_class": "upload", "submitter": "A/b"}
    return Order(**{**given, "body_sha256": "", **fields})


def run(*causes, **fields):
    """An order's events over these causes, and the order at the end."""
    now = order(**fields)
    events = [now.event(None)]
    for cause in causes:
        placed = {"server": "a"} if cause in {Cause.PLANNED, Cause.REPLANNED} else {}
        after = now.step(cause, 1, **placed)
        events.append(after.event(now))
        now = after
    return events, now


def audited(events, *orders):
    """What the audit says."""
    auditor = Auditor()
    for seq, event in enumerate(events, start=1):
        auditor.take(seq, event)
    for each in orders:
        auditor.stands(each)
    return auditor.report()


USUAL = (Cause.PLANNED, Cause.CLAIMED, Cause.DONE)
RERUN = (Cause.PLANNED, Cause.CLAIMED, Cause.LOST, Cause.REPLANNED, Cause.CLAIMED, Cause.DONE)


@pytest.mark.parametrize("causes", [USUAL, RERUN, USUAL[:2], (Cause.CANCELLED,)])
def test_what_the_rules_allow_is_not_found(causes):
    """Reruns and orders that are not over included."""
    events, now = run(*causes)
    report = audited(events, now)
    assert report.findings == ()
    assert (report.events, report.orders, report.states) == (len(events), 1, {now.state: 1})


def wrong(events, *orders):
    """Which rules are broken, and where."""
    return [(each.wrong, each.seq) for each in audited(events, *orders).findings]


def test_a_second_result_is_found():
    """Whatever its cause says."""
    events, _ = run(*USUAL)
    again = Event(2, "o", 1, "STARTED", "DONE", "a", "done")
    assert wrong([*events, again]) == [(Wrong.DOUBLE_COMMIT, 5)]


def test_a_second_claim_of_an_epoch_is_found():
    """Also where the states between were forged."""
    events, _ = run(Cause.PLANNED, Cause.CLAIMED)
    forged = Event(2, "o", 1, "STARTED", "STARTED", "a", "claimed")
    assert (Wrong.DOUBLE_START, 4) in wrong([*events, forged])


def test_a_started_order_that_moves_is_found():
    """A server changes with the epoch only."""
    events, _ = run(Cause.PLANNED, Cause.CLAIMED)
    moved = Event(2, "o", 1, "STARTED", "DONE", "b", "done")
    assert wrong([*events, moved]) == [(Wrong.MOVED, 4)]


def test_a_held_order_that_ran_again_is_found():
    """Unless an operator let it."""
    events, now = run(*RERUN, on_unknown="hold")
    assert wrong(events, now) == [(Wrong.REPEATED, 4)]
    causes = (Cause.PLANNED, Cause.CLAIMED, Cause.HELD, Cause.RETRIED, Cause.CLAIMED, Cause.DONE)
    assert wrong(*run(*causes)) == []


def test_a_lost_order_is_found():
    """It is not there, or not what its last event says."""
    events, now = run(*USUAL)
    assert wrong(events[:-1], now) == [(Wrong.LOST, 3)]
    assert wrong([], now) == [(Wrong.LOST, 0)]


@pytest.mark.parametrize("drop", [0, 1, 2])
def test_a_missing_line_is_found(drop):
    """By its number, or by what follows it."""
    events, _ = run(*USUAL)
    auditor = Auditor()
    for seq, event in enumerate(events, start=1):
        if seq != drop + 1:
            auditor.take(seq, event)
    assert {each.wrong for each in auditor.report().findings} == {Wrong.GAP, Wrong.RULE}


def test_an_unknown_cause_and_a_jump_of_epochs_are_found():
    """The table has neither."""
    events, _ = run(Cause.PLANNED)
    assert wrong([*events, Event(1, "o", 1, "QUEUED", "STARTED", "a", "magic")]) == [
        (Wrong.RULE, 3)
    ]
    assert wrong([*events, Event(1, "o", 2, "QUEUED", "STARTED", "a", "claimed")]) == [
        (Wrong.RULE, 3)
    ]


def test_an_order_of_the_log_that_is_not_there_is_found():
    """Once all that are there were told."""
    events, now = run(*USUAL)
    auditor = Auditor()
    for seq, event in enumerate(events, start=1):
        auditor.take(seq, event)
    auditor.all_told()
    assert [each.wrong for each in auditor.report().findings] == [Wrong.LOST]
    assert now.id == auditor.report().findings[0].order


async def test_a_store_is_audited_as_it_stands(store):
    """Events and orders together."""

    def work(session):
        session.add(order(), b"")
        session.change("o", lambda one: one.placed("a", 1.0, 1))

    await store.run(work)
    report = await audit_store(store)
    assert (report.findings, report.open, report.events) == ((), 1, 2)
