# SPDX-License-Identifier: Apache-2.0
"""Steps 8 and 9: verdicts are in, rewards are paid, the task closes; accepted data are taken in."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from pmcb_client.receiver import listing
from pmcb_client.wallet import WalletIdentity

from ._cast import Cast
from ._result import Judgement
from ._services import Services

_POLL_S = 0.2


async def judged_and_paid(
    cast: Cast, releaser: WalletIdentity, task: str, subtasks: int, answers: int
) -> list[Judgement]:
    """The verdicts, once the verification server and the releaser's agent are done."""
    ledger = cast.contract(releaser)

    async def rows(subtask: int) -> list[dict[str, Any]]:
        return [row async for row in listing(ledger, "list_submissions", task, str(subtask))]

    while True:
        found = [await rows(subtask) for subtask in range(subtasks)]
        if sum("payment" in row for part in found for row in part) == answers:
            break
        await asyncio.sleep(_POLL_S)
    return [
        Judgement(subtask + 1, row["slot"], verdict["verdict"], verdict["reason"])
        for subtask, part in enumerate(found)
        for row in part
        for verdict in row["verdicts"]
    ]


async def close(cast: Cast, releaser: WalletIdentity, task: str) -> dict[str, int]:
    """End the task, which everybody answered; what was paid and what came back."""
    ledger = cast.contract(releaser)
    await ledger.submit("cancel_task", task, "complete")
    closed = json.loads(await ledger.submit("close_task", task))
    return {"paid": closed["paid"], "refunded": closed["refunded"]}


async def balances(cast: Cast, people: Sequence[WalletIdentity]) -> int:
    """The credit of all of them together."""
    found = await asyncio.gather(
        *(cast.contract(who).evaluate("get_balance", *who.uid.split("/")) for who in people)
    )
    return sum(int(json.loads(one)["balance"]) for one in found)


async def taken_in(services: Services, expected: int) -> int:
    """Rows of the institution's table, once all accepted answers are in it."""
    while True:
        found = await asyncio.to_thread(services.intake.summary)
        if found.answers >= expected:
            return found.rows
        await asyncio.sleep(_POLL_S)
