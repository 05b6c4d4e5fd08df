# SPDX-License-Identifier: Apache-2.0
"""Which proposals the embedded gateway refuses, and in what words."""

import asyncio

import pytest
from fabric_protos.peer import (
    proposal_pb2,
)
from tests.network.conftest import person
from tests.network.contracts import Notes
from tests.network.wire import Wire, connect, high_s, propose
from tests.network.words import CODES, ENDORSE_FAILED, A, denied, refusal

from pmcb_network.embedded import EmbeddedNetwork


async def test_a_refusal_of_the_contract_reaches_the_client(wire, alice):
    """Evaluate is UNKNOWN with all in the message, endorse ABORTED with the words in a detail."""
    said = "chaincode response 404, NOT_FOUND: There is no such note."
    signed, _ = propose(alice, "get", "absent")
    assert await refusal(wire.evaluate(signed)) == (
        CODES.UNKNOWN,
        f"evaluate call to endorser returned error: {said}",
        [(A, said)],
    )
    assert await refusal(wire.endorse(signed)) == (CODES.ABORTED, ENDORSE_FAILED, [(A, said)])


async def test_a_refusal_leaves_nothing(network, wire, alice):
    """No block, no status: a refused endorsement never happened."""
    signed, tx_id = propose(alice, "get", "absent")
    await refusal(wire.endorse(signed))
    assert (network.height, network._store.current.status(tx_id)) == (1, None)


async def test_an_unknown_chaincode_or_channel_has_no_peers(wire, alice):
    """Named in the message, in Fabric's words."""
    for chaincode, channel in (("other", "pmcb"), ("notes", "side")):
        place = f"chaincode {chaincode} in channel {channel}"
        signed, _ = propose(alice, "get", "a", channel=channel, chaincode=chaincode)
        code, message, details = await refusal(wire.evaluate(signed))
        assert (code, message) == (
            CODES.FAILED_PRECONDITION,
            f"no peers available to evaluate {place}",
        )
        code, message, details = await refusal(wire.endorse(signed))
        assert (code, details) == (CODES.FAILED_PRECONDITION, [])
        assert message.startswith("no combination of peers can be derived")


async def test_an_unknown_organisation_has_no_peers(wire, alice):
    """Whether asked to endorse or to evaluate."""
    signed, _ = propose(alice, "put", "a", "1")
    assert await refusal(wire.endorse(signed, A, "HospitalCMSP")) == (
        CODES.UNAVAILABLE,
        "failed to find any endorsing peers for org(s): HospitalCMSP",
        [],
    )
    code, *_ = await refusal(wire.evaluate(signed, "HospitalCMSP"))
    assert code is CODES.FAILED_PRECONDITION


async def test_a_proposal_that_is_none_is_an_invalid_argument(wire, alice):
    """Missing, garbage, without a chaincode's name: refused before any peer sees it."""
    garbage = proposal_pb2.SignedProposal(proposal_bytes=b"\xff\xff", signature=b"x")
    nameless, _ = propose(alice, "get", "a", chaincode="")
    for signed in (proposal_pb2.SignedProposal(), garbage, nameless):
        for call in (wire.evaluate, wire.endorse):
            code, message, _ = await refusal(call(signed))
            assert code is CODES.INVALID_ARGUMENT
            assert message.startswith("failed to unpack transaction proposal: ")


async def test_a_wrong_signature_is_denied(wire, alice):
    """Another person's, one over other bytes, one with the higher S."""
    signed, _ = propose(alice, "put", "a", "1")
    for signature in (b"", b"x" * 70, alice.sign(b"other"), high_s(signed.signature)):
        signed.signature = signature
        assert await refusal(wire.endorse(signed)) == (
            CODES.ABORTED,
            ENDORSE_FAILED,
            [(A, denied(A))],
        )
        assert await refusal(wire.evaluate(signed)) == (
            CODES.FAILED_PRECONDITION,
            f"evaluate call to endorser returned error: {denied(A)}",
            [(A, denied(A))],
        )


