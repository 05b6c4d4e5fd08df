# SPDX-License-Identifier: Apache-2.0
"""One transaction, step by step, with a clock beside it."""

import time

from pmcb_client.errors import Conflict
from pmcb_client.gateway import Contract
from pmcb_client.gateway._failures import invalid

from ._open_loop import Steps

_CONFLICTS = 5


async def stepwise(contract: Contract, function: str, *args: str) -> Steps:
    """Endorsed, ordered, committed; five times anew after a conflict, as ``submit`` does.

    Nothing else is repeated: what a client hides is what is to be seen here.

    Raises:
        LedgerError: what became of it instead.
    """
    for conflicts in range(_CONFLICTS + 1):
        try:
            return await _once(contract, conflicts, function, *args)
        except Conflict:
            if conflicts == _CONFLICTS:
                raise
    raise AssertionError  # never reached


async def _once(contract: Contract, conflicts: int, function: str, *args: str) -> Steps:
    began = time.perf_counter()
    transaction = await contract.proposal(function, *args).endorse()
    endorsed = time.perf_counter()
    commit = await transaction.submit()
    ordered = time.perf_counter()
    status = await commit.status()
    committed = time.perf_counter()
    if not status.successful:
        raise invalid(status.code, status.name, status.transaction_id)
    return Steps(
        transaction.transaction_id,
        endorsed - began, ordered - endorsed, committed - ordered,
        conflicts,
    )  # fmt: skip
