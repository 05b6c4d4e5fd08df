# SPDX-License-Identifier: Apache-2.0
"""``commit="blocks"``: one stream of blocks tells all transactions, as scripted."""

import asyncio
import gc
from typing import Any

import grpc
import pytest
from fabric_protos.common.common_pb2 import Status
from fabric_protos.gateway.gateway_pb2 import CommitStatusResponse
from tests.client.gateway.fake_deliver import UNAVAILABLE, VALID, BreaksOff, patient, told_at_once
from tests.client.gateway.fake_gateway import Fails, Returns

from pmcb_client.errors import (
    CommitError,
    CommitStatusError,
    Conflict,
    GatewayError,
    LedgerUnavailable,
    OutcomeUnknown,
)
from pmcb_client.gateway import Identity, NotSigned, Retry, Timeouts, connect, open_channel

AT_ONCE = Retry(base_s=0.0)
DUPLICATE, POLICY, MVCC = 9, 10, 11


@pytest.fixture
def deliver(fake, monkeypatch):
    """Each submitted transaction is valid in a block of its own; no pauses."""
    return told_at_once(fake, monkeypatch)


@pytest.fixture
async def gateway(deliver, channel, identity, signer, patience_s):
    """Ends when the test ends; doubts after that time, and so does a stream that is not."""
    timeouts = Timeouts(submit_s=patience_s, commit_status_s=patience_s)
    async with connect(channel, identity, signer, timeouts, commit="blocks") as gateway:
        yield gateway


@pytest.fixture
def contract(gateway):
    return gateway.network("pmcb").contract("pmcb")


async def test_a_gateway_that_cannot_sign_the_stream_is_refused(channel, identity):
    """Off-line there is nobody to sign; and there are two ways only."""
    neither: Any = "block"
    with pytest.raises(NotSigned, match="stream of blocks") as caught:
        connect(channel, identity, commit="blocks")
    assert 'commit="status"' in caught.value.next_step
    with pytest.raises(ValueError, match="commit must be"):
        connect(channel, identity, commit=neither)


async def test_without_blocks_nothing_is_sent(fake, deliver, contract):
    """A peer that refuses them says why; the next submit tries anew."""
    deliver.script.append(BreaksOff(0, Status.FORBIDDEN))
    with pytest.raises(GatewayError, match="may not read") as caught:
        await contract.submit("ping", retry=AT_ONCE)
    assert caught.value.grpc_code is grpc.StatusCode.PERMISSION_DENIED
    assert not fake.requests["submit"]
    assert await contract.submit("ping") == b"result"


@pytest.mark.parametrize("patience_s", [0.5])
async def test_a_stream_that_does_not_flow_is_no_reason_to_send(fake, deliver, contract):
    """Nothing was ordered: the ledger is unavailable, not the outcome unknown."""
    deliver.script.extend([BreaksOff(0, UNAVAILABLE)] * 100_000)
    with pytest.raises(LedgerUnavailable, match="nothing was sent"):
        await contract.submit("ping", retry=AT_ONCE)
    assert not fake.requests["submit"]


async def test_a_block_tells_what_became_of_a_transaction(fake, deliver, contract):
    """Its code and its number; the gateway is not asked."""
    assert await contract.submit("ping") == b"result"
    pending = await contract.submit_async("ping")
    status = await pending.status()
    assert (status.name, status.successful, status.block_number) == ("VALID", True, 2)
    assert status.transaction_id == pending.transaction_id
    commit = await (await contract.proposal("ping").endorse()).submit()
    assert (await commit.status()) == (await commit.status())
    assert not fake.requests["status"]
    (asked,) = deliver.requests
    assert (asked.kind, asked.start) == ("filtered", "newest")


async def test_an_invalid_transaction_is_told_as_always(fake, deliver, contract):
    """A conflict is proposed anew, another code is final."""
    codes = iter([MVCC, VALID, POLICY, *[MVCC] * 2])
    fake.on_submit = lambda tx_id: deliver.write((tx_id, next(codes)))
    assert await contract.submit("ping", retry=AT_ONCE) == b"result"
    assert len(fake.requests["endorse"]) == 2
    with pytest.raises(CommitError) as caught:
        await contract.submit("ping", retry=AT_ONCE)
    assert caught.value.name == "ENDORSEMENT_POLICY_FAILURE"
    with pytest.raises(Conflict):
        await contract.submit("ping", retry=Retry(conflicts=1, base_s=0.0))


