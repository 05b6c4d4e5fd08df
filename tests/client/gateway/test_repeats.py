# SPDX-License-Identifier: Apache-2.0
"""The table of what may be repeated, row by row, against a gateway that fails as scripted."""

import asyncio

import grpc
import pytest
from fabric_protos.gateway.gateway_pb2 import CommitStatusResponse, SubmitResponse
from tests.client.gateway.fake_gateway import Fails, Hangs, Returns

from pmcb_client.errors import (
    Busy,
    Conflict,
    EndorseError,
    LedgerUnavailable,
    LevelMismatch,
    OutcomeUnknown,
)
from pmcb_client.gateway import Retry, Timeouts, connect
from pmcb_client.gateway._failures import Phase
from pmcb_client.gateway._repeats import Attempts

AT_ONCE = Retry(base_s=0.0)
UNAVAILABLE = Fails(grpc.StatusCode.UNAVAILABLE, "connection refused")
MISMATCH = Fails(grpc.StatusCode.ABORTED, "see details", ("ProposalResponsePayloads do not match",))
TOO_MANY = Fails(grpc.StatusCode.UNKNOWN, "too many requests for /gateway.Gateway/X, exceeding 500")
REFUSAL = "chaincode response 403, LEVEL_MISMATCH: your level is another"
NOTHING_ORDERED = [
    UNAVAILABLE,
    TOO_MANY,
    Fails(grpc.StatusCode.ABORTED, "see details", ("could not launch chaincode pmcb",)),
    Fails(grpc.StatusCode.ABORTED, "see details", ("error in simulation: stream terminated",)),
    Fails(grpc.StatusCode.ABORTED, "see details", ("code = DeadlineExceeded",)),
]

NOT_YET_KNOWN = [
    Fails(
        grpc.StatusCode.FAILED_PRECONDITION,
        f"no combination of peers can be derived which satisfy the endorsement policy: {why}",
    )
    for why in (
        "no peer combination can satisfy the endorsement policy",
        "required chaincodes are not installed on sufficient peers",
    )
]


def invalid(code):
    """A commit status other than valid."""
    return Returns(CommitStatusResponse(result=code, block_number=8))


def ids(requests):
    """The transaction ids of requests that carry one."""
    return [request.transaction_id for request in requests]


# Nothing ordered: a new proposal.


@pytest.mark.parametrize("failure", [*NOTHING_ORDERED, *NOT_YET_KNOWN])
async def test_an_endorsement_that_left_no_trace_is_proposed_anew(fake, contract, failure):
    """Unavailable, busy, a chaincode that went away, others not known yet: a new proposal."""
    fake.will("endorse", failure, failure)
    assert await contract.submit("ping", retry=AT_ONCE) == b"result"
    assert len(set(ids(fake.requests["endorse"]))) == 3
    assert ids(fake.requests["submit"]) == ids(fake.requests["endorse"])[2:]


@pytest.mark.parametrize("failure", NOTHING_ORDERED)
async def test_a_query_that_met_an_absence_is_asked_anew(fake, contract, failure):
    """The same for queries."""
    fake.will("evaluate", failure, failure)
    assert await contract.evaluate("ping", retry=AT_ONCE) == b"evaluated"
    assert len(set(ids(fake.requests["evaluate"]))) == 3


@pytest.mark.parametrize("call", ["evaluate", "submit"])
async def test_unavailable_to_the_end_is_ledger_unavailable(fake, contract, call):
    """The user hears one name for it, with what to run."""
    fake.will("evaluate", UNAVAILABLE)
    fake.will("endorse", UNAVAILABLE)
    with pytest.raises(LedgerUnavailable) as caught:
        await getattr(contract, call)("ping", retry=Retry(within_s=0.0))
    assert caught.value.exit_code == 3
    assert "connection refused" in str(caught.value)
    assert "pmcb network status" in caught.value.next_step


@pytest.mark.parametrize("call", ["evaluate", "endorse"])
async def test_a_gateway_that_hangs_is_ledger_unavailable(fake, channel, identity, signer, call):
    """The phase's own timeout ends the waiting, and nothing is proposed after it."""
    timeouts = Timeouts(evaluate_s=0.1, endorse_s=0.1)
    await channel.channel_ready()
    gateway = connect(channel, identity, signer, timeouts)
    contract = gateway.network("pmcb").contract("pmcb")
    fake.will(call, Hangs())
    with pytest.raises(LedgerUnavailable, match=call):
        await (contract.evaluate if call == "evaluate" else contract.submit)("ping")
    assert len(fake.requests[call]) <= 1


