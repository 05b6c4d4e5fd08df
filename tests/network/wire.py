# SPDX-License-Identifier: Apache-2.0
"""A hand-made client for what the real one never does: bad signatures, replays, odd envelopes."""

import hashlib
import os
import time
from dataclasses import dataclass, field
from typing import Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, utils
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2, gateway_pb2_grpc
from fabric_protos.msp import identities_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import chaincode_pb2, events_pb2_grpc, proposal_pb2
from google.rpc import status_pb2

from pmcb_network.embedded._authority import Authority, certificate_pem
from pmcb_network.embedded._identity import P256_ORDER, sign


def high_s(signature: bytes) -> bytes:
    """The other valid signature, the one that Fabric refuses."""
    r, s = utils.decode_dss_signature(signature)
    return utils.encode_dss_signature(r, P256_ORDER - s)


@dataclass
class Person:
    """An identity with its key; `issue` makes one without asking the CA's front."""

    msp_id: str
    certificate: bytes
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def issue(
        cls, authority: Authority, msp_id: str, name: str, *, now_ms: int | None = None, **more
    ):
        key = ec.generate_private_key(ec.SECP256R1())
        now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
        more.setdefault("units", ("client",))
        attributes = {"hf.EnrollmentID": name, **more.pop("attributes", {})}
        made = authority.issue(key.public_key(), name, now_ms=now, attributes=attributes, **more)
        return cls(msp_id, certificate_pem(made), key)

    @property
    def serialized(self) -> bytes:
        identity = identities_pb2.SerializedIdentity(mspid=self.msp_id, id_bytes=self.certificate)
        return bytes(identity.SerializeToString())

    @property
    def x509(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate)

    def sign(self, data: bytes) -> bytes:
        return sign(self.key, data)


def propose(
    person: Person,
    *args: str | bytes,
    channel: str = "pmcb",
    chaincode: str = "notes",
    time_ms: int | None = None,
    nonce: bytes | None = None,
    transient: dict[str, bytes] | None = None,
    header_type: int = 3,
    tx_id: str | None = None,
) -> tuple[Any, str]:
    """A `SignedProposal` and its transaction id."""
    nonce = os.urandom(24) if nonce is None else nonce
    tx_id = hashlib.sha256(nonce + person.serialized).hexdigest() if tx_id is None else tx_id
    now = time.time_ns() // 1_000_000 if time_ms is None else time_ms
    name = chaincode_pb2.ChaincodeID(name=chaincode)
    channel_header = common_pb2.ChannelHeader(
        type=header_type,
        channel_id=channel,
        tx_id=tx_id,
        extension=proposal_pb2.ChaincodeHeaderExtension(chaincode_id=name).SerializeToString(),
    )
    channel_header.timestamp.FromMilliseconds(now)
    header = common_pb2.Header(
        channel_header=channel_header.SerializeToString(),
        signature_header=common_pb2.SignatureHeader(
            creator=person.serialized, nonce=nonce
        ).SerializeToString(),
    )
    spec = chaincode_pb2.ChaincodeSpec(chaincode_id=name)
    spec.input.args.extend(arg.encode() if isinstance(arg, str) else arg for arg in args)
    payload = proposal_pb2.ChaincodeProposalPayload(
        input=chaincode_pb2.ChaincodeInvocationSpec(chaincode_spec=spec).SerializeToString(),
        TransientMap=transient or {},
    )
    raw = proposal_pb2.Proposal(
        header=header.SerializeToString(), payload=payload.SerializeToString()
    ).SerializeToString()
    return proposal_pb2.SignedProposal(proposal_bytes=raw, signature=person.sign(raw)), tx_id


def at(number: int) -> Any:
    """The position of a block by its number."""
    return ab_pb2.SeekPosition(specified=ab_pb2.SeekSpecified(number=number))


