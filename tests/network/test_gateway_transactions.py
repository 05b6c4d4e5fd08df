# SPDX-License-Identifier: Apache-2.0
"""What becomes of replayed, forged and half endorsed transactions."""

import hashlib

import pytest
from fabric_protos.common import common_pb2
from fabric_protos.peer import (
    proposal_pb2,
    proposal_response_pb2,
    transaction_pb2,
)
from tests.network.conftest import person
from tests.network.contracts import Notes
from tests.network.wire import Wire, connect, high_s, propose
from tests.network.words import CODES, TOO_FEW, A, B, refusal

from pmcb_network.embedded import EmbeddedNetwork


async def test_a_committed_transaction_cannot_be_endorsed_again(wire, alice):
    """The same proposal, replayed: named as a duplicate, without a second effect."""
    signed, tx_id = propose(alice, "put", "a", "1")
    await wire.submit(alice, await wire.endorse(signed))
    await wire.status(alice, tx_id)
    *_, details = await refusal(wire.endorse(signed))
    creator = alice.serialized.hex()
    assert details == [(A, f"duplicate transaction found [{tx_id}]. Creator [{creator}]")]


async def test_a_replayed_envelope_has_no_second_effect(network, wire, alice):
    """It gets into a block, marked as a duplicate; the first status stands."""
    signed, tx_id = propose(alice, "put", "a", "1")
    envelope = await wire.endorse(signed)
    await wire.submit(alice, envelope)
    first = await wire.status(alice, tx_id)
    await wire.send(envelope)
    await wire.run(alice, "put", "b", "1")
    assert await wire.status(alice, tx_id) == first
    block = common_pb2.Block.FromString(network._store.current.block(2))
    assert block.metadata.metadata[2][0] == 9
    assert network.verify() == network.height


async def test_peers_at_different_heights_do_not_agree(tmp_path):
    """Their read versions differ, so nothing is endorsed and nothing is ordered."""
    async with (
        EmbeddedNetwork(tmp_path, contract=Notes(), heights_apart=True) as network,
        connect(network) as channel,
    ):
        alice, wire = person(network, "alice"), Wire(channel)
        assert await wire.run(alice, "put", "a", "1") == 0
        signed, _ = propose(alice, "put_after_reading", "a", "2")
        assert await refusal(wire.endorse(signed)) == (
            CODES.ABORTED,
            TOO_FEW,
            [(B, "ProposalResponsePayloads do not match")],
        )
        assert await wire.run(alice, "put", "b", "1") == 0
        await wire.endorse(signed)  # both have seen "a" by now


async def test_too_few_endorsements_do_not_satisfy_the_policy(network, wire, alice):
    """A client may ask one organisation only; its transaction is marked, and changes nothing."""
    signed, tx_id = propose(alice, "put", "a", "1")
    await wire.submit(alice, await wire.endorse(signed, A))
    assert (await wire.status(alice, tx_id)).result == 10
    assert network._store.current.get("a") is None


def reopened(envelope, change):
    """The envelope with its action changed, endorsements as they were."""
    payload = common_pb2.Payload.FromString(envelope.payload)
    transaction = transaction_pb2.Transaction.FromString(payload.data)
    action = transaction_pb2.ChaincodeActionPayload.FromString(transaction.actions[0].payload)
    change(action)
    transaction.actions[0].payload = action.SerializeToString()
    payload.data = transaction.SerializeToString()
    return common_pb2.Envelope(payload=payload.SerializeToString())


def other_results(action):
    inner = action.action
    payload = proposal_response_pb2.ProposalResponsePayload.FromString(
        inner.proposal_response_payload
    )
    result = proposal_pb2.ChaincodeAction.FromString(payload.extension)
    result.results = result.results.replace(b"mine", b"your")
    payload.extension = result.SerializeToString()
    inner.proposal_response_payload = payload.SerializeToString()


def same_peer_twice(action):
    action.action.endorsements[1].CopyFrom(action.action.endorsements[0])


def high_endorsement(action):
    first = action.action.endorsements[0]
    first.signature = high_s(first.signature)


def other_proposal(action):
    action.chaincode_proposal_payload += proposal_pb2.ChaincodeProposalPayload(
        input=b"other"
    ).SerializeToString()


def no_action(action):
    action.action.proposal_response_payload = b"\xff"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (other_results, 10),
        (same_peer_twice, 10),
        (high_endorsement, 10),
        (other_proposal, 21),
        (no_action, 2),
    ],
)
async def test_a_forged_transaction_is_marked_invalid(network, wire, alice, change, code):
    """Other results, one peer twice, a high S, another proposal: each has its code in the block."""
    signed, tx_id = propose(alice, "put", "a", "mine")
    await wire.submit(alice, reopened(await wire.endorse(signed), change))
    assert (await wire.status(alice, tx_id)).result == code
    assert network._store.current.get("a") is None
    assert network.verify() == 2


async def test_a_client_cannot_endorse(network, wire, alice):
    """A signature over the very bytes, but by a member who is no peer, counts for nothing."""
    bob = person(network, "bob", index=1)

    def by_bob(action):
        second = action.action.endorsements[1]
        second.endorser = bob.serialized
        second.signature = bob.sign(action.action.proposal_response_payload + bob.serialized)

    signed, tx_id = propose(alice, "put", "a", "1")
    await wire.submit(alice, reopened(await wire.endorse(signed), by_bob))
    assert (await wire.status(alice, tx_id)).result == 10


async def test_the_same_bytes_are_valid_without_the_nodes_memory(network, wire, alice):
    """A transaction that the node forgot is checked in full, and passes."""
    signed, tx_id = propose(alice, "put", "a", "1")
    envelope = await wire.endorse(signed)
    network._assembled._known.clear()
    await wire.submit(alice, envelope)
    assert (await wire.status(alice, tx_id)).result == 0


async def test_the_orderer_refuses_what_its_creator_did_not_sign(network, wire, alice):
    """Unsigned, signed by another, another channel, a foreign transaction id."""
    bob = person(network, "bob")
    envelope = await wire.endorse(propose(alice, "put", "a", "1")[0])
    code, message, _ = await refusal(wire.send(envelope))
    assert (code, message) == (CODES.INVALID_ARGUMENT, "prepared transaction must be signed")
    empty = common_pb2.Envelope()
    assert (await refusal(wire.send(empty)))[1] == "a prepared transaction is required"
    start = "received unsuccessful response from orderer: status="
    code, message, _ = await refusal(wire.submit(bob, envelope))
    assert (code, message.startswith(f"{start}FORBIDDEN, info=")) == (CODES.ABORTED, True)
    envelope.signature = high_s(alice.sign(envelope.payload))
    assert (await refusal(wire.send(envelope)))[1].startswith(f"{start}FORBIDDEN, info=")
    for more in ({"channel_id": "side"}, {"tx_id": hashlib.sha256(b"").hexdigest()}, {"type": 1}):
        payload = common_pb2.Payload.FromString(envelope.payload)
        header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
        header.MergeFrom(common_pb2.ChannelHeader(**more))
        payload.header.channel_header = header.SerializeToString()
        changed = common_pb2.Envelope(payload=payload.SerializeToString())
        message = (await refusal(wire.submit(alice, changed)))[1]
        assert message.startswith(f"{start}BAD_REQUEST, info=")
    assert network.height == 1