async def test_a_submit_that_hangs_is_sent_again(fake, channel, identity, signer):
    """Its own timeout makes it a doubt: the same envelope, not a new proposal."""
    gateway = connect(channel, identity, signer, Timeouts(submit_s=0.1))
    fake.will("submit", Hangs())
    assert await gateway.network("pmcb").contract("pmcb").submit("ping", retry=AT_ONCE) == b"result"
    first, *others = fake.requests["submit"]
    assert others
    assert all(each == first for each in others)


async def test_busy_to_the_end_is_busy(fake, contract):
    """A gateway that stays full is named so."""
    fake.will("evaluate", TOO_MANY)
    with pytest.raises(Busy):
        await contract.evaluate("ping", retry=Retry(within_s=0.0))


# Conflicts: a new proposal, counted.


@pytest.mark.parametrize("code", [11, 12])
async def test_a_conflict_in_the_block_is_proposed_anew(fake, contract, code):
    """MVCC and phantom conflicts left nothing behind."""
    fake.will("status", invalid(code), invalid(code))
    assert await contract.submit("ping", retry=AT_ONCE) == b"result"
    assert len(set(ids(fake.requests["submit"]))) == 3


async def test_endorsers_at_different_heights_are_asked_anew(fake, contract):
    """Endorsements that do not match are a conflict."""
    fake.will("endorse", MISMATCH)
    assert await contract.submit("ping", retry=AT_ONCE) == b"result"
    assert len(fake.requests["endorse"]) == 2


async def test_conflicts_end_after_as_many_new_proposals_as_asked(fake, contract):
    """Endorsement and commit conflicts share one count; no time limit applies to them."""
    fake.will("endorse", MISMATCH)
    fake.will("status", *[invalid(11)] * 6)
    with pytest.raises(Conflict) as caught:
        await contract.submit("ping", retry=Retry(conflicts=5, base_s=0.0, within_s=0.0))
    assert caught.value.code == 11
    assert len(fake.requests["endorse"]) == 6


async def test_a_conflict_renews_the_patience(monkeypatch):
    """The time limit counts from the last conflict: until then the network did answer."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    attempts = Attempts(Retry(within_s=10.0, base_s=0.0))
    absent = EndorseError("", grpc_code=grpc.StatusCode.UNAVAILABLE)
    monkeypatch.setattr(loop, "time", lambda: start + 9)
    await attempts.pause_before_next(Phase.ENDORSE, Conflict(""))
    monkeypatch.setattr(loop, "time", lambda: start + 18)
    await attempts.pause_before_next(Phase.ENDORSE, absent)
    monkeypatch.setattr(loop, "time", lambda: start + 20)
    with pytest.raises(LedgerUnavailable):
        await attempts.pause_before_next(Phase.ENDORSE, absent)


async def test_another_organisation_that_is_behind_is_asked_anew(fake, contract):
    """When only others refuse, they usually lack a block; if they insist, it is a refusal."""
    lagging = Fails(
        grpc.StatusCode.ABORTED,
        "failed to collect enough transaction endorsements, see attached details",
        (REFUSAL,),
    )
    fake.will("endorse", lagging)
    assert await contract.submit("ping", retry=AT_ONCE) == b"result"
    fake.will("endorse", lagging, lagging)
    with pytest.raises(LevelMismatch):
        await contract.submit("ping", retry=Retry(conflicts=1, base_s=0.0))
    fake.will("endorse", lagging)
    with pytest.raises(LevelMismatch):
        await contract.submit("ping", endorsing_orgs=["HospitalBMSP"], retry=AT_ONCE)
    assert len(fake.requests["endorse"]) == 5


# In doubt: the same envelope, the same id.


@pytest.mark.parametrize(
    "failure", [UNAVAILABLE, Fails(grpc.StatusCode.DEADLINE_EXCEEDED, "timed out"), TOO_MANY]
)
async def test_a_doubtful_submit_sends_the_same_envelope_again(fake, contract, failure):
    """Never a second proposal: the bytes are equal, so at most one copy is valid."""
    fake.will("submit", failure, failure)
    assert await contract.submit("ping", retry=AT_ONCE) == b"result"
    first, second, third = fake.requests["submit"]
    assert first == second == third
    assert len(fake.requests["endorse"]) == 1


async def test_our_own_second_copy_does_not_decide(fake, contract):
    """DUPLICATE_TXID after a repeat is asked about again: the first copy's code counts."""
    fake.will("submit", UNAVAILABLE)
    fake.will("status", invalid(9))
    assert await contract.submit("ping", retry=AT_ONCE) == b"result"
    assert len(fake.requests["status"]) == 2


