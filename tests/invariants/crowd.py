# SPDX-License-Identifier: Apache-2.0
"""Many clients at once: each call's own steps, and what the client was told in the end."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.invariants.model import CONFLICTS, VALID
from tests.invariants.stage import Player

from pmcb_client.gateway import Conflict, Refused, Transaction

ROUNDS = 3


@dataclass(frozen=True)
class Call:
    """A call that somebody makes."""

    by: Player
    function: str
    args: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.function} by {self.by}"


class Crowd:
    """Makes calls and keeps what came of them.

    Attributes:
        success: by transaction id, whether its client was told that it stands.
        refused: how often each code was the answer.
        sent: every envelope that was ever handed in.
    """

    def __init__(self) -> None:
        self.success: dict[str, bool] = {}
        self.refused: Counter[str] = Counter()
        self.sent: list[Transaction] = []

    async def endorse(self, call: Call) -> Transaction | None:
        """The endorsed transaction, ``None`` when the contract refused."""
        try:
            return await call.by.contract.proposal(call.function, *call.args).endorse()
        except Refused as refusal:
            self.refused[refusal.code] += 1
            return None

    async def settle(self, transaction: Transaction) -> bool:
        """Ask what became of it; whether it stands."""
        status = await transaction.commit.status()
        assert status.code in {VALID, *CONFLICTS}, status.name
        self.success[transaction.transaction_id] = status.successful
        return status.successful

    async def hand_in(self, transaction: Transaction) -> None:
        self.sent.append(transaction)
        await transaction.submit()

    async def in_order(self, calls: Sequence[Call], late: frozenset[int]) -> list[Transaction]:
        """All endorse at one height, then hand in one after the other.

        Those numbered in ``late`` keep their envelopes, which are returned. Who met a conflict
        proposes anew, at once with the others.
        """
        made = await asyncio.gather(*map(self.endorse, calls))
        numbered = list(enumerate(zip(calls, made, strict=True)))
        ready = [(call, one) for n, (call, one) in numbered if one and n not in late]
        for _ in range(ROUNDS):
            for _, transaction in ready:
                await self.hand_in(transaction)
            stand = await asyncio.gather(*(self.settle(transaction) for _, transaction in ready))
            again = [call for (call, _), stands in zip(ready, stand, strict=True) if not stands]
            made = await asyncio.gather(*map(self.endorse, again))
            ready = [(call, one) for call, one in zip(again, made, strict=True) if one]
        return [one for n, (_, one) in numbered if one and n in late]

    async def at_once(self, calls: Sequence[Call]) -> None:
        """All go their own ways, in whatever order the machine lets them."""
        await asyncio.gather(*map(self._whole, calls))

    async def _whole(self, call: Call) -> None:
        for _ in range(ROUNDS):
            try:
                transaction = await self.endorse(call)
            except Conflict:
                continue
            if transaction is None:
                return
            await self.hand_in(transaction)
            if await self.settle(transaction):
                return