async def test_one_stream_serves_all_gateways_on_a_channel(fake, deliver, channel, signer):
    """Two identities, forty transactions, one stream; a second channel of the ledger: another."""
    first, second = (Identity(msp, b"certificate") for msp in ("HospitalAMSP", "HospitalBMSP"))
    async with patient(channel, first, signer) as one, patient(channel, second, signer) as two:
        results = await asyncio.gather(*(each.submit("ping") for each in (one, two) * 20))
        assert results == [b"result"] * 40
        assert len(deliver.requests) == 1
    assert not fake.requests["status"]
    async with connect(channel, first, signer, commit="blocks") as gateway:
        for name in ("pmcb", "other"):
            assert await gateway.network(name).contract("pmcb").submit("ping") == b"result"
    assert [asked.header.channel_id for asked in deliver.requests[1:]] == ["pmcb", "other"]


async def test_waiting_holds_no_slot_of_the_gateway(fake, deliver, channel, identity, signer):
    """Under a limit of one: twenty wait for one block, and a query passes."""
    ordered: list[str] = []
    all_ordered = asyncio.Event()

    def order(tx_id):
        ordered.append(tx_id)
        if len(ordered) == 20:
            all_ordered.set()

    fake.on_submit = order
    async with patient(channel, identity, signer, max_in_flight=1) as contract:
        waiting = [asyncio.create_task(contract.submit("ping")) for _ in range(20)]
        await all_ordered.wait()
        assert await contract.evaluate("ping") == b"evaluated"
        deliver.write(*((tx_id, VALID) for tx_id in ordered))
        assert await asyncio.gather(*waiting) == [b"result"] * 20


async def test_the_first_copy_of_an_envelope_decides(fake, deliver, contract):
    """A doubtful submit is sent again: the second copy is a duplicate, and does not count."""
    ordered = []

    def order(tx_id):
        deliver.write((tx_id, DUPLICATE if tx_id in ordered else VALID))
        ordered.append(tx_id)

    fake.on_submit = order
    fake.will("submit", Fails(grpc.StatusCode.UNAVAILABLE), Fails(grpc.StatusCode.UNAVAILABLE))
    assert await contract.submit("ping", retry=AT_ONCE) == b"result"
    assert len(ordered) == 3
    assert len(fake.requests["endorse"]) == 1


async def test_what_no_block_holds_is_sent_again(fake, deliver, channel, identity, signer):
    """An orderer took it and died: the second copy of the envelope is the one that stands."""
    taken = []

    def forget_the_first(tx_id):
        taken.append(tx_id)
        if len(taken) == 2:
            deliver.write((tx_id, VALID))

    fake.on_submit = forget_the_first
    timeouts = Timeouts(resend_s=0.05)
    async with patient(channel, identity, signer, timeouts=timeouts) as contract:
        assert await contract.submit("ping", retry=AT_ONCE) == b"result"
    assert len(taken) >= 2
    assert len({*taken}) == 1
    assert len(fake.requests["endorse"]) == 1


async def test_a_duplicate_of_what_stands_already_is_asked_about(fake, deliver, contract):
    """The first copy stands before the stream began: only the gateway's index knows its code."""
    fake.on_submit = lambda tx_id: deliver.write((tx_id, DUPLICATE))
    fake.will("status", Returns(CommitStatusResponse(result=VALID, block_number=0)))
    status = await (await contract.submit_async("ping")).status()
    assert (status.name, status.block_number) == ("VALID", 0)