async def test_a_doubt_is_followed_though_the_repeat_is_rejected(fake, contract):
    """The first copy may have been ordered, whatever the orderer says to the second."""
    fake.will("submit", UNAVAILABLE, Fails(grpc.StatusCode.ABORTED, "unsuccessful response"))
    assert await contract.submit("ping", retry=AT_ONCE) == b"result"


@pytest.mark.parametrize("patience_s", [0.5])
async def test_a_gateway_that_takes_no_submit_is_busy_not_doubtful(fake, contract):
    """What no gateway took was not ordered."""
    fake.will("submit", *[TOO_MANY] * 10_000)
    with pytest.raises(Busy):
        await contract.submit("ping")


@pytest.mark.parametrize(
    "failure",
    [
        UNAVAILABLE,
        TOO_MANY,
        Fails(grpc.StatusCode.INTERNAL, "ledger"),
        Fails(grpc.StatusCode.DEADLINE_EXCEEDED, "timed out"),
    ],
)
async def test_a_commit_status_without_answer_is_asked_for_again(fake, contract, failure):
    """Any gRPC error: the same id is asked for again, nothing is sent again."""
    fake.will("status", failure, failure)
    assert await contract.submit("ping", retry=AT_ONCE) == b"result"
    assert len(fake.requests["status"]) == 3
    assert len(fake.requests["submit"]) == 1


async def test_what_no_block_holds_is_sent_again(fake, channel, identity, signer):
    """An orderer took it and died: the same envelope again, as often as time allows."""
    gateway = connect(channel, identity, signer, Timeouts(resend_s=0.05))
    fake.will("submit", Returns(SubmitResponse()), UNAVAILABLE)
    fake.will("status", Hangs(), Hangs(), invalid(9))
    assert await gateway.network("pmcb").contract("pmcb").submit("ping", retry=AT_ONCE) == b"result"
    first, *others = fake.requests["submit"]
    assert len(others) >= 2
    assert all(each == first for each in others)


async def test_a_doubt_without_time_to_follow_it_is_told(fake, channel, identity, signer):
    """What may have been ordered is never reported as a failed submit."""
    gateway = connect(channel, identity, signer, Timeouts(commit_status_s=0.0))
    fake.will("submit", UNAVAILABLE)
    with pytest.raises(OutcomeUnknown):
        await gateway.network("pmcb").contract("pmcb").submit("ping", retry=AT_ONCE)


@pytest.mark.parametrize("patience_s", [0.5])
async def test_a_doubt_left_at_the_deadline_is_told(fake, contract):
    """No word in time: the outcome is unknown, by its id, and nothing is proposed anew."""
    fake.will("submit", UNAVAILABLE)
    fake.will("status", Hangs())
    with pytest.raises(OutcomeUnknown) as caught:
        await contract.submit("ping", retry=AT_ONCE)
    assert caught.value.tx_id == fake.requests["submit"][0].transaction_id
    assert len(fake.requests["endorse"]) == 1


def test_pauses_grow_to_their_cap_and_are_spread_evenly():
    """Full jitter: between nothing and a bound that doubles up to the cap."""
    retry = Retry(base_s=0.05, cap_s=0.4)
    drawn = {tries: [retry.pause_s(tries) for _ in range(2000)] for tries in (0, 1, 3, 9, 5000)}
    for tries, bound in {0: 0.05, 1: 0.1, 3: 0.4, 9: 0.4, 5000: 0.4}.items():
        assert 0 <= min(drawn[tries]) < bound * 0.01
        assert bound * 0.99 < max(drawn[tries]) <= bound
