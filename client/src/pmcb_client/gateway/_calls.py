# SPDX-License-Identifier: Apache-2.0
"""The gateway's calls: one gRPC call each, under the shared limit, with errors of our tree."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import grpc

from pmcb_client.errors import NotSigned
from pmcb_client.gateway._channel import client_certificate_hash, in_flight_limit
from pmcb_client.gateway._failures import Phase, failure, garbled
from pmcb_client.gateway._identity import Identity, Signer
from pmcb_client.gateway._protos import DeliverStub, Envelope, GatewayStub

if TYPE_CHECKING:
    from pmcb_client.gateway._commits import Commits

BlockKind = Literal["filtered", "full", "private"]
"""Codes and event names only; whole blocks; whole blocks and the own MSP's private data."""


def check_kind(kind: str) -> None:
    """Raises `ValueError` unless there are such blocks."""
    if kind not in get_args(BlockKind):
        raise ValueError('The kind of blocks must be "filtered", "full" or "private".')


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Seconds that one call of each phase may take.

    ``commit_status_s`` is also how long a doubt is followed: by sending the same envelope again
    for the first half of it, by asking for the outcome until its end. ``resend_s`` is how long a
    transaction may be in no block before its envelope is sent again: an orderer that dies
    forgets what it took and had not put into a block yet.
    """

    evaluate_s: float = 5.0
    endorse_s: float = 15.0
    submit_s: float = 5.0
    commit_status_s: float = 60.0
    resend_s: float = 15.0


def now_ms() -> int:
    """Milliseconds UTC of the system's clock."""
    return time.time_ns() // 1_000_000


class Calls:
    """One identity on one channel: signs, calls, and turns gRPC errors into ours."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        identity: Identity,
        signer: Signer | None,
        *,
        timeouts: Timeouts,
        max_in_flight: int,
        clock: Callable[[], int] | None,
        commits: "Commits | None" = None,
    ) -> None:
        stub = GatewayStub(channel)
        self._stubs = {
            Phase.EVALUATE: stub.Evaluate,
            Phase.ENDORSE: stub.Endorse,
            Phase.SUBMIT: stub.Submit,
            Phase.COMMIT_STATUS: stub.CommitStatus,
        }
        self._events = stub.ChaincodeEvents
        deliver = DeliverStub(channel)
        self._deliver = {
            "filtered": deliver.DeliverFiltered,
            "full": deliver.Deliver,
            "private": deliver.DeliverWithPrivateData,
        }
        self.commits = commits
        self.tls_hash = client_certificate_hash(channel)
        self._limit = in_flight_limit(channel, max_in_flight)
        self._signer = signer
        self.creator = identity.creator
        self.timeouts = timeouts
        self._timeouts_s = {
            Phase.EVALUATE: timeouts.evaluate_s,
            Phase.ENDORSE: timeouts.endorse_s,
            Phase.SUBMIT: timeouts.submit_s,
            Phase.COMMIT_STATUS: timeouts.commit_status_s,
        }
        self.clock = clock or now_ms

    @property
    def can_sign(self) -> bool:
        """Whether the identity's signer is here."""
        return self._signer is not None

    def sign(self, digest: bytes) -> bytes:
        """The signature over a SHA-256 digest.

        Raises:
            NotSigned: the identity has no signer here.
        """
        if self._signer is None:
            raise NotSigned("Nobody signed this, so it was not sent.")
        return self._signer(digest)

    async def __call__(
        self,
        phase: Phase,
        request: Any,
        tx_id: str,
        *,
        timeout_s: float | None = None,
        orgs_chosen: bool = False,
    ) -> Any:
        """The answer to ``request``, within the phase's timeout or ``timeout_s``.

        Raises:
            LedgerError: what the gRPC error means.
        """
        async with self._limit:
            try:
                answer = await self._stubs[phase](
                    request, timeout=self._timeouts_s[phase] if timeout_s is None else timeout_s
                )
            except grpc.aio.AioRpcError as error:
                raise failure(phase, error, tx_id, orgs_chosen=orgs_chosen) from error
        if answer is None and phase is not Phase.SUBMIT:  # of that, the commit status tells
            raise garbled(phase, tx_id)
        return answer

    @asynccontextmanager
    async def events(self, request: Any) -> AsyncIterator[AsyncIterator[Any]]:
        """The chaincode events asked for, as they come; leaving cancels the call.

        Raises:
            LedgerError: what the gRPC error means.
        """
        async with self._limit, _cancelled_at_the_end(Phase.EVENTS, self._events(request)) as call:
            yield call

    @asynccontextmanager
    async def blocks(
        self, kind: BlockKind, envelope: Envelope
    ) -> AsyncIterator[AsyncIterator[Any]]:
        """The blocks asked for, as they come; leaving cancels the call.

        It is outside the shared limit: a peer counts streams of its Deliver service apart from
        the calls of its gateway (2,500 of them, unless tuned).

        Raises:
            LedgerError: what the gRPC error means.
        """
        async with _cancelled_at_the_end(Phase.BLOCKS, self._deliver[kind]()) as call:
            await call.write(envelope)  # and left open: its end would be the stream's
            yield call


@asynccontextmanager
async def _cancelled_at_the_end(phase: Phase, call: Any) -> AsyncIterator[Any]:
    try:
        yield call
    except grpc.aio.AioRpcError as error:
        raise failure(phase, error, "") from error
    finally:
        call.cancel()
