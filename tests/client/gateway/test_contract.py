# SPDX-License-Identifier: Apache-2.0
import asyncio

import grpc
import pytest
from fabric_protos.common.common_pb2 import ChannelHeader, Header
from fabric_protos.gateway.gateway_pb2 import CommitStatusResponse
from fabric_protos.peer.chaincode_pb2 import ChaincodeInvocationSpec
from fabric_protos.peer.proposal_pb2 import ChaincodeProposalPayload, Proposal
from tests.client.gateway.fake_gateway import Fails, Hangs, Returns

from pmcb_client.errors import EndorseError
from pmcb_client.gateway import connect, open_channel


def sent(request):
    """Channel header and arguments of a proposed transaction."""
    proposal = Proposal.FromString(request.proposed_transaction.proposal_bytes)
    header = ChannelHeader.FromString(Header.FromString(proposal.header).channel_header)
    payload = ChaincodeProposalPayload.FromString(proposal.payload)
    invocation = ChaincodeInvocationSpec.FromString(payload.input)
    return header, list(invocation.chaincode_spec.input.args)


@pytest.mark.parametrize("word", [1, None, True, 1.0])
async def test_an_argument_that_is_no_text_is_refused(contract, fake, word):
    """Numbers are written by the caller, so that nobody wonders how."""
    with pytest.raises(TypeError, match="str or bytes"):
        await contract.submit("set", word)
    assert not fake.requests


@pytest.mark.parametrize("call", ["evaluate", "submit", "submit_async", "proposal"])
async def test_one_organisation_alone_stands_in_a_list(contract, fake, call):
    """A text is a sequence of letters, and no letter is an organisation."""
    with pytest.raises(TypeError, match="endorsing_orgs"):
        await getattr(contract, call)("ping", endorsing_orgs="HospitalAMSP")
    assert not fake.requests


@pytest.mark.parametrize("roots", ["", b"", "none"])
def test_a_channel_without_roots_is_refused(roots):
    """Else it would trust whatever the system trusts."""
    with pytest.raises(ValueError, match="PEM"):
        open_channel("localhost:7051", roots)


@pytest.mark.parametrize(
    ("target", "direct"),
    [("localhost:1", True), ("127.0.0.1:1", True), ("peer0.hospital-a.example:7051", False)],
)
def test_only_a_channel_to_this_machine_ignores_proxies(monkeypatch, target, direct):
    """A proxy's localhost is another machine; other addresses may need the proxy."""
    given = {}
    monkeypatch.setattr(grpc.aio, "secure_channel", lambda *_, options: given.update(dict(options)))
    open_channel(target, b"-----BEGIN CERTIFICATE-----")
    assert ("grpc.enable_http_proxy" in given) is direct


async def test_a_channel_has_one_limit(channel, identity, signer):
    """Below one, or another than the channel already has: refused."""
    with pytest.raises(ValueError, match="at least 1"):
        connect(channel, identity, signer, max_in_flight=0)
    connect(channel, identity, signer, max_in_flight=3)
    with pytest.raises(ValueError, match="limited to 3"):
        connect(channel, identity, signer, max_in_flight=4)


async def test_calls_in_flight_stay_below_the_limit(fake, channel, identity, signer, tls):
    """Two identities on one channel share the limit; nothing is lost."""
    contracts = [
        connect(channel, identity, signer, max_in_flight=3).network("pmcb").contract("pmcb")
        for _ in range(2)
    ]
    full = asyncio.Event()
    held = [Hangs(full), Hangs(full), Hangs(full)]
    fake.will("endorse", *held)
    async with asyncio.TaskGroup() as group:
        calls = [
            group.create_task(contracts[number % 2].submit("ping", str(number)))
            for number in range(40)
        ]
        for hangs in held:
            await hangs.reached.wait()
        async with asyncio.timeout(10):  # a channel of its own is not held up
            outside = open_channel(fake.target, tls[1])
            gateway = connect(outside, identity, signer)
            await gateway.network("pmcb").contract("pmcb").evaluate("ping")
            await outside.close(grace=None)
        full.set()
    assert [call.result() for call in calls] == [b"result"] * 40
    assert fake.most_running["endorse"] == 3


async def test_submit_returns_what_the_contract_returned(contract, fake):
    """The result, not the transaction id; the arguments travel as given."""
    assert await contract.submit("accept_subtask", "task", b"0") == b"result"
    header, args = sent(fake.requests["endorse"][0])
    assert args == [b"accept_subtask", b"task", b"0"]
    assert header.channel_id == "pmcb"


async def test_evaluate_orders_nothing(contract, fake):
    """A query is one call."""
    assert await contract.evaluate("get_governance") == b"evaluated"
    assert set(fake.requests) == {"evaluate"}


async def test_a_named_contract_prefixes_its_functions(fake, channel, identity, signer):
    """``contract(chaincode, name)`` calls ``name:function``."""
    named = connect(channel, identity, signer).network("pmcb").contract("pmcb", "notes")
    await named.evaluate("ping")
    assert sent(fake.requests["evaluate"][0])[1] == [b"notes:ping"]


async def test_the_clock_stamps_proposals(fake, channel, identity, signer):
    """The contract's time is the client's; a week may pass in a second."""
    async with connect(channel, identity, signer, clock=lambda: 604_800_000) as gateway:
        await gateway.network("pmcb").contract("pmcb").evaluate("ping")
    assert sent(fake.requests["evaluate"][0])[0].timestamp.seconds == 604_800


async def test_transient_data_and_organisations_reach_the_gateway(contract, fake):
    """Both travel where Fabric looks for them."""
    await contract.submit("put", transient={"k": b"v"}, endorsing_orgs=["HospitalBMSP"])
    request = fake.requests["endorse"][0]
    proposal = Proposal.FromString(request.proposed_transaction.proposal_bytes)
    payload = ChaincodeProposalPayload.FromString(proposal.payload)
    assert dict(payload.TransientMap) == {"k": b"v"}
    assert list(request.endorsing_organizations) == ["HospitalBMSP"]


async def test_submit_async_returns_before_the_block(contract, fake):
    """Result at once, status later; an invalid one is told, not raised or repeated."""
    fake.will("status", Returns(CommitStatusResponse(result=11, block_number=9)))
    pending = await contract.submit_async("ping")
    assert pending.result == b"result"
    assert not fake.requests["status"]
    status = await pending.status()
    assert (status.successful, status.code, status.name) == (False, 11, "MVCC_READ_CONFLICT")
    assert (status.block_number, status.transaction_id) == (9, pending.transaction_id)
    assert len(fake.requests["endorse"]) == 1


async def test_the_four_objects_take_one_step_each(contract, fake):
    """Proposal, Transaction, Commit, Status; none repeats anything."""
    proposal = contract.proposal("ping")
    transaction = await proposal.endorse()
    commit = await transaction.submit()
    status = await commit.status()
    assert transaction.result == b"result"
    assert status.successful
    ids = {
        proposal.transaction_id,
        transaction.transaction_id,
        commit.transaction_id,
        status.transaction_id,
    }
    assert len(ids) == 1
    fake.will("endorse", Fails(grpc.StatusCode.UNAVAILABLE))
    with pytest.raises(EndorseError):
        await contract.proposal("ping").endorse()


async def test_an_unknown_code_has_a_name_all_the_same(contract, fake):
    """A later Fabric may count on."""
    fake.will("status", Returns(CommitStatusResponse(result=77)))
    status = await (await contract.submit_async("ping")).status()
    assert (status.successful, status.name) == (False, "CODE_77")
