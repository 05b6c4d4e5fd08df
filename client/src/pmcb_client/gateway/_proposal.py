# SPDX-License-Identifier: Apache-2.0
"""The four objects of a transaction's life: Proposal, Transaction, Commit, Status.

Each makes one call and repeats nothing; ``Contract`` adds the repeats.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

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

_VALID = 0


@dataclass(frozen=True)
class Status:
    """What became of a transaction: its validation code, the code's name, and its block."""

    code: int
    name: str
    successful: bool
    transaction_id: str
    block_number: int


class Proposal:
    """A call that organisations may simulate: ``evaluate`` it, or have it endorsed."""

    def __init__(
        self, calls: Calls, channel: str, built: ProposalBytes, endorsing_orgs: Sequence[str]
    ) -> None:
        self._calls = calls
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
        """The transaction with enough endorsements, signed.

        Raises:
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
        envelope = Envelope(payload=payload, signature=self._calls.sign(payload))
        return Transaction(self._calls, self._channel, self.transaction_id, envelope, result)

    def _signed(self) -> SignedProposal:
        proposal = self._built.proposal
        return SignedProposal(proposal_bytes=proposal, signature=self._calls.sign(proposal))


class Transaction:
    """An endorsed and signed transaction; ``result`` is what the contract returned."""

    def __init__(
        self, calls: Calls, channel: str, tx_id: str, envelope: Any, result: bytes
    ) -> None:
        self._calls = calls
        self._channel = channel
        self._request = SubmitRequest(
            transaction_id=tx_id, channel_id=channel, prepared_transaction=envelope
        )
        self.transaction_id = tx_id
        self.result = result

    async def submit(self) -> "Commit":
        """Hands the envelope to the ordering service; the same bytes however often it is called.

        Raises:
            Busy: the gateway has too many calls.
            SubmitError: all else; whether it was ordered may be unclear.
        """
        await self._calls(Phase.SUBMIT, self._request, self.transaction_id)
        return self.commit

    @cached_property
    def commit(self) -> "Commit":
        """The commit to ask about, whether or not ``submit`` was answered."""
        return Commit(self._calls, self._channel, self.transaction_id)


class Commit:
    """A transaction on its way into a block."""

    def __init__(self, calls: Calls, channel: str, tx_id: str) -> None:
        self._calls = calls
        request = commit_status_request(tx_id, channel, calls.creator)
        self._request = SignedCommitStatusRequest(request=request, signature=calls.sign(request))
        self.transaction_id = tx_id

    async def status(self, *, timeout_s: float | None = None) -> Status:
        """What became of the transaction; waits for its block.

        Raises:
            Busy: the gateway has too many calls.
            CommitStatusError: no word, which says nothing about the transaction.
        """
        answer: CommitStatusResponse = await self._calls(
            Phase.COMMIT_STATUS, self._request, self.transaction_id, timeout_s=timeout_s
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
