# SPDX-License-Identifier: Apache-2.0
"""What may become of an order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_services.fog.errors import Conflict, StaleEpoch
from pmcb_services.fog.online._order import ATTEMPTS, Order
from pmcb_services.fog.online._state import CAUSES, FINAL, Cause, State

CLAIM = {"epoch": 1, "server": "a", "incarnation": 1, "token": "t", "at_ms": 2}
COMMIT = {"epoch": 1, "server": "a", "digest": "d", "at_ms": 3}


def order(**fields):
    """One that was just admitted."""
    given = {"id": "o", "kind": "compute.test", "order_class": "upload", "submitter": "A/b"}
    return Order(**{**given, "body_sha256": "", **fields})


def queued(**fields):
    """One that waits for server a."""
    return order(**fields).placed("a", 1.5, 1)


def started(**fields):
    """One that runs on server a."""
    return queued(**fields).claimed(**CLAIM)


@pytest.mark.parametrize(
    "wrong", [{"epoch": 2}, {"epoch": 0}, {"server": "b"}], ids=["later", "earlier", "elsewhere"]
)
def test_a_claim_of_another_offer_is_stale(wrong):
    """Epoch and server must be those of the offer that stands."""
    with pytest.raises(StaleEpoch):
        queued().claimed(**{**CLAIM, **wrong})


def test_a_second_claim_is_stale_unless_it_is_the_first_one_again():
    """A lost reply is asked for with the same token, which nobody else has."""
    running = started()
    assert running.claimed(**CLAIM) is running
    with pytest.raises(StaleEpoch):
        running.claimed(**{**CLAIM, "token": "other"})


def test_a_withdrawn_offer_cannot_be_claimed():
    """Raising the epoch withdraws it, on the same server too."""
    with pytest.raises(StaleEpoch):
        queued().placed("a", 1.5, 2).claimed(**CLAIM)


def test_a_commit_counts_once():
    """The same result again changes nothing; another one is refused."""
    done = started().committed(**COMMIT, outcome="done")
    assert (done.state, done.digest) == (State.DONE, "d")
    assert done.committed(**COMMIT, outcome="done") is done
    for other in ({"digest": "e"}, {"outcome": "failed"}, {"epoch": 2}, {"server": "b"}):
        with pytest.raises(StaleEpoch):
            done.committed(**{**COMMIT, "outcome": "done", **other})


def test_a_commit_of_an_attempt_that_was_given_up_is_fenced():
    """After the lease was lost the result of the old epoch does not count."""
    again = started().lost(5)
    assert (again.state, again.epoch, again.server) == (State.QUEUED, 2, "a")
    with pytest.raises(StaleEpoch):
        again.committed(**COMMIT, outcome="done")


def test_what_must_not_be_repeated_is_held_and_takes_a_late_commit():
    """A lost lease makes it unknown; whoever ran it may still tell."""
    held = started(on_unknown="hold").lost(5)
    assert (held.state, held.epoch) == (State.UNKNOWN, 1)
    assert held.committed(**COMMIT, outcome="unknown") is held
    assert held.committed(**COMMIT, outcome="failed").state is State.FAILED


def test_a_worker_that_does_not_know_gives_the_order_up():
    """Held or run again, as when the lease was lost."""
    assert started().committed(**COMMIT, outcome="unknown").state is State.QUEUED
    held = started(on_unknown="hold").committed(**COMMIT, outcome="unknown")
    assert held.state is State.UNKNOWN


def test_an_order_that_loses_every_worker_is_a_dead_letter():
    """After the third start it waits for an operator, who gives it three more."""
    now = queued()
    for attempt in range(1, ATTEMPTS + 1):
        now = now.claimed(**{**CLAIM, "epoch": attempt}).lost(attempt)
    assert (now.state, now.attempts) == (State.DEAD, ATTEMPTS)
    again = now.step(Cause.RETRIED, 9, attempts=0)
    assert (again.state, again.epoch) == (State.QUEUED, ATTEMPTS + 1)


@given(st.lists(st.sampled_from(sorted(Cause)), max_size=20))
def test_every_walk_keeps_the_rules(causes):
    """Over any causes: epochs rise with queueing only, versions always, and final is final."""
    now = order()
    for at_ms, cause in enumerate(causes):
        try:
            after = now.step(cause, at_ms)
        except Conflict:
            assert now.state not in CAUSES[cause].sources
            continue
        assert now.state not in FINAL
        assert after.epoch == now.epoch + (after.state is State.QUEUED)
        assert after.version == now.version + 1
        event = after.event(now)
        assert (event.source, event.target, event.cause) == (now.state, after.state, cause)
        now = after