@pytest.mark.parametrize("how", [UNAVAILABLE, Status.SERVICE_UNAVAILABLE, None])
async def test_after_a_break_the_stream_goes_on_and_the_gateway_is_asked(
    fake, deliver, contract, how
):
    """At the last block + 1, and by CommitStatus for those who waited."""
    assert await contract.submit("ping") == b"result"  # block 1
    fake.on_submit = lambda tx_id: None
    pending = [await contract.submit_async("ping") for _ in range(3)]
    waiting = [asyncio.create_task(each.status()) for each in pending]
    deliver.cut(how)
    assert [status.block_number for status in await asyncio.gather(*waiting)] == [7] * 3
    assert len(fake.requests["status"]) == 3
    fake.on_submit = lambda tx_id: deliver.write((tx_id, VALID))
    assert await contract.submit("ping") == b"result"
    assert len(fake.requests["status"]) == 3
    assert [asked.start for asked in deliver.requests] == ["newest", 2]


@pytest.mark.parametrize("patience_s", [0.5])
async def test_a_deadline_leaves_the_outcome_unknown(fake, contract):
    """No block in time: the transaction may stand or not, and is never proposed anew."""
    fake.on_submit = lambda tx_id: None
    with pytest.raises(OutcomeUnknown) as caught:
        await contract.submit("ping", retry=AT_ONCE)
    assert caught.value.tx_id == fake.requests["submit"][0].transaction_id
    assert len(fake.requests["endorse"]) == 1


async def test_a_single_step_says_that_it_was_late(fake, contract):
    """And may be taken again."""
    fake.on_submit = lambda tx_id: None
    commit = await (await contract.proposal("ping").endorse()).submit()
    with pytest.raises(CommitStatusError) as caught:
        await commit.status(timeout_s=0.01)
    assert caught.value.grpc_code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert caught.value.transaction_id == commit.transaction_id
    fake.deliver.write((commit.transaction_id, VALID))
    assert (await commit.status()).successful


async def test_a_waiter_that_is_cancelled_may_ask_again(fake, deliver, contract):
    """Giving up waiting does not give up the transaction."""
    fake.on_submit = lambda tx_id: None
    pending = await contract.submit_async("ping")
    waiter = asyncio.create_task(pending.status())
    await asyncio.sleep(0)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    deliver.write((pending.transaction_id, VALID))
    assert (await pending.status()).successful


async def test_what_nobody_asks_about_leaves_nothing_behind(fake, gateway, contract):
    """A transaction that was sent and forgotten, and never came into a block."""
    fake.on_submit = lambda tx_id: None
    kept = await contract.submit_async("ping")
    for _ in range(5):
        await contract.submit_async("ping")
    gc.collect()
    (stream,) = gateway._calls.commits._streams.values()
    assert list(stream._waiting) == [kept.transaction_id]


async def test_rights_that_end_end_the_stream_and_not_the_transactions(fake, deliver, contract):
    """A peer that refuses further blocks: who waits asks the gateway, who comes opens another."""
    fake.on_submit = lambda tx_id: None
    pending = await contract.submit_async("ping")
    deliver.cut(Status.FORBIDDEN)
    assert (await pending.status()).block_number == 7
    fake.on_submit = lambda tx_id: deliver.write((tx_id, VALID))
    assert await contract.submit("ping") == b"result"
    assert [asked.start for asked in deliver.requests] == ["newest", "newest"]


async def test_a_channel_closed_early_ends_the_stream(fake, deliver, identity, signer, tls):
    """Whoever waits hears of it by the next question."""
    channel = open_channel(fake.target, tls[1])
    gateway = connect(channel, identity, signer, Timeouts(commit_status_s=0.5), commit="blocks")
    contract = gateway.network("pmcb").contract("pmcb")
    await contract.submit("ping")
    fake.on_submit = lambda tx_id: None
    commit = await (await contract.proposal("ping").endorse()).submit()
    asked = asyncio.create_task(commit.status())
    await channel.close(grace=None)
    with pytest.raises((CommitStatusError, asyncio.CancelledError, grpc.aio.UsageError)):
        await asked
    await deliver.until(lambda: deliver.running == 0)


async def test_a_commit_signed_off_line_is_asked_about(fake, gateway, contract, signer):
    """Nobody saw its submit here, so no block is waited for."""
    transaction = await contract.proposal("ping").endorse()
    commit = transaction.commit
    status = await gateway.signed_commit(commit.bytes, signer(commit.digest)).status()
    assert (status.name, status.block_number) == ("VALID", 7)
    assert not fake.deliver.requests
