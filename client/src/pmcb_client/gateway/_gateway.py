# SPDX-License-Identifier: Apache-2.0
"""The way to the ledger: an identity on a channel."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Literal, Self

import grpc

from pmcb_client.errors import NotSigned
from pmcb_client.gateway import _offline
from pmcb_client.gateway._blocks import BlockEventsRequest
from pmcb_client.gateway._calls import BlockKind, Calls, Timeouts, check_kind
from pmcb_client.gateway._commits import Commits
from pmcb_client.gateway._events import EventsRequest
from pmcb_client.gateway._identity import Identity, Signer
from pmcb_client.gateway._network import Network
from pmcb_client.gateway._proposal import Commit, Proposal, Transaction

CommitBy = Literal["status", "blocks"]
"""Ask the gateway about each transaction, or read the blocks, once for all."""

MAX_IN_FLIGHT = 450  # a peer's gateway limit is 500 unless tuned
_DEFAULT_TIMEOUTS = Timeouts()


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

    def signed_block_events(
        self, message: bytes, signature: bytes, kind: BlockKind = "filtered"
    ) -> BlockEventsRequest:
        """The same for a request for blocks; ``kind`` is no part of the bytes: name it again.

        Raises:
            ValueError: the bytes are no request for blocks of this gateway's identity.
        """
        check_kind(kind)
        return _offline.block_events_request(self._calls, message, signature, kind)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leaves the stream of ``commit="blocks"``; the channel is the caller's."""
        if self._calls.commits is not None:
            await self._calls.commits.leave(self._calls)


def connect(
    channel: grpc.aio.Channel,
    identity: Identity,
    signer: Signer | None = None,
    timeouts: Timeouts = _DEFAULT_TIMEOUTS,
    *,
    max_in_flight: int = MAX_IN_FLIGHT,
    commit: CommitBy = "status",
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
        commit: how ``submit`` learns what became of its transaction. ``status`` asks the
            gateway about each one, a call in flight until its block comes. ``blocks`` reads one
            stream of filtered blocks for all gateways on the channel: less work for many
            transactions at once. It needs the signer, and ``async with`` to end the stream.
        clock: milliseconds UTC, stamped on proposals (the contract's time) and on requests for
            blocks. Peers refuse those too far from their own clock.

    Raises:
        ValueError: ``max_in_flight`` is below 1 or not the channel's, or ``commit`` is neither.
        NotSigned: ``commit="blocks"`` without a signer: nobody could sign the stream.
    """
    if commit not in {"status", "blocks"}:
        raise ValueError('commit must be "status" or "blocks".')
    if commit == "blocks" and signer is None:
        raise NotSigned(
            "Without a signer nobody can sign the stream of blocks.",
            next_step='Connect with commit="status".',
        )
    calls = Calls(
        channel,
        identity,
        signer,
        timeouts=timeouts,
        max_in_flight=max_in_flight,
        clock=clock,
        commits=Commits(channel) if commit == "blocks" else None,
    )
    return Gateway(calls, identity)
