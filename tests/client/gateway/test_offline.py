# SPDX-License-Identifier: Apache-2.0
"""Signing where the key is: a gateway without a signer, against the scripted one."""

from hashlib import sha256

import grpc
import pytest
from tests.client.gateway.fake_gateway import Breaks, Fails, endorsed

from pmcb_client.errors import GatewayError
from pmcb_client.gateway import Identity, NotSigned, connect


@pytest.fixture
def gateway(channel, identity):
    """A gateway without a signer."""
    return connect(channel, identity)


@pytest.fixture
def unsigned(gateway):
    """A proposal that nobody signed."""
    return gateway.network("pmcb").contract("pmcb").proposal("ping")


async def test_what_nobody_signed_is_not_sent(fake, gateway, unsigned, signer):
    """Proposal, transaction, commit and event request; nothing reaches the gateway."""
    sent = gateway.signed_proposal(unsigned.bytes, signer(unsigned.digest))
    transaction = await sent.endorse()
    request = gateway.network("pmcb").chaincode_events_request("pmcb")
    fake.requests.clear()
    calls = (
        unsigned.evaluate(),
        unsigned.endorse(),
        transaction.submit(),
        transaction.commit.status(),
        anext(request.events()),
        anext(gateway.network("pmcb").chaincode_events("pmcb")),
        gateway.network("pmcb").contract("pmcb").evaluate("ping"),
        gateway.network("pmcb").contract("pmcb").submit("ping"),
        gateway.signed_proposal(unsigned.bytes, b"").endorse(),
    )
    for call in calls:
        with pytest.raises(NotSigned) as caught:
            await call
        assert caught.value.exit_code == 2
    assert not fake.requests


@pytest.mark.parametrize("kind", ["proposal", "transaction", "commit", "chaincode_events"])
@pytest.mark.parametrize("message", [b"", b"\xff\xff", b"ping"])
async def test_bytes_of_something_else_are_refused(gateway, kind, message):
    """Nothing, noise, and text."""
    with pytest.raises(ValueError, match="of this gateway's identity"):
        getattr(gateway, f"signed_{kind}")(message, b"signature")


async def test_bytes_of_another_identity_are_refused(channel, identity, gateway, unsigned):
    """The gateway speaks as one identity."""
    other = connect(channel, Identity("HospitalBMSP", identity.certificate_pem))
    payload = endorsed(unsigned.bytes, b"result").payload
    commit = gateway.signed_transaction(payload, b"signature").commit
    request = gateway.network("pmcb").chaincode_events_request("pmcb")
    for kind, message in (
        ("proposal", unsigned.bytes),
        ("transaction", payload),
        ("commit", commit.bytes),
        ("chaincode_events", request.bytes),
    ):
        getattr(gateway, f"signed_{kind}")(message, b"signature")
        with pytest.raises(ValueError, match="identity"):
            getattr(other, f"signed_{kind}")(message, b"signature")


async def test_digests_are_those_of_the_bytes(fake, gateway, unsigned):
    """And the signature travels beside exactly these bytes."""
    assert unsigned.digest == sha256(unsigned.bytes).digest()
    await gateway.signed_proposal(
        unsigned.bytes, b"mine", endorsing_orgs=["HospitalBMSP"]
    ).endorse()
    request = fake.requests["endorse"][0]
    assert request.proposed_transaction.proposal_bytes == unsigned.bytes
    assert request.proposed_transaction.signature == b"mine"
    assert request.transaction_id == unsigned.transaction_id
    assert request.channel_id == "pmcb"
    assert list(request.endorsing_organizations) == ["HospitalBMSP"]


async def test_a_stream_signed_off_line_ends_when_it_breaks(fake, gateway):
    """It is asked once, with the given bytes; going on would need another signature."""
    request = gateway.network("pmcb").chaincode_events_request("pmcb", start_block=5)
    fake.blocks.update({5: ["a"], 6: ["b"]})
    fake.will("events", Breaks(1, Fails(grpc.StatusCode.UNAVAILABLE, "connection refused")))
    events = gateway.signed_chaincode_events(request.bytes, b"mine").events()
    assert (await anext(events)).transaction_id == "a"
    with pytest.raises(GatewayError, match="connection refused"):
        await anext(events)
    (sent,) = fake.requests["events"]
    assert (sent.request, sent.signature) == (request.bytes, b"mine")
