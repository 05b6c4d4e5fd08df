# SPDX-License-Identifier: Apache-2.0
"""A peer's Deliver service that streams made-up blocks, and breaks off as scripted."""

import asyncio
from collections import deque
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

import grpc
from fabric_protos.common.common_pb2 import (
    Block,
    BlockData,
    BlockHeader,
    BlockMetadata,
    ChannelHeader,
    Envelope,
    Header,
    HeaderType,
    Payload,
)
from fabric_protos.orderer.ab_pb2 import SeekInfo
from fabric_protos.peer.chaincode_event_pb2 import ChaincodeEvent
from fabric_protos.peer.events_pb2 import (
    BlockAndPrivateData,
    DeliverResponse,
    FilteredBlock,
    FilteredChaincodeAction,
    FilteredTransaction,
    FilteredTransactionActions,
)
from fabric_protos.peer.events_pb2_grpc import DeliverServicer
from fabric_protos.peer.proposal_pb2 import ChaincodeAction
from fabric_protos.peer.proposal_response_pb2 import ProposalResponsePayload
from fabric_protos.peer.transaction_pb2 import (
    ChaincodeActionPayload,
    ChaincodeEndorsedAction,
    Transaction,
    TransactionAction,
)
from tests.client.gateway.fake_gateway import Fails

from pmcb_client.gateway import Retry, connect

ENDORSED = HeaderType.ENDORSER_TRANSACTION
NOISE = b"\xff\xff"
VALID = 0


@dataclass(frozen=True)
class BreaksOff:
    """So many blocks, then gRPC ``fails``, or a status of the service, or an end without a word."""

    after: int
    how: Fails | int | None


@dataclass(frozen=True)
class Asked:
    """One request: which blocks, from where, and its parts."""

    kind: str
    envelope: Envelope
    header: ChannelHeader
    creator: bytes
    info: SeekInfo

    @property
    def start(self):
        """``newest``, ``next_commit`` or a block's number."""
        chosen = self.info.start.WhichOneof("Type")
        return self.info.start.specified.number if chosen == "specified" else chosen


class FakeDeliver(DeliverServicer):
    """Blocks are lists of (transaction id, validation code); each transaction told an event."""

    def __init__(self):
        self.blocks = [[("", 0)]]
        self.script: deque[BreaksOff] = deque()
        self.requests: list[Asked] = []
        self.running = 0
        self._more = asyncio.Event()
        self._moved = asyncio.Event()
        self._cuts = []

    def write(self, *transactions):
        """A new block."""
        self.blocks.append(list(transactions))
        self._wake()

    def cut(self, how):
        """Breaks off the streams that run, as in `BreaksOff`."""
        self._cuts.append(how)
        self._wake()

    def _wake(self):
        self._more.set()
        self._more = asyncio.Event()

    async def until(self, condition):
        """Returns when ``condition()`` holds; looks at it when a stream begins or ends."""
        async with asyncio.timeout(10):
            while not condition():
                await self._moved.wait()

    def _move(self, streams):
        self.running += streams
        self._moved.set()
        self._moved = asyncio.Event()

    async def Deliver(self, requests, context):  # noqa: N802 - the wire
        async for block in self._stream("full", requests, context):
            yield block

    async def DeliverFiltered(self, requests, context):  # noqa: N802 - the wire
        async for block in self._stream("filtered", requests, context):
            yield block

    async def DeliverWithPrivateData(self, requests, context):  # noqa: N802 - the wire
        async for block in self._stream("private", requests, context):
            yield block

    async def _stream(self, kind, requests, context):
        asked = await _asked(kind, requests)
        self.requests.append(asked)
        starts = {"newest": len(self.blocks) - 1, "next_commit": len(self.blocks)}
        number = starts.get(asked.start, asked.start)
        breaks = self.script.popleft() if self.script else BreaksOff(10**9, None)
        how, cuts = breaks.how, len(self._cuts)
        self._move(1)
        try:
            for _ in range(breaks.after):
                while number >= len(self.blocks) and len(self._cuts) == cuts:
                    await self._more.wait()
                if len(self._cuts) > cuts:
                    how = self._cuts[-1]
                    break
                yield _ANSWERS[kind](number, self.blocks[number])
                number += 1
            if isinstance(how, Fails):
                await context.abort(how.code, how.message)
            if how is not None:
                yield DeliverResponse(status=how)
        finally:
            self._move(-1)