def seek(
    person: Person,
    start: Any,
    stop: Any,
    *,
    channel: str = "pmcb",
    time_ms: int | None = None,
    **more: Any,
) -> Any:
    """A signed `Envelope` that asks for blocks; `more` are fields of its `SeekInfo`."""
    info = ab_pb2.SeekInfo(start=start, stop=stop, **more)
    channel_header = common_pb2.ChannelHeader(type=5, channel_id=channel)
    now = time.time_ns() // 1_000_000 if time_ms is None else time_ms
    channel_header.timestamp.FromMilliseconds(now)
    header = common_pb2.Header(
        channel_header=channel_header.SerializeToString(),
        signature_header=common_pb2.SignatureHeader(creator=person.serialized).SerializeToString(),
    )
    payload = common_pb2.Payload(header=header, data=info.SerializeToString()).SerializeToString()
    return common_pb2.Envelope(payload=payload, signature=person.sign(payload))


class Wire:
    """A peer's calls, one by one, on an open channel."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.stub = gateway_pb2_grpc.GatewayStub(channel)
        self.blocks = events_pb2_grpc.DeliverStub(channel)

    async def evaluate(self, signed, *orgs: str):
        request = gateway_pb2.EvaluateRequest(
            proposed_transaction=signed, target_organizations=orgs
        )
        return (await self.stub.Evaluate(request)).result

    async def endorse(self, signed, *orgs: str):
        request = gateway_pb2.EndorseRequest(
            proposed_transaction=signed, endorsing_organizations=orgs
        )
        return (await self.stub.Endorse(request)).prepared_transaction

    async def submit(self, person: Person, envelope) -> None:
        envelope.signature = person.sign(envelope.payload)
        await self.send(envelope)

    async def send(self, envelope) -> None:
        await self.stub.Submit(gateway_pb2.SubmitRequest(prepared_transaction=envelope))

    async def status(self, person: Person, tx_id: str, *, channel: str = "pmcb"):
        raw = gateway_pb2.CommitStatusRequest(
            transaction_id=tx_id, channel_id=channel, identity=person.serialized
        ).SerializeToString()
        signed = gateway_pb2.SignedCommitStatusRequest(request=raw, signature=person.sign(raw))
        return await self.stub.CommitStatus(signed)

    def events(self, person: Person, *, channel: str = "pmcb", chaincode: str = "notes", **more):
        """An open stream of chaincode events; `more` are fields of its request."""
        raw = gateway_pb2.ChaincodeEventsRequest(
            channel_id=channel, chaincode_id=chaincode, identity=person.serialized, **more
        ).SerializeToString()
        return self.stream(raw, person.sign(raw))

    def stream(self, raw: bytes, signature: bytes):
        """The same for a request of any bytes under any signature."""
        return self.stub.ChaincodeEvents(
            gateway_pb2.SignedChaincodeEventsRequest(request=raw, signature=signature)
        )

    async def run(self, person: Person, *args: str | bytes, **more):
        """Endorse, submit, wait: the validation code."""
        signed, tx_id = propose(person, *args, **more)
        await self.submit(person, await self.endorse(signed))
        return (await self.status(person, tx_id)).result


def connect(network, index: int = 0, **options: int) -> grpc.aio.Channel:
    """A TLS channel to the gateway of the organisation at `index`; `options` are of HTTP/2."""
    org = network.network_file["orgs"][index]
    credentials = grpc.ssl_channel_credentials(org["tls_ca"].encode())
    return grpc.aio.secure_channel(
        org["gateway"],
        credentials,
        options=[(f"grpc.http2.{name}", value) for name, value in options.items()],
    )


def failure(error: grpc.aio.AioRpcError) -> tuple[grpc.StatusCode, str, list[tuple[str, str]]]:
    """Code, message, and (organisation, message) of each detail in the trailer."""
    metadata: Any = error.trailing_metadata() or ()
    trailer: dict[str, Any] = dict(metadata)
    details = []
    if raw := trailer.get("grpc-status-details-bin"):
        status = status_pb2.Status.FromString(raw)
        assert (status.code, status.message) == (error.code().value[0], error.details())
        for packed in status.details:
            detail = gateway_pb2.ErrorDetail()
            assert packed.Unpack(detail)
            details.append((detail.msp_id, detail.message))
    return error.code(), error.details() or "", details
