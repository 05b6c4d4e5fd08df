# SPDX-License-Identifier: Apache-2.0
"""The embedded network's fronts under damaged calls of genuine members, signed again or not.

Each call is answered with a status of the protocol, never with a defect of ours; the log stays
silent, the state stays as it was, and the committer goes on.
"""

import asyncio
import base64
import json
import secrets
from contextlib import AsyncExitStack

import grpc
import pytest
from fabric_protos.common.common_pb2 import Envelope
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer.events_pb2 import DeliverResponse
from fabric_protos.peer.proposal_pb2 import SignedProposal
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fuzz.checks import MARKER, examples, logged, pem
from tests.fuzz.damage import documents, messages, scarred
from tests.network.ca_wire import Ca, authorization, request
from tests.network.contracts import Notes
from tests.network.wire import Person, Wire, connect, propose

from pmcb_client.gateway._seek import seek
from pmcb_network.embedded import EmbeddedNetwork
from pmcb_network.embedded._blocks import verify

UNREADABLE = {"Exception deserializing request!", "grpc: error unmarshalling request"}
WAITS_S, ANSWERS_S = 0.2, 30.0


class Front:
    """A running network, a member of it, and samples of what the member may send."""

    def __init__(self, network, runner):
        self.network, self.run = network, runner.run
        org = network._material.organizations[0]
        self.alice = Person.issue(org.ca, org.msp_id, "alice")

    async def prepare(self, stack):
        self.channel = await stack.enter_async_context(connect(self.network))
        self.wire = Wire(self.channel)
        self.ca = Ca.of(self.network)
        await stack.enter_async_context(self.ca.http)
        self.registrar = await self.ca.registrar()
        self.proposals = [
            propose(self.alice, *call, transient={"t": MARKER.encode()})[0]
            for call in (("put", "k", MARKER), ("get", "victim"), ("page", "", "3"), ("whoami",))
        ]
        signed, self.tx_id = propose(self.alice, "put", "victim", "first")
        self.envelope = await self.wire.endorse(signed)
        await self.wire.submit(self.alice, self.envelope)  # a second time it is a duplicate
        await self.wire.status(self.alice, self.tx_id)
        await self.wire.run(self.alice, "put", "victim", "last")
        # What is drawn depends on these bytes, so they are made once: signatures vary in length.
        self.question = gateway_pb2.CommitStatusRequest(
            transaction_id=self.tx_id, channel_id="pmcb", identity=self.alice.serialized
        ).SerializeToString()
        now, creator = self.network._clock(), self.alice.serialized
        self.seeks = [
            seek("pmcb", creator, start, time_ms=now, tls_hash=b"")
            for start in (0, "newest", "next", 10**6)
        ]
        self.whole_question = self.asked(self.question)
        self.whole_seeks = [self.envelope_of(raw) for raw in self.seeks]

    def signed(self, raw):
        return SignedProposal(proposal_bytes=raw, signature=self.alice.sign(raw))

    def asked(self, raw):
        return gateway_pb2.SignedCommitStatusRequest(
            request=raw, signature=self.alice.sign(raw)
        ).SerializeToString()

    def envelope_of(self, raw):
        return Envelope(payload=raw, signature=self.alice.sign(raw)).SerializeToString()

    async def unary(self, method, raw, *, timeout_s=ANSWERS_S):
        call = self.channel.unary_unary(f"/gateway.Gateway/{method}")
        return await _status(call(raw, timeout=timeout_s))

    async def alive(self):
        """A sound transaction still becomes valid, and nothing else has changed."""
        assert await self.wire.run(self.alice, "put", "alive", "yes") == 0
        rows = dict(self.network._store.current.rows("", ""))
        assert {key: value.data for key, value in rows.items()} == {
            "alive": b"yes",
            "victim": b"last",
        }


