# SPDX-License-Identifier: Apache-2.0
"""A transaction that was sent: how a doubt about it is followed to its end."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from pmcb_client.errors import Busy, LedgerError, OutcomeUnknown
from pmcb_client.gateway._calls import Timeouts
from pmcb_client.gateway._failures import Phase
from pmcb_client.gateway._proposal import Transaction
from pmcb_client.gateway._repeats import Retry, Step, step_after
from pmcb_client.gateway._status import DUPLICATE_TXID, Status


@dataclass(frozen=True)
class Pending:
    """A transaction that was sent and waits for its block.

    ``result`` is what the contract returned when it was endorsed; it counts once ``status`` is
    successful.
    """

    transaction_id: str
    result: bytes
    _transaction: Transaction
    _retry: Retry
    _timeouts: Timeouts
    _sent_again: bool

    async def status(self) -> Status:
        """What became of the transaction: asks until there is an answer.

        What no block holds for long is sent again, the same envelope: at most one copy is valid.

        Raises:
            OutcomeUnknown: no answer within the timeout for commit status.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self._timeouts.commit_status_s
        resend_at = loop.time() + self._timeouts.resend_s
        sent_again = self._sent_again
        tries = 0
        cause: LedgerError | None = None
        while (now := loop.time()) < until:
            if now >= resend_at:
                sent_again = True
                resend_at = now + self._timeouts.resend_s
                with suppress(LedgerError):  # the first copy may stand all the same
                    await self._transaction.submit()
            try:
                wait_s = max(0.0, min(until, resend_at) - loop.time())
                status = await self._transaction.commit.status(timeout_s=wait_s)
            except LedgerError as error:
                if step_after(Phase.COMMIT_STATUS, error) is not Step.ASK:
                    raise
                cause = error
            else:
                # Our own second copy is marked so; the first copy's code is the one that counts.
                if not (sent_again and status.code == DUPLICATE_TXID):
                    return status
            await asyncio.sleep(min(self._retry.pause_s(tries), max(0.0, until - loop.time())))
            tries += 1
        raise OutcomeUnknown(self.transaction_id) from cause


async def send(transaction: Transaction, retry: Retry, timeouts: Timeouts) -> Pending:
    """Submits ``transaction``; in doubt, again for half of the timeout for commit status.

    Raises:
        SubmitError: it was certainly not ordered.
        Busy: the gateway took none of the tries.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + timeouts.commit_status_s / 2
    tries = 0
    in_doubt = False
    while True:
        try:
            await transaction.submit()
            break
        except LedgerError as error:
            step = step_after(Phase.SUBMIT, error)
            pause_s = retry.pause_s(tries)
            if step is not Step.RESEND or loop.time() + pause_s > until:
                if in_doubt or (step is Step.RESEND and not isinstance(error, Busy)):
                    in_doubt = True
                    break
                raise
            in_doubt = in_doubt or not isinstance(error, Busy)
        await asyncio.sleep(pause_s)
        tries += 1
    return Pending(
        transaction.transaction_id,
        transaction.result,
        transaction,
        retry,
        timeouts,
        in_doubt,
    )
