# SPDX-License-Identifier: Apache-2.0
"""A channel of the ledger: its contracts, events and blocks."""

from collections.abc import AsyncGenerator

from pmcb_client.gateway._blocks import Block, BlockEventsRequest
from pmcb_client.gateway._calls import BlockKind, Calls, check_kind
from pmcb_client.gateway._checkpoint import Checkpoint
from pmcb_client.gateway._contract import Contract
from pmcb_client.gateway._envelopes import events_request, events_request_after
from pmcb_client.gateway._events import ChaincodeEvent, EventsRequest
from pmcb_client.gateway._seek import seek


class Network:
    """A channel of the ledger."""

    def __init__(self, calls: Calls, name: str) -> None:
        self._calls = calls
        self.name = name

    def contract(self, chaincode: str, name: str | None = None) -> Contract:
        """The contract ``name`` of ``chaincode``; without a name its default one."""
        return Contract(self._calls, self.name, chaincode, name)

    def chaincode_events(
        self,
        chaincode: str,
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> AsyncGenerator[ChaincodeEvent, None]:
        """The events of ``chaincode``: at least once, in order, across absences of the gateway.

        ::

            reader = network.chaincode_events("pmcb", checkpoint=FileCheckpoint(path))
            async with aclosing(reader) as events:          # leaving cancels the stream
                async for event in events:
                    print(event.name, event.block_number)   # saved once this body has ended

        The stream opens when the first event is asked for.

        Args:
            chaincode: whose events.
            start_block: the first block, at least 0; by default the next one to be written,
                which after an absence before the first event is a later one.
            checkpoint: where to go on, also inside a block; while it is empty, ``start_block``
                counts.

        Raises:
            ValueError: ``start_block`` is below 0.
            NotSigned: the gateway has no signer.
            GatewayError: the gateway refused.
        """
        request = self.chaincode_events_request(
            chaincode, start_block=start_block, checkpoint=checkpoint
        )
        return request.events(checkpoint)

    def chaincode_events_request(
        self,
        chaincode: str,
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> EventsRequest:
        """What ``chaincode_events`` asks for, to be signed off-line.

        Raises:
            ValueError: ``start_block`` is below 0.
        """
        _check_start(start_block)
        message = events_request(self.name, chaincode, self._calls.creator, start_block)
        position = checkpoint.position if checkpoint is not None else None
        if position is not None:
            message = events_request_after(message, position.block_number, position.transaction_id)
        return EventsRequest(self._calls, message)

    def block_events(
        self,
        kind: BlockKind = "filtered",
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> AsyncGenerator[Block, None]:
        """The blocks of the channel: at least once, in order, across absences of the peer.

        ::

            async with aclosing(network.block_events(start_block=0)) as blocks:
                async for block in blocks:
                    for transaction in block.transactions:
                        print(block.number, transaction.transaction_id, transaction.name)

        The stream opens when the first block is asked for. It holds no slot of the gateway.

        Args:
            kind: ``filtered``: ids, codes, names of events; ``full``: whole blocks (payloads of
                events; ``block.message`` is the ``common.Block``); ``private``: whole blocks
                and the private data that the identity's organisation may see.
            start_block: the first block, at least 0; by default the next one to be written.
            checkpoint: where to go on; while it is empty, ``start_block`` counts.

        Raises:
            ValueError: ``kind`` is none of these, or ``start_block`` is below 0.
            NotSigned: the gateway has no signer.
            GatewayError: the peer refused; ``grpc_code`` says how.
        """
        request = self.block_events_request(kind, start_block=start_block, checkpoint=checkpoint)
        return request.blocks(checkpoint)

    def block_events_request(
        self,
        kind: BlockKind = "filtered",
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> BlockEventsRequest:
        """What ``block_events`` asks for, to be signed off-line; a peer takes it for minutes.

        Raises:
            ValueError: ``kind`` is none of the three, or ``start_block`` is below 0.
        """
        check_kind(kind)
        _check_start(start_block)
        position = checkpoint.position if checkpoint is not None else None
        if position is not None:
            start_block = position.block_number
        message = seek(
            self.name,
            self._calls.creator,
            "next" if start_block is None else start_block,
            time_ms=self._calls.clock(),
            tls_hash=self._calls.tls_hash,
        )
        return BlockEventsRequest(self._calls, message, kind)


def _check_start(start_block: int | None) -> None:
    if start_block is not None and start_block < 0:
        raise ValueError("start_block must be at least 0.")