async def _status(call):
    """The call's status; INTERNAL only where gRPC itself could not read the request."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        code, said = error.code(), error.details() or ""
        assert code is not grpc.StatusCode.INTERNAL or said in UNREADABLE, said
        return code
    return grpc.StatusCode.OK


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    """One network for all examples, on a loop that runs while one of them does."""
    folder = tmp_path_factory.mktemp("network") / "network"
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        network = EmbeddedNetwork(folder, contract=Notes(), time_window_s=10**6)
        runner.run(stack.enter_async_context(network))
        made = Front(network, runner)
        runner.run(made.prepare(stack))
        yield made
        verify(network._store.current, "notes")
        runner.run(stack.aclose())


@examples(50)
@given(st.data())
def test_damaged_proposals_are_answered_and_change_nothing(front, data):
    """Evaluate and Endorse: whatever is wrong with a proposal, its client hears a status."""
    sample = data.draw(st.sampled_from(front.proposals))
    raw = data.draw(messages(sample.proposal_bytes))
    for kind, field, method in (
        (gateway_pb2.EvaluateRequest, "target_organizations", "Evaluate"),
        (gateway_pb2.EndorseRequest, "endorsing_organizations", "Endorse"),
    ):
        orgs = data.draw(st.sampled_from(([], ["HospitalAMSP"], ["HospitalBMSP", "NoMSP"], [""])))
        sent = kind(proposed_transaction=front.signed(raw), **{field: orgs})
        whole = sent.SerializeToString()
        if data.draw(st.booleans()):
            sound = kind(proposed_transaction=sample).SerializeToString()
            whole = data.draw(messages(sound))
        with logged("pmcb_network") as lines:
            code = front.run(front.unary(method, whole))
        assert lines == []
        assert code is not grpc.StatusCode.DEADLINE_EXCEEDED


@examples(50)
@given(st.data())
def test_damaged_transactions_are_never_valid(front, data):
    """Submit: nothing that differs from what was endorsed changes the state, signed or not."""
    payload = data.draw(messages(front.envelope.payload))
    sent = Envelope(payload=payload, signature=front.alice.sign(payload))
    whole = gateway_pb2.SubmitRequest(prepared_transaction=sent).SerializeToString()
    if data.draw(st.booleans()):
        sent = Envelope(payload=front.envelope.payload, signature=front.envelope.signature)
        sound = gateway_pb2.SubmitRequest(prepared_transaction=sent).SerializeToString()
        whole = data.draw(messages(sound))
    with logged("pmcb_network") as lines:
        front.run(front.unary("Submit", whole))
        front.run(front.alive())
    assert lines == []


@examples(30)
@given(st.data())
def test_damaged_questions_about_a_transaction_are_answered(front, data):
    """CommitStatus: a status, or the wait that a sound question about nothing is given too."""
    whole = front.asked(data.draw(messages(front.question)))
    if data.draw(st.booleans()):
        whole = data.draw(messages(front.whole_question))
    with logged("pmcb_network") as lines:
        front.run(front.unary("CommitStatus", whole, timeout_s=WAITS_S))
    assert lines == []


async def _read(channel, method, whole, kind, most=5):
    """Some answers of a stream, until it waits."""
    found = []
    if kind is DeliverResponse:
        call = channel.stream_stream(f"/protos.Deliver/{method}")(iter([whole]), timeout=WAITS_S)
    else:
        call = channel.unary_stream(f"/gateway.Gateway/{method}")(whole, timeout=WAITS_S)
    try:
        async for raw in call:
            found.append(kind.FromString(raw))
            if len(found) == most:
                break
    except grpc.aio.AioRpcError as error:
        code, said = error.code(), error.details() or ""
        assert code is not grpc.StatusCode.INTERNAL or said in UNREADABLE, said
    finally:
        call.cancel()
    return found


@examples(30)
@given(st.data())
def test_damaged_requests_for_events_or_blocks_are_answered(front, data):
    """ChaincodeEvents and the three forms of Deliver: answers of their kind, or a status."""
    method = data.draw(
        st.sampled_from(("ChaincodeEvents", "Deliver", "DeliverFiltered", "DeliverWithPrivateData"))
    )
    if method == "ChaincodeEvents":
        request_ = gateway_pb2.ChaincodeEventsRequest(
            channel_id="pmcb",
            chaincode_id="notes",
            identity=front.alice.serialized,
            after_transaction_id=front.tx_id,
            start_position={"specified": {"number": 1}},
        )
        raw = data.draw(messages(request_.SerializeToString()))
        whole = gateway_pb2.SignedChaincodeEventsRequest(
            request=raw, signature=front.alice.sign(raw)
        ).SerializeToString()
        kind = gateway_pb2.ChaincodeEventsResponse
    else:
        whole = front.envelope_of(data.draw(messages(*front.seeks)))
        if data.draw(st.booleans()):
            whole = data.draw(messages(*front.whole_seeks))
        kind = DeliverResponse
    with logged("pmcb_network") as lines:
        found = front.run(_read(front.channel, method, whole, kind))
    assert lines == []
    for answer in found:
        if kind is DeliverResponse:
            assert answer.WhichOneof("Type") is not None


CALLS = {
    "enroll": {"certificate_request": request("alice"), "profile": "", "hosts": ["a.example"]},
    "reenroll": {"certificate_request": request("x"), "attr_reqs": [{"name": "hf.Type"}]},
    "register": {
        "id": "",
        "type": "client",
        "secret": MARKER,
        "affiliation": "",
        "max_enrollments": 1,
        "attrs": [{"name": "pmcb.role", "value": MARKER, "ecert": True}],
    },
    "revoke": {"id": "nobody", "serial": "12", "aki": "34", "reason": "", "gencrl": True},
    "gencrl": {"revokedafter": "2026-01-01T00:00:00Z", "expirebefore": "0001-01-01T00:00:00Z"},
    "cainfo": {"caname": "ca-HospitalAMSP"},
}


def _csr(der):
    return pem(der).decode().replace("CERTIFICATE-", "CERTIFICATE REQUEST-")


@examples(60)
@given(st.data(), st.sampled_from(list(CALLS)))
@example(None, "register")
def test_damaged_calls_of_the_ca_are_answered_as_a_ca_answers(front, data, name):
    """Bodies signed by the registrar, tokens, basic authentication: a refusal, never a defect."""
    fields = {**CALLS[name], "id": CALLS[name].get("id") or secrets.token_hex(8)}
    body = json.dumps(fields).encode() if data is None else data.draw(documents(fields))
    if data is None:
        body = b"[" * 100_000
    elif "certificate_request" in fields and data.draw(st.booleans()):
        der = base64.b64decode("".join(fields["certificate_request"].splitlines()[1:-1]))
        body = json.dumps(fields | {"certificate_request": _csr(data.draw(scarred(der)))}).encode()
    token = authorization(front.registrar, "POST", f"/api/v1/{name}", body)
    if name == "enroll":
        pair = f"{front.ca.registrar_id}:{front.ca.secret}".encode()
        token = "Basic " + base64.b64encode(pair).decode()
    if data is not None and data.draw(st.integers(0, 3)) == 0:
        at = data.draw(st.integers(0, 2**16)) % len(token)
        token = token[:at] + data.draw(st.sampled_from(("", "x", ".", "="))) + token[at + 1 :]
        token = token.strip()
    with logged("pmcb_network") as lines:
        asked = front.ca.http.post(
            f"/api/v1/{name}", content=body, headers={"Authorization": token}
        )
        answer = front.run(asked)
    assert lines == []
    document = answer.json()
    assert set(document) == {"success", "result", "errors", "messages"}
    assert document["success"] is (not document["errors"])
    assert answer.status_code in {200, 201, 400, 401, 403, 404, 409, 413}, document["errors"]
    assert document["success"] or MARKER not in answer.text
