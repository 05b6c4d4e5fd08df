# SPDX-License-Identifier: Apache-2.0
"""The four objects of a transaction's life: Proposal, Transaction, Commit, Status.

Each makes one call and repeats nothing; ``Contract`` adds the repeats.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pmcb_client.gateway._calls import Calls
from pmcb_client.gateway._envelopes import ProposalBytes, commit_status_request, read_result
from pmcb_client.gateway._failures import Phase, unreadable
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
    TxValidationCode,
)
from pmcb_client.gateway._signing import Signable

_VALID = 0


@dataclass(frozen=True)
class Status:
    """What became of a transaction: its validation code, the code's name, and its block."""

    code: int
    name: str
    successful: bool
    transaction_id: str
    block_number: int


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
            SubmitError: all else; whether it was ordered may be unclear.
        """
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

    async def status(self, *, timeout_s: float | None = None) -> Status:
        """What became of the transaction; waits for its block.

        Raises:
            NotSigned: nobody signed the question.
            Busy: the gateway has too many calls.
            CommitStatusError: no word, which says nothing about the transaction.
        """
        request = SignedCommitStatusRequest(request=self.bytes, signature=self._sign())
        answer: CommitStatusResponse = await self._calls(
            Phase.COMMIT_STATUS, request, self.transaction_id, timeout_s=timeout_s
        )
        code: int = answer.result
        known = TxValidationCode.DESCRIPTOR.values_by_number.get(code)
        return Status(
            code=code,
            name=known.name if known else f"CODE_{code}",
            successful=code == _VALID,
            transaction_id=self.transaction_id,
            block_number=answer.block_number,
        )
