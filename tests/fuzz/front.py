# SPDX-License-Identifier: Apache-2.0
"""A running embedded network, and samples of what its members send."""

import grpc
from fabric_protos.common.common_pb2 import Envelope, Payload
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer.proposal_pb2 import SignedProposal
from tests.fuzz.checks import MARKER
from tests.network.ca_wire import Ca
from tests.network.wire import Person, Wire, connect, propose

from pmcb_client.gateway._seek import seek

UNREADABLE = {"Exception deserializing request!", "grpc: error unmarshalling request"}
ANSWERS_S = 30.0


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
        header = Payload.FromString(self.seeks[0]).header
        self.odd = [b"\xff", Payload(header=header, data=b"\xff").SerializeToString()]
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
        return await status_of(call(raw, timeout=timeout_s))

    async def alive(self):
        """A sound transaction still becomes valid, and nothing else has changed."""
        assert await self.wire.run(self.alice, "put", "alive", "yes") == 0
        rows = dict(self.network._store.current.rows("", ""))
        assert {key: value.data for key, value in rows.items()} == {
            "alive": b"yes",
            "victim": b"last",
        }


async def status_of(call):
    """The call's status; INTERNAL only where gRPC itself could not read the request."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return sound_code(error)
    return grpc.StatusCode.OK


def sound_code(error):
    """The status of a failed call, which is no defect of the network."""
    code, said = error.code(), error.details() or ""
    assert code is not grpc.StatusCode.INTERNAL or said in UNREADABLE, said
    return code
