# SPDX-License-Identifier: Apache-2.0
"""Step 5: who asked for which subtask, and what the contract said."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pmcb_client.errors import Refused
from pmcb_client.receiver import accept
from pmcb_client.wallet import WalletIdentity

from ._cast import Cast
from ._result import Attempt

ACCEPTED = "accepted"


@dataclass(frozen=True)
class Claimed:
    """A slot that somebody of the sample holds."""

    holder: WalletIdentity
    subtask: int
    slot: int


async def attempt_all(
    cast: Cast,
    task: str,
    receivers: Mapping[int, Sequence[WalletIdentity]],
    outsider: WalletIdentity,
) -> tuple[list[Attempt], list[Claimed]]:
    """Everybody asks for the own level at once; some then ask for what is not theirs."""
    attempts: list[Attempt] = []
    claimed: list[Claimed] = []

    async def ask(who: WalletIdentity, level: int | None, subtask: int) -> None:
        try:
            claim = await accept(cast.contract(who), task, subtask)
        except Refused as refused:
            said = (refused.code, refused.reason)
        else:
            said = (ACCEPTED, f"holds slot {claim['slot']}")
            claimed.append(Claimed(who, subtask, claim["slot"]))
        attempts.append(Attempt(who.uid, level, subtask + 1, *said))

    others = [
        (people[-1], level, other - 1)
        for level, people in receivers.items()
        for other in receivers
        if other != level
    ]
    for who, level, subtask in others:
        await ask(who, level, subtask)
    await ask(outsider, None, 0)
    await asyncio.gather(
        *(ask(who, level, level - 1) for level, people in receivers.items() for who in people)
    )
    first = claimed[0]
    await ask(first.holder, first.subtask + 1, (first.subtask + 1) % len(receivers))
    return attempts, sorted(claimed, key=lambda one: (one.subtask, one.slot))
