# SPDX-License-Identifier: Apache-2.0
"""A gateway that answers as scripted: for what a sound network never says."""

import asyncio
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field

import grpc
from fabric_protos.common.common_pb2 import Envelope, Header, Payload
from fabric_protos.gateway.gateway_pb2 import (
    ChaincodeEventsRequest,
    ChaincodeEventsResponse,
    CommitStatusResponse,
    EndorseResponse,
    ErrorDetail,
    EvaluateResponse,
    SubmitResponse,
)
from fabric_protos.gateway.gateway_pb2_grpc import GatewayServicer
from fabric_protos.peer.chaincode_event_pb2 import ChaincodeEvent
from fabric_protos.peer.proposal_pb2 import ChaincodeAction, ChaincodeProposalPayload, Proposal
from fabric_protos.peer.proposal_response_pb2 import ProposalResponsePayload, Response
from fabric_protos.peer.transaction_pb2 import (
    ChaincodeActionPayload,
    ChaincodeEndorsedAction,
    Transaction,
    TransactionAction,
)
from google.protobuf.any_pb2 import Any
from google.rpc.status_pb2 import Status

TRAILER = "grpc-status-details-bin"


@dataclass(frozen=True)
class Fails:
    """A gRPC error with the details that a gateway attaches."""

    code: grpc.StatusCode
    message: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hangs:
    """No answer before ``until`` (by default, until the client gives up); ``reached`` is set."""

    until: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class Returns:
    """This instead of the truthful answer."""

    answer: object


@dataclass(frozen=True)
class Breaks:
    """So many blocks of events as they are, then ``fails``, or an end without a word."""

    after: int
    fails: Fails | None


def trailer(code, message, details):
    """google.rpc.Status with one gateway.ErrorDetail per text, as the gateway attaches it."""
    status = Status(code=code.value[0], message=message)
    for text in details:
        packed = Any()
        packed.Pack(ErrorDetail(address="peer0:7051", msp_id="HospitalBMSP", message=text))
        status.details.append(packed)
    return status.SerializeToString()


def endorsed(proposal_bytes, result):
    """The envelope that a gateway assembles from endorsements of this proposal."""
    proposal = Proposal.FromString(proposal_bytes)
    header = Header.FromString(proposal.header)
    payload = ChaincodeProposalPayload.FromString(proposal.payload)
    action = ChaincodeAction(response=Response(status=200, payload=result))
    response = ProposalResponsePayload(extension=action.SerializeToString())
    body = ChaincodeActionPayload(
        chaincode_proposal_payload=ChaincodeProposalPayload(
            input=payload.input
        ).SerializeToString(),
        action=ChaincodeEndorsedAction(proposal_response_payload=response.SerializeToString()),
    )
    transaction = Transaction(
        actions=[
            TransactionAction(header=header.signature_header, payload=body.SerializeToString())
        ]
    )
    envelope = Payload(header=header, data=transaction.SerializeToString())
    return Envelope(payload=envelope.SerializeToString())


class FakeGateway(GatewayServicer):
    """Truthful unless ``script[call]`` holds something to say first; remembers all requests."""

    def __init__(self):
        self.script = defaultdict(deque)
        self.requests = defaultdict(list)
        self.blocks = {}
        self.on_submit = lambda _tx_id: None  # what ordering does, before the answer
        self.stream_ended = asyncio.Event()
        self.running: Counter[str] = Counter()
        self.most_running: Counter[str] = Counter()

    def will(self, call, *answers):
        """Says ``answers``, one per request of ``call``, before it is truthful again."""
        self.script[call].extend(answers)

    async def Evaluate(self, request, context):  # noqa: N802 - the wire
        truth = EvaluateResponse(result=Response(status=200, payload=b"evaluated"))
        return await self._answer("evaluate", request, context, truth)

    async def Endorse(self, request, context):  # noqa: N802 - the wire
        truth = EndorseResponse(
            prepared_transaction=endorsed(request.proposed_transaction.proposal_bytes, b"result")
        )
        return await self._answer("endorse", request, context, truth)

    async def Submit(self, request, context):  # noqa: N802 - the wire
        self.on_submit(request.transaction_id)
        return await self._answer("submit", request, context, SubmitResponse())

    async def CommitStatus(self, request, context):  # noqa: N802 - the wire
        truth = CommitStatusResponse(result=0, block_number=7)
        return await self._answer("status", request, context, truth)

    async def ChaincodeEvents(self, request, context):  # noqa: N802 - the wire
        """The events of ``blocks``, a dict of transaction ids by block number, then silence."""
        asked = ChaincodeEventsRequest.FromString(request.request)
        script = self.script["events"]
        breaks = script.popleft() if script else Breaks(len(self.blocks) + 1, None)
        self.requests["events"].append(request)
        self.running["events"] += 1
        try:
            answers = _events_after(self.blocks, asked)
            for answer in answers[: breaks.after]:
                yield answer
            if breaks.fails is not None:
                await context.abort(breaks.fails.code, breaks.fails.message)
            if breaks.after > len(self.blocks):
                await asyncio.Event().wait()
        finally:
            self.running["events"] -= 1
            self.stream_ended.set()

    async def _answer(self, call, request, context, truth):
        self.requests[call].append(request)
        self.running[call] += 1
        self.most_running[call] = max(self.most_running[call], self.running[call])
        try:
            script = self.script[call]
            match script.popleft() if script else None:
                case None:
                    return truth
                case Returns(answer):
                    return answer
                case Hangs(until, reached):
                    reached.set()
                    await until.wait()
                    return truth
                case Fails(code, message, details):
                    packed = trailer(code, message, details)
                    context.set_trailing_metadata(((TRAILER, packed),))
                    await context.abort(code, message)
        finally:
            self.running[call] -= 1


def _events_after(blocks, asked):
    """What a gateway streams: from the block on, and in it from behind the transaction."""
    answers = []
    for number in sorted(blocks):
        ids = blocks[number]
        if number < asked.start_position.specified.number:
            continue
        if number == asked.start_position.specified.number and asked.after_transaction_id:
            ids = ids[ids.index(asked.after_transaction_id) + 1 :]
        events = [
            ChaincodeEvent(
                chaincode_id=asked.chaincode_id, tx_id=each, event_name="told", payload=b"{}"
            )
            for each in ids
        ]
        answers.append(ChaincodeEventsResponse(events=events, block_number=number))
    return answers
