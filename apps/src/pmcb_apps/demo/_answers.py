# SPDX-License-Identifier: Apache-2.0
"""Step 7: holders answer from real patient rows; three answer past their client's checks."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pmcb_client.answers import Answer, Row, seal_answer
from pmcb_client.receiver import Opened, Outbox, queue_answer, receiver_folder, send

from ._cast import Cast
from ._claims import Claimed
from ._opening import coalition
from ._patients import patients
from ._result import Opening
from ._services import Services

_AT_ONCE = 8
_POLL_S = 0.2
_DAY_MS = 86_400_000
CARELESS = 3  # a slip of the decimal point, a word for a number, a value of the day before


@dataclass(frozen=True)
class Holder:
    """A claim with what its holder read, and the holder's outbox."""

    claim: Claimed
    opened: Opened
    outbox: Outbox


async def answer_all(
    cast: Cast,
    services: Services,
    folder: Path,
    claims: Sequence[Claimed],
    opened: Sequence[Opened],
) -> list[Opening]:
    """Every holder queues and sends an answer; what shares opened meanwhile.

    The last subtask has a secret: its holders send one after the other until they are a majority.
    """
    holders = _queued(folder, claims, opened)
    shared = [holder for holder in holders if holder.opened.has_secret]
    others = [holder for holder in holders if not holder.opened.has_secret]
    turn = asyncio.Semaphore(_AT_ONCE)

    async def deliver(holder: Holder) -> None:
        async with turn, services.store(holder.claim.holder) as store:
            ledger = cast.contract(holder.claim.holder)
            while holder.outbox.pending() or holder.outbox.to_pass():
                sent = await send(holder.outbox, store, ledger, holder.claim.holder)
                if sent.waiting or holder.outbox.to_pass():
                    await asyncio.sleep(_POLL_S)

    delivering = asyncio.gather(*map(deliver, others))
    try:
        majority = len(shared) // 2 + 1
        openings = []
        for number, holder in enumerate(shared[:majority], 1):
            await deliver(holder)
            if number >= majority - 1:
                first = shared[0]
                found = await coalition(cast, services, first.opened, first.claim.holder)
                openings.append(found)
        await asyncio.gather(delivering, *map(deliver, shared[majority:]))
    finally:
        delivering.cancel()  # nobody else ends it where the story ends here
        await asyncio.gather(delivering, return_exceptions=True)
    return openings


def _queued(folder: Path, claims: Sequence[Claimed], opened: Sequence[Opened]) -> list[Holder]:
    rows = patients()
    holders = []
    for number, (claim, read) in enumerate(zip(claims, opened, strict=True)):
        values = {name: rows[name][number] for name in sorted(read.instructions.names)}
        outbox = Outbox(receiver_folder(folder, claim.holder) / "outbox.sqlite3")
        kind, rest = divmod(number, len(claims) // CARELESS)
        if rest == 0 and kind < CARELESS:
            _put_unchecked(outbox, read, _careless(kind, values))
        else:
            source = folder / "receiver" / "answer.json"
            source.write_text(json.dumps(values))
            queue_answer(outbox, read, source, now_ms=_now_ms())
        holders.append(Holder(claim, read, outbox))
    return holders


def _careless(kind: int, values: Mapping[str, float]) -> Row:
    wrong = (
        Row(_now_ms(), {name: value / 100 for name, value in values.items()}),
        Row(_now_ms(), dict.fromkeys(values, "high")),
        Row(_now_ms() - _DAY_MS, values),
    )
    return wrong[kind]


def _put_unchecked(outbox: Outbox, opened: Opened, row: Row) -> None:
    """As a client of somebody's own making might: ours refuses such an answer."""
    blobs = seal_answer(Answer((row,)), opened.place, opened.readers)
    outbox.put(blobs, queued_ms=_now_ms(), has_secret=opened.has_secret)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
