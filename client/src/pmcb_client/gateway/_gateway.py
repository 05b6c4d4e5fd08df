# SPDX-License-Identifier: Apache-2.0
"""The way to the ledger: an identity on a channel."""

from collections.abc import AsyncGenerator, Callable, Sequence
from types import TracebackType
from typing import Self

import grpc

from pmcb_client.gateway import _offline
from pmcb_client.gateway._calls import Calls, Timeouts
from pmcb_client.gateway._checkpoint import Checkpoint
from pmcb_client.gateway._contract import Contract
from pmcb_client.gateway._envelopes import events_request, events_request_after
from pmcb_client.gateway._events import ChaincodeEvent, EventsRequest
from pmcb_client.gateway._identity import Identity, Signer
from pmcb_client.gateway._proposal import Commit, Proposal, Transaction

MAX_IN_FLIGHT = 450  # a peer's gateway limit is 500 unless tuned
_DEFAULT_TIMEOUTS = Timeouts()


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
        if start_block is not None and start_block < 0:
            raise ValueError("start_block must be at least 0.")
        message = events_request(self.name, chaincode, self._calls.creator, start_block)
        position = checkpoint.position if checkpoint is not None else None
        if position is not None:
            message = events_request_after(message, position.block_number, position.transaction_id)
        return EventsRequest(self._calls, message)


class Gateway:
    """One identity's view of the ledger.

    ::

        channel = open_channel("localhost:7051", root_ca)
        async with connect(channel, identity, signer) as gateway:
            contract = gateway.network("pmcb").contract("pmcb")
            await contract.submit("announce_key")
        await channel.close()                  # the caller's, as it may carry other identities
    """

    def __init__(self, calls: Calls, identity: Identity) -> None:
        self._calls = calls
        self.identity = identity

    def network(self, name: str) -> Network:
        """The channel ``name``."""
        return Network(self._calls, name)

    def signed_proposal(
        self, message: bytes, signature: bytes, *, endorsing_orgs: Sequence[str] | None = None
    ) -> Proposal:
        """A proposal that was signed where the key is: its ``bytes`` and the signature.

        ::

            async with connect(channel, identity) as gateway:       # no signer
                unsigned = gateway.network("pmcb").contract("pmcb").proposal("announce_key")
                signature = sign_on_the_phone(unsigned.digest)
                proposal = gateway.signed_proposal(unsigned.bytes, signature)
                unsigned = await proposal.endorse()                 # and so on

        ``endorsing_orgs`` is no part of the bytes: name it again.

        Raises:
            ValueError: the bytes are no proposal of this gateway's identity.
        """
        return _offline.proposal(self._calls, message, signature, endorsing_orgs or ())

    def signed_transaction(self, message: bytes, signature: bytes) -> Transaction:
        """The same for a transaction.

        Raises:
            ValueError: the bytes are no transaction of this gateway's identity.
        """
        return _offline.transaction(self._calls, message, signature)

    def signed_commit(self, message: bytes, signature: bytes) -> Commit:
        """The same for the question what became of a transaction.

        Raises:
            ValueError: the bytes are no commit of this gateway's identity.
        """
        return _offline.commit(self._calls, message, signature)

    def signed_chaincode_events(self, message: bytes, signature: bytes) -> EventsRequest:
        """The same for a request for events.

        Raises:
            ValueError: the bytes are no request for events of this gateway's identity.
        """
        return _offline.events_request(self._calls, message, signature)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to end: the channel is the caller's."""


def connect(
    channel: grpc.aio.Channel,
    identity: Identity,
    signer: Signer | None = None,
    timeouts: Timeouts = _DEFAULT_TIMEOUTS,
    max_in_flight: int = MAX_IN_FLIGHT,
    clock: Callable[[], int] | None = None,
) -> Gateway:
    """A gateway that speaks as ``identity`` over ``channel``.

    Args:
        channel: from ``open_channel``; the caller closes it.
        identity: who speaks.
        signer: signs SHA-256 digests with the identity's key; without one, only what was
            signed off-line can be sent.
        timeouts: seconds for each phase.
        max_in_flight: calls at once, waiting ones included; all gateways on a channel share
            this limit and must name the same.
        clock: milliseconds UTC, stamped on proposals; the contract's time. Peers refuse
            proposals too far from their own clock.

    Raises:
        ValueError: ``max_in_flight`` is below 1 or not the channel's.
    """
    calls = Calls(
        channel, identity, signer, timeouts=timeouts, max_in_flight=max_in_flight, clock=clock
    )
    return Gateway(calls, identity)