async def test_a_stranger_is_denied(network, wire):
    """A certificate of another CA, and an organisation that is not here."""
    authority = network._material.organizations[1].ca
    impostor = type(person(network, "x")).issue(authority, A, "eve")
    for msp_id in (A, "HospitalCMSP"):
        impostor.msp_id = msp_id
        *_, details = await refusal(wire.endorse(propose(impostor, "put", "a", "1")[0]))
        assert details[0][1].endswith("creator org unknown, creator is malformed")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"tx_id": "0" * 64}, "incorrectly computed txid '000"),
        ({"nonce": b""}, "nonce is empty"),
        ({"header_type": 1}, "invalid header type CONFIG"),
    ],
)
async def test_a_malformed_header_is_refused(wire, alice, more, said):
    """In the peer's words."""
    *_, details = await refusal(wire.endorse(propose(alice, "put", "a", "1", **more)[0]))
    assert details[0][1].startswith(f"error validating proposal: {said}")


async def test_an_execute_timeout_is_aborted(tmp_path, monkeypatch):
    """A contract that never answers costs its caller an error, not the network a slot."""
    monkeypatch.setattr("pmcb_network.embedded._node.EXECUTE_TIMEOUT_S", 0.5)
    contract = Notes()
    async with EmbeddedNetwork(tmp_path, contract=contract) as network, connect(network) as channel:
        alice, wire = person(network, "alice"), Wire(channel)
        signed, tx_id = propose(alice, "wait")
        code, message, details = await refusal(wire.endorse(signed))
        assert (code, message) == (CODES.ABORTED, ENDORSE_FAILED)
        said = "timeout expired while executing transaction"
        lead = f"error in simulation: failed to execute transaction {tx_id}: "
        assert details == [(A, lead + said)]
        assert network._store.current.idle
        assert await wire.run(alice, "put", "a", "1") == 0


async def test_a_cancelled_call_releases_its_snapshot(tmp_path):
    """A client that goes away leaves nothing open."""
    contract = Notes()
    async with EmbeddedNetwork(tmp_path, contract=contract) as network, connect(network) as channel:
        wire = Wire(channel)
        call = asyncio.create_task(wire.evaluate(propose(person(network, "alice"), "wait")[0]))
        await contract.entered.wait()
        assert not network._store.current.idle
        call.cancel()
        await asyncio.wait({call})
        await wire.evaluate(propose(person(network, "bob"), "whoami")[0])  # behind the cancel
        assert network._store.current.idle
        contract.blocked.set()


async def test_time_stamps_outside_the_window_are_refused(tmp_path, clock):
    """Proposals carry their client's clock; a replay from yesterday meets a closed door."""
    async with (
        EmbeddedNetwork(tmp_path, contract=Notes(), clock=clock, time_window_s=120) as network,
        connect(network) as channel,
    ):
        alice, wire = person(network, "alice"), Wire(channel)
        for away_s in (-121, 121):
            signed, _ = propose(alice, "get", "a", time_ms=clock() + away_s * 1000)
            code, message, details = await refusal(wire.endorse(signed))
            assert (code, message) == (CODES.ABORTED, ENDORSE_FAILED)
            assert details[0][1].startswith("request unauthorized due to incorrect timestamp ")
            assert details[0][1].endswith("peer.authentication.timewindow 2m0s")
            code, message, _ = await refusal(wire.evaluate(signed))
            assert code is CODES.UNAVAILABLE
        signed, _ = propose(alice, "put", "a", "1", time_ms=clock() + 120_000)
        await wire.submit(alice, await wire.endorse(signed))


async def test_an_expired_identity_is_refused_everywhere(tmp_path, clock):
    """Its certificate was good at its first call, and is cached; a year later it is over."""
    async with (
        EmbeddedNetwork(tmp_path, contract=Notes(), clock=clock) as network,
        connect(network) as channel,
    ):
        alice, wire = person(network, "alice", now_ms=clock()), Wire(channel)
        signed, tx_id = propose(alice, "put", "a", "1", time_ms=clock())
        envelope = await wire.endorse(signed)
        clock.advance(days=366)
        *_, details = await refusal(wire.endorse(propose(alice, "get", "a", time_ms=clock())[0]))
        assert details == [(A, "proposal client identity expired")]
        code, message, _ = await refusal(wire.submit(alice, envelope))
        assert (code, "FORBIDDEN" in message) == (CODES.ABORTED, True)
        code, *_ = await refusal(wire.status(alice, tx_id))
        assert code is CODES.PERMISSION_DENIED
