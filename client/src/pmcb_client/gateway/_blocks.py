# SPDX-License-Identifier: Apache-2.0
"""The blocks of a channel, as a stream."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field
from functools import cached_property

from pmcb_client.gateway._calls import BlockKind, Calls
from pmcb_client.gateway._checkpoint import Checkpoint, Position
from pmcb_client.gateway._events import ChaincodeEvent
from pmcb_client.gateway._failures import Phase, undelivered
from pmcb_client.gateway._follow import follow
from pmcb_client.gateway._protos import (
    BlockAndPrivateData,
    BlockMessage,
    BlockMetadataIndex,
    ChaincodeAction,
    ChaincodeActionPayload,
    ChaincodeEventMessage,
    ChannelHeader,
    DecodeError,
    DeliverResponse,
    Envelope,
    FilteredBlock,
    HeaderType,
    Message,
    Payload,
    ProposalResponsePayload,
    TransactionMessage,
)
from pmcb_client.gateway._seek import seek_again
from pmcb_client.gateway._signing import Signable
from pmcb_client.gateway._status import VALID, code_name

_CODES = BlockMetadataIndex.Value("TRANSACTIONS_FILTER")
_NOT_VALIDATED = 254


@dataclass(frozen=True)
class BlockTransaction:
    """A message in a block: what became of it, and what it told.

    Attributes:
        transaction_id: empty for a message of the network's own, such as a configuration.
        type: Fabric's name, ``ENDORSER_TRANSACTION`` for a call of a contract.
        code: the validation code, 0 when valid.
        name: the code's name.
        events: what the contract told; it counts only when ``successful``. In a filtered block
            the payloads are left out (empty).
    """

    transaction_id: str
    type: str
    code: int
    name: str
    events: tuple[ChaincodeEvent, ...] = ()

    @property
    def successful(self) -> bool:
        """Whether it is valid and did what it says."""
        return self.code == VALID


@dataclass(frozen=True)
class Block:
    """A block of the ledger.

    Attributes:
        number: from 0.
        message: the protobuf message as it came, for all that is not told here:
            ``protos.FilteredBlock``, ``common.Block`` or ``protos.BlockAndPrivateData``
            (``fabric_protos.peer.events_pb2``, ``fabric_protos.common.common_pb2``).
    """

    number: int
    message: Message = field(repr=False)

    @cached_property
    def transactions(self) -> tuple[BlockTransaction, ...]:
        """What stands in the block, in its order, invalid ones too."""
        if isinstance(self.message, FilteredBlock):
            return tuple(_filtered(self.message))
        full = self.message
        return tuple(_full(full.block if isinstance(full, BlockAndPrivateData) else full))


def read_block(answer: DeliverResponse) -> Block:
    """The block in an answer of the Deliver service.

    Raises:
        GatewayError: the answer is the word that there will be none.
    """
    match answer.WhichOneof("Type"):
        case "filtered_block":
            return Block(answer.filtered_block.number, answer.filtered_block)
        case "block":
            return Block(answer.block.header.number, answer.block)
        case "block_and_private_data":
            message = answer.block_and_private_data
            return Block(message.block.header.number, message)
    raise undelivered(answer.status)


class BlockEventsRequest(Signable):
    """The wish to read a channel's blocks from one place on."""

    def __init__(
        self, calls: Calls, message: bytes, kind: BlockKind, signature: bytes | None = None
    ) -> None:
        super().__init__(calls, message, signature)
        self.kind = kind

    async def blocks(self, checkpoint: Checkpoint | None = None) -> AsyncGenerator[Block, None]:
        """The blocks, each at least once, in order, until the iterator is closed.

        The next block's number is saved in ``checkpoint`` when that block is asked for: a block
        whose loop body did not end is delivered again to whoever starts from the checkpoint.
        While the peer is unavailable this waits and goes on after the last block. A gateway
        without a signer cannot ask from another place: there the stream fails instead.

        Raises:
            NotSigned: nobody signed the request.
            GatewayError: the peer refused it.
        """
        following: int | None = None
        asked = False

        def open_stream() -> AbstractAsyncContextManager[AsyncIterator[DeliverResponse]]:
            nonlocal asked
            request = self
            if asked and (following is not None or self._calls.can_sign):
                again = seek_again(self.bytes, following, time_ms=self._calls.clock())
                request = BlockEventsRequest(self._calls, again, self.kind)
            asked = True
            return self._calls.blocks(
                self.kind, Envelope(payload=request.bytes, signature=request._sign())
            )

        stream = follow(Phase.BLOCKS, open_stream, read_block, resumes=self._calls.can_sign)
        async with aclosing(stream) as told:
            async for block in told:
                yield block
                following = block.number + 1
                if checkpoint is not None:
                    await checkpoint.save(Position(following))


def _filtered(block: FilteredBlock) -> Iterator[BlockTransaction]:
    for each in block.filtered_transactions:
        messages = [action.chaincode_event for action in each.transaction_actions.chaincode_actions]
        yield _transaction(
            each.txid, each.type, each.tx_validation_code, _events(messages, block.number)
        )


def _full(block: BlockMessage) -> Iterator[BlockTransaction]:
    filters = block.metadata.metadata
    codes = filters[_CODES] if len(filters) > _CODES else b""
    for position, raw in enumerate(block.data.data):
        code = codes[position] if position < len(codes) else _NOT_VALIDATED
        tx_id, kind = "", HeaderType.MESSAGE
        events: tuple[ChaincodeEvent, ...] = ()
        try:
            payload = Payload.FromString(Envelope.FromString(raw).payload)
            header = ChannelHeader.FromString(payload.header.channel_header)
            tx_id, kind = header.tx_id, header.type
            if kind == HeaderType.ENDORSER_TRANSACTION:
                events = _events(_told(payload.data), block.header.number)
        except DecodeError:
            pass  # a block holds whatever was ordered, noise too; its code says so
        yield _transaction(tx_id, kind, code, events)


def _told(data: bytes) -> Iterator[ChaincodeEventMessage]:
    for action in TransactionMessage.FromString(data).actions:
        endorsed = ChaincodeActionPayload.FromString(action.payload).action
        response = ProposalResponsePayload.FromString(endorsed.proposal_response_payload)
        yield ChaincodeEventMessage.FromString(
            ChaincodeAction.FromString(response.extension).events
        )


def _events(messages: Iterable[ChaincodeEventMessage], number: int) -> tuple[ChaincodeEvent, ...]:
    return tuple(
        ChaincodeEvent(each.event_name, each.payload, each.tx_id, number, each.chaincode_id)
        for each in messages
        if each.event_name
    )


def _transaction(
    tx_id: str, kind: int, code: int, events: tuple[ChaincodeEvent, ...]
) -> BlockTransaction:
    known = HeaderType.DESCRIPTOR.values_by_number.get(kind)
    return BlockTransaction(
        transaction_id=tx_id,
        type=known.name if known else f"TYPE_{kind}",
        code=code,
        name=code_name(code),
        events=events,
    )