async def _asked(kind, requests):
    envelope = await anext(aiter(requests))
    payload = Payload.FromString(envelope.payload)
    header = ChannelHeader.FromString(payload.header.channel_header)
    creator = payload.header.signature_header
    return Asked(kind, envelope, header, creator, SeekInfo.FromString(payload.data))


def _event(tx_id, payload):
    return ChaincodeEvent(chaincode_id="pmcb", tx_id=tx_id, event_name="told", payload=payload)


def _filtered(number, transactions):
    filtered = []
    for tx_id, code in transactions:
        each = FilteredTransaction(txid=tx_id, tx_validation_code=code)
        if tx_id:
            each.type = ENDORSED
            action = FilteredChaincodeAction(chaincode_event=_event(tx_id, b""))
            each.transaction_actions.CopyFrom(
                FilteredTransactionActions(chaincode_actions=[action])
            )
        else:
            each.type = HeaderType.CONFIG
        filtered.append(each)
    block = FilteredBlock(channel_id="pmcb", number=number, filtered_transactions=filtered)
    return DeliverResponse(filtered_block=block)


def _raw(tx_id):
    """An ordered message: a call that told an event, a configuration, or noise."""
    if tx_id == "noise":
        return NOISE
    header = ChannelHeader(type=ENDORSED if tx_id else HeaderType.CONFIG, tx_id=tx_id)
    action = ChaincodeAction(events=_event(tx_id, b"{}").SerializeToString())
    response = ProposalResponsePayload(extension=action.SerializeToString())
    endorsed = ChaincodeEndorsedAction(proposal_response_payload=response.SerializeToString())
    body = ChaincodeActionPayload(action=endorsed)
    transaction = Transaction(actions=[TransactionAction(payload=body.SerializeToString())])
    payload = Payload(
        header=Header(channel_header=header.SerializeToString()),
        data=transaction.SerializeToString(),
    )
    return Envelope(payload=payload.SerializeToString()).SerializeToString()


def _block(number, transactions):
    codes = bytes(code for _, code in transactions)
    return Block(
        header=BlockHeader(number=number),
        data=BlockData(data=[_raw(tx_id) for tx_id, _ in transactions]),
        metadata=BlockMetadata(metadata=[b"", b"", codes, b"", b""]),
    )


def _full(number, transactions):
    return DeliverResponse(block=_block(number, transactions))


def _private(number, transactions):
    both = BlockAndPrivateData(block=_block(number, transactions))
    return DeliverResponse(block_and_private_data=both)


_ANSWERS = {"filtered": _filtered, "full": _full, "private": _private}

UNAVAILABLE = Fails(grpc.StatusCode.UNAVAILABLE, "connection refused")
TOO_MANY = Fails(grpc.StatusCode.UNKNOWN, "too many requests for /protos.Deliver, exceeding 2500")


async def take(count, reader):
    """The numbers of the next ``count`` blocks; then the reader is closed."""
    numbers: list[int] = []
    async with aclosing(reader) as blocks:
        while len(numbers) < count:
            numbers.append((await anext(blocks)).number)
    return numbers


@asynccontextmanager
async def patient(channel, identity, signer, **how):
    """A contract whose transactions wait long enough."""
    async with connect(channel, identity, signer, commit="blocks", **how) as gateway:
        yield gateway.network("pmcb").contract("pmcb")


def told_at_once(fake, monkeypatch):
    """From now on each submitted transaction is valid in a block of its own; no pauses."""
    monkeypatch.setattr("pmcb_client.gateway._follow._PAUSES", Retry(base_s=0.0))
    fake.on_submit = lambda tx_id: fake.deliver.write((tx_id, VALID))
    return fake.deliver
