# SPDX-License-Identifier: Apache-2.0
"""The four objects of a transaction's life: Proposal, Transaction, Commit, Status.

Each makes one call and repeats nothing; ``Contract`` adds the repeats.
"""

import asyncio
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from pmcb_client.gateway._calls import Calls
from pmcb_client.gateway._envelopes import ProposalBytes, commit_status_request, read_result
from pmcb_client.gateway._failures import Phase, late, unreadable
from pmcb_client.gateway._protos import (
    CommitStatusResponse,
    DecodeError,
    EndorseRequest,
    EndorseResponse,
    Envelope,
    EvaluateRequest,
    EvaluateResponse,
    SignedCommitStatusRequest,
    SignedProposal,
    SubmitRequest,
)
from pmcb_client.gateway._signing import Signable
from pmcb_client.gateway._status import DUPLICATE_TXID, Status, status_of

if TYPE_CHECKING:
    from pmcb_client.gateway._commits import Told


class Proposal(Signable):
    """A call that organisations may simulate: ``evaluate`` it, or have it endorsed."""

    def __init__(
        self,
        calls: Calls,
        channel: str,
        built: ProposalBytes,
        endorsing_orgs: Sequence[str],
        signature: bytes | None = None,
    ) -> None:
        super().__init__(calls, built.proposal, signature)
        self._channel = channel
        self._built = built
        self._orgs = tuple(endorsing_orgs)

    @property
    def transaction_id(self) -> str:
        """64 hex digits, unique to this proposal."""
        return self._built.transaction_id

    async def evaluate(self) -> bytes:
        """The contract's result, from one organisation; nothing is ordered.

        Raises:
            NotSigned: nobody signed the proposal.
            Refused: the contract refused.
            Busy: the gateway has too many calls.
            EvaluateError: all else.
        """
        request = EvaluateRequest(
            transaction_id=self.transaction_id,
            channel_id=self._channel,
            proposed_transaction=self._signed(),
            target_organizations=self._orgs,
        )
        answer: EvaluateResponse = await self._calls(
            Phase.EVALUATE, request, self.transaction_id, orgs_chosen=bool(self._orgs)
        )
        result: bytes = answer.result.payload
        return result

    async def endorse(self) -> "Transaction":
        """The transaction with enough endorsements, to be signed.

        Raises:
            NotSigned: nobody signed the proposal.
            Refused: the contract refused.
            Conflict: the endorsers disagreed.
            Busy: the gateway has too many calls.
            EndorseError: all else, also an answer that is not the proposed transaction.
        """
        request = EndorseRequest(
            transaction_id=self.transaction_id,
            channel_id=self._channel,
            proposed_transaction=self._signed(),
            endorsing_organizations=self._orgs,
        )
        answer: EndorseResponse = await self._calls(
            Phase.ENDORSE, request, self.transaction_id, orgs_chosen=bool(self._orgs)
        )
        payload: bytes = answer.prepared_transaction.payload
        try:
            result = read_result(payload, self._built.header)
        except (DecodeError, ValueError) as error:
            raise unreadable(self.transaction_id) from error
        return Transaction(self._calls, self._channel, self.transaction_id, payload, result)

    def _signed(self) -> SignedProposal:
        return SignedProposal(proposal_bytes=self.bytes, signature=self._sign())


class Transaction(Signable):
    """An endorsed transaction; ``result`` is what the contract returned."""

    def __init__(
        self,
        calls: Calls,
        channel: str,
        tx_id: str,
        message: bytes,
        result: bytes,
        signature: bytes | None = None,
    ) -> None:
        super().__init__(calls, message, signature)
        self._channel = channel
        self.transaction_id = tx_id
        self.result = result

    async def submit(self) -> "Commit":
        """Hands the envelope to the ordering service; the same bytes however often it is called.

        Raises:
            NotSigned: nobody signed the transaction.
            Busy: the gateway has too many calls.
            LedgerUnavailable, GatewayError: with ``commit="blocks"``, no blocks are told, so
                nothing was sent.
            SubmitError: all else; whether it was ordered may be unclear.
        """
        await self.commit.expect(self._channel)
        request = SubmitRequest(
            transaction_id=self.transaction_id,
            channel_id=self._channel,
            prepared_transaction=Envelope(payload=self.bytes, signature=self._sign()),
        )
        await self._calls(Phase.SUBMIT, request, self.transaction_id)
        return self.commit

    @cached_property
    def commit(self) -> "Commit":
        """The commit to ask about, whether or not ``submit`` was answered."""
        request = commit_status_request(self.transaction_id, self._channel, self._calls.creator)
        return Commit(self._calls, self.transaction_id, request)


class Commit(Signable):
    """A transaction on its way into a block."""

    def __init__(
        self, calls: Calls, tx_id: str, message: bytes, signature: bytes | None = None
    ) -> None:
        super().__init__(calls, message, signature)
        self.transaction_id = tx_id
        self._told: Told | None = None

    async def expect(self, channel: str) -> None:
        """With ``commit="blocks"``: sees to it that the block stream will tell the status.

        Raises:
            LedgerUnavailable, GatewayError: no blocks are told.
        """
        if self._calls.commits is not None and self._told is None:
            self._told = await self._calls.commits.expect(self._calls, channel, self.transaction_id)

    async def status(self, *, timeout_s: float | None = None) -> Status:
        """What became of the transaction; waits for its block.

        Raises:
            NotSigned: nobody signed the question.
            Busy: the gateway has too many calls.
            CommitStatusError: no word, which says nothing about the transaction.
        """
        left_s = self._calls.timeouts.commit_status_s if timeout_s is None else timeout_s
        if self._told is not None:
            loop = asyncio.get_running_loop()
            until = loop.time() + left_s
            if not self._told.done():
                await asyncio.wait({self._told}, timeout=left_s)
                if not self._told.done():
                    raise late(self.transaction_id)
            status = self._told.result()
            # A duplicate's first copy stands in a block before the stream's: the gateway knows.
            if status is not None and status.code != DUPLICATE_TXID:
                return status
            left_s = until - loop.time()
        request = SignedCommitStatusRequest(request=self.bytes, signature=self._sign())
        answer: CommitStatusResponse = await self._calls(
            Phase.COMMIT_STATUS, request, self.transaction_id, timeout_s=left_s
        )
        return status_of(answer.result, self.transaction_id, answer.block_number)
