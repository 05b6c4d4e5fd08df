# SPDX-License-Identifier: Apache-2.0
"""From the outbox to the store, and on to the ledger, until it is so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from pmcb_client.content import ContentError
from pmcb_client.errors import ClientError, LedgerError
from pmcb_client.errors import Refused as LedgerRefused
from pmcb_client.sealing import Blob

from ._claim import submit
from ._outbox import Outbox, Parcel, State
from ._passing import pass_share

if TYPE_CHECKING:
    from pmcb_client._ledger import Ledger
    from pmcb_client.content import Receipt
    from pmcb_client.wallet import WalletIdentity

__all__ = ["Sent", "keep_sending", "send"]

# What no later state of the ledger takes back. Not among them are NOT_HOLDER and NOT_FOUND: so
# speaks a peer, too, that is not up to date, or another network.
FINAL = frozenset({"ALREADY_SUBMITTED", "DEADLINE_PASSED", "TASK_CLOSED"})
FIRST_S, LONGEST_S, LOOK_S = 1.0, 60.0, 1.0


class Store(Protocol):
    """As much of the content store as is needed here."""

    async def put(self, blob: Blob) -> Receipt:
        """Keep a sealed file."""
        ...


@dataclass(frozen=True)
class Sent:
    """What one round came to.

    Attributes:
        submitted: parcels that the ledger took.
        refused: parcels that it will never have, each with its code.
        passed: parcels after which a share was passed on to co-holders.
        waiting: parcels that go on waiting.
        problem: why something waits, None where nothing does.
    """

    submitted: tuple[Parcel, ...] = ()
    refused: tuple[Parcel, ...] = ()
    passed: tuple[Parcel, ...] = ()
    waiting: tuple[Parcel, ...] = ()
    problem: ClientError | None = None

    @property
    def is_unavailable(self) -> bool:
        """Whether something waits because store or ledger do not answer."""
        return self.problem is not None and self.problem.exit_code == 3


async def send(
    outbox: Outbox,
    store: Store,
    ledger: Ledger,
    identity: WalletIdentity,
    *,
    advance: Callable[[int], object] = lambda _: None,
) -> Sent:
    """One round over what waits: each parcel goes as far as it can.

    May be killed at any point and repeated: the store keeps the same bytes once, and the ledger
    answers a repeat with what stands. The copy in the outbox goes only when the transaction that
    names it is valid, or can never be. A suspension, a quota and a store that refuses end nothing:
    the parcel waits.

    Args:
        outbox: what waits.
        store: the content store, as this person.
        ledger: the contract, as this person.
        identity: opens the share of a secret, to pass it on.
        advance: told how many bytes of this round were uploaded.
    """
    submitted: list[Parcel] = []
    refused: list[Parcel] = []
    passed: list[Parcel] = []
    problems: list[ClientError] = []
    done = 0

    def count(size: int) -> None:
        nonlocal done
        done += size
        advance(done)

    for parcel in outbox.pending():
        try:
            await _upload(outbox, parcel, store, count)
            await _enter(ledger, parcel)
        except (LedgerError, ContentError) as error:  # no answer, or a doubt: it goes on waiting
            if isinstance(error, LedgerRefused) and error.code in FINAL:
                outbox.refused(parcel, error.code)
                refused.append(replace(parcel, state=State.REFUSED, code=error.code))
            else:
                problems.append(error)
        else:
            outbox.submitted(parcel)
            submitted.append(replace(parcel, state=State.SUBMITTED))
    for parcel in outbox.to_pass():
        try:
            if await pass_share(outbox, parcel, store, ledger, identity):
                passed.append(parcel)
        except (LedgerError, ContentError) as error:
            problems.append(error)
    return Sent(
        tuple(submitted),
        tuple(refused),
        tuple(passed),
        tuple(outbox.pending()),
        _worst(problems),
    )


async def keep_sending(
    outbox: Outbox,
    one_round: Callable[[], Awaitable[Sent]],
    *,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Rounds until it is cancelled: at once when something new is queued, else ever more seldom.

    Args:
        outbox: looked at every second.
        one_round: sends, and tells what came of it.
        pause: waits for some seconds.
    """
    wait_s = FIRST_S
    while True:
        known = _waiting(outbox)
        if known or outbox.to_pass():
            sent = await one_round()
            wait_s = FIRST_S if sent.submitted or sent.passed else min(2 * wait_s, LONGEST_S)
        waited_s = 0.0
        while waited_s < wait_s and not _waiting(outbox) - known:
            await pause(LOOK_S)
            waited_s += LOOK_S


def _waiting(outbox: Outbox) -> set[str]:
    return {parcel.hash for parcel in outbox.pending()}


async def _upload(
    outbox: Outbox, parcel: Parcel, store: Store, count: Callable[[int], None]
) -> None:
    """Every file that the store has not signed for yet."""
    for digest, size in outbox.unsent(parcel):
        data = outbox.data(digest)
        if data is None:  # another process of this person was faster
            return
        outbox.received(await store.put(Blob.parse(data)))
        count(size)


async def _enter(ledger: Ledger, parcel: Parcel) -> None:
    await submit(
        ledger, parcel.task, parcel.subtask, content_hash=parcel.hash, size_bytes=parcel.size
    )


def _worst(problems: Sequence[ClientError]) -> ClientError | None:
    """An absence before a refusal: it is over when somebody tries again."""
    absent = (problem for problem in problems if problem.exit_code == 3)
    return next(absent, problems[0] if problems else None)
