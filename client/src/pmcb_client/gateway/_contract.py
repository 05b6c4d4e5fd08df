# SPDX-License-Identifier: Apache-2.0
"""A contract on a channel: call it, and get its result."""

import secrets
from collections.abc import Mapping, Sequence

from pmcb_client.errors import LedgerError
from pmcb_client.gateway._calls import Calls
from pmcb_client.gateway._envelopes import NONCE_BYTES, build_proposal
from pmcb_client.gateway._failures import Phase, invalid
from pmcb_client.gateway._pending import Pending, send
from pmcb_client.gateway._proposal import Proposal
from pmcb_client.gateway._repeats import Attempts, Retry

_DEFAULT_RETRY = Retry()


class Contract:
    """A deployed contract. Arguments are texts or bytes; results are the contract's own bytes.

    ::

        contract = gateway.network("pmcb").contract("pmcb")
        task = json.loads(await contract.evaluate("get_task", task_id))
        claim = json.loads(await contract.submit("accept_subtask", task_id, "0"))

        pending = await contract.submit_async("accept_subtask", task_id, "0")
        ...                                    # ordered; other work may be done meanwhile
        status = await pending.status()        # status.successful, status.name
    """

    def __init__(self, calls: Calls, channel: str, chaincode: str, name: str | None) -> None:
        self._calls = calls
        self._channel = channel
        self._chaincode = chaincode
        self._prefix = f"{name}:" if name else ""

    def proposal(
        self,
        function: str,
        *args: str | bytes,
        transient: Mapping[str, bytes] | None = None,
        endorsing_orgs: Sequence[str] | None = None,
    ) -> Proposal:
        """A new proposal, for callers who take the steps one by one and repeat none of them.

        Args:
            function: the contract's function.
            args: its arguments.
            transient: data for the endorsers only; they never reach the ordering service.
            endorsing_orgs: MSP ids of the organisations to ask; by default the gateway chooses.

        Raises:
            TypeError: an argument is neither text nor bytes, or ``endorsing_orgs`` one text.
        """
        if isinstance(endorsing_orgs, str):
            raise TypeError("endorsing_orgs is a sequence of MSP ids.")
        words = (self._prefix + function, *args)
        if not all(isinstance(word, str | bytes) for word in words):
            raise TypeError("Arguments of a contract are str or bytes.")
        built = build_proposal(
            creator=self._calls.creator,
            nonce=secrets.token_bytes(NONCE_BYTES),
            time_ms=self._calls.clock(),
            channel=self._channel,
            chaincode=self._chaincode,
            args=[word.encode() if isinstance(word, str) else word for word in words],
            transient=transient or {},
        )
        return Proposal(self._calls, self._channel, built, endorsing_orgs or ())

    async def evaluate(
        self,
        function: str,
        *args: str | bytes,
        transient: Mapping[str, bytes] | None = None,
        endorsing_orgs: Sequence[str] | None = None,
        retry: Retry = _DEFAULT_RETRY,
    ) -> bytes:
        """The result of a query; nothing is written.

        Raises:
            Refused: the contract refused.
            LedgerUnavailable: nothing answers.
            Busy, EvaluateError: all else.
        """
        attempts = Attempts(retry)
        while True:
            proposal = self.proposal(
                function, *args, transient=transient, endorsing_orgs=endorsing_orgs
            )
            try:
                return await proposal.evaluate()
            except LedgerError as error:
                await attempts.pause_before_next(Phase.EVALUATE, error)

    async def submit(
        self,
        function: str,
        *args: str | bytes,
        transient: Mapping[str, bytes] | None = None,
        endorsing_orgs: Sequence[str] | None = None,
        retry: Retry = _DEFAULT_RETRY,
    ) -> bytes:
        """The contract's result, once the transaction is valid on the ledger.

        Raises:
            Refused: the contract refused.
            Conflict: other transactions were faster, ``retry.conflicts`` + 1 times.
            CommitError: it was ordered and marked invalid for another reason.
            OutcomeUnknown: it was sent and no word came in time; it is never proposed anew.
            LedgerUnavailable: nothing answers, nothing was ordered.
            Busy, EndorseError, SubmitError: all else.
        """
        attempts = Attempts(retry)
        while True:
            pending = await self._send(attempts, retry, function, args, transient, endorsing_orgs)
            status = await pending.status()
            if status.successful:
                return pending.result
            error = invalid(status.code, status.name, status.transaction_id)
            await attempts.pause_before_next(Phase.COMMIT_STATUS, error)

    async def submit_async(
        self,
        function: str,
        *args: str | bytes,
        transient: Mapping[str, bytes] | None = None,
        endorsing_orgs: Sequence[str] | None = None,
        retry: Retry = _DEFAULT_RETRY,
    ) -> Pending:
        """Returns as soon as the transaction is sent; a conflict in its block is not repeated.

        Raises:
            Refused: the contract refused.
            Conflict: the endorsers disagreed, ``retry.conflicts`` + 1 times.
            LedgerUnavailable: nothing answers, nothing was ordered.
            Busy, EndorseError, SubmitError: all else.
        """
        attempts = Attempts(retry)
        return await self._send(attempts, retry, function, args, transient, endorsing_orgs)

    async def _send(
        self,
        attempts: Attempts,
        retry: Retry,
        function: str,
        args: Sequence[str | bytes],
        transient: Mapping[str, bytes] | None,
        endorsing_orgs: Sequence[str] | None,
    ) -> Pending:
        while True:
            proposal = self.proposal(
                function, *args, transient=transient, endorsing_orgs=endorsing_orgs
            )
            try:
                transaction = await proposal.endorse()
            except LedgerError as error:
                await attempts.pause_before_next(Phase.ENDORSE, error)
            else:
                return await send(transaction, retry, self._calls.timeouts)
