# SPDX-License-Identifier: Apache-2.0
"""Calls of the contract that may be repeated, since it answers a repeat with what stands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pmcb_client.errors import Conflict, LedgerError, OutcomeUnknown, Refused

__all__ = ["repeated"]

TRIES = 30
"""Of a call that others were faster than; each sees what the others left."""

T = TypeVar("T")


async def repeated(call: Callable[[], Awaitable[T]], away: type[Exception]) -> T:
    """The result of a call, made again where others were faster or nobody told the outcome.

    Args:
        call: one try.
        away: what is raised, with a sentence, where the ledger does not answer.

    Raises:
        Refused: the contract said no.
    """
    for _ in range(TRIES):
        try:
            return await call()
        except Refused:
            raise
        except (Conflict, OutcomeUnknown) as error:
            last: LedgerError = error
        except LedgerError as error:
            raise away("The ledger does not answer.") from error
    raise away("The ledger did not say what became of it.") from last
