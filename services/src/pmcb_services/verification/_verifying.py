# SPDX-License-Identifier: Apache-2.0
"""From submissions to verdicts: each answer is opened, judged, written down, and told, once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from pmcb_client.content import ContentMissing, ContentTampered
from pmcb_client.errors import Refused
from pmcb_client.sealing import SealingError
from pmcb_services.common import SubtaskHandler

from ._findings import Findings, Place, Record
from ._judging import Judge, Store
from ._subtask import Subtask

if TYPE_CHECKING:
    from pmcb_client.inbox import Item
    from pmcb_client.wallet import WalletIdentity

__all__ = ["EVENTS", "Verifying"]

EVENTS = frozenset({"DataSubmitted"})
PAUSE_MS = 10_000
RETRY_MS = 60_000
AT_ONCE = 16
_FINAL = frozenset({"EXISTS", "NOT_VERIFIER", "SELF_VERDICT", "TASK_CLOSED"})

_log = structlog.get_logger("pmcb_services.verification")


class Verifying(SubtaskHandler[Findings, Store]):
    """Deals with what was submitted for tasks that name one verifier.

    A finding is on disk before it is told, wherever this is killed, and the contract answers a
    repeat with what stands. `SubtaskHandler` describes the arguments; what is kept are findings.
    """

    pause_ms = PAUSE_MS

    def _arrived(self, items: list[Item]) -> None:
        payloads = (item.payload for item in items)
        self._kept.note(Place(one["task"], one["subtask"], one["slot"]) for one in payloads)

    async def _subtask(
        self, task: str, subtask: int, items: list[Item], identity: WalletIdentity, store: Store
    ) -> None:
        uid, now_ms = identity.uid, self._now_ms()
        read = await Subtask.read(self._ledger, task, subtask, verifier=uid, now_ms=now_ms)
        if read is None:  # others', or closed
            self._kept.drop(task, subtask)
            for item in items:
                self._done(item)
            return
        judge = Judge(self._kept, identity, store)
        self._hear(read, items, uid)
        looked_at = await self._judge(read, items, judge, store)
        await self._tell(task, subtask)
        known = self._kept.of_subtask(task, subtask)
        for item in looked_at:
            if known[_slot(item)].told:
                self._done(item)
            else:
                self._inbox.later(item, now_ms + RETRY_MS)

    def _hear(self, subtask: Subtask, items: list[Item], uid: str) -> None:
        """What this verifier has said by hand, or before these files were lost, stands."""
        known = self._kept.of_subtask(subtask.task, subtask.number)
        for slot in map(_slot, items):
            one = subtask.submissions.get(slot)
            if one is not None and uid in one.judged_by and known[slot].finding is None:
                self._kept.told(known[slot].place)

    async def _judge(
        self, subtask: Subtask, items: list[Item], judge: Judge, store: Store
    ) -> list[Item]:
        """Judge what can be judged by now; the items of which nothing failed."""
        known = self._kept.of_subtask(subtask.task, subtask.number)
        if all(known[slot].told or known[slot].finding for slot in map(_slot, items)):
            return items
        try:
            instructions = await judge.instructions(subtask)
        except (SealingError, ContentMissing, ContentTampered) as error:
            kind = type(error).__name__
            _log.warning("envelope", task=subtask.task, subtask=subtask.number, kind=kind)
            return items
        looked_at = []
        for item in items:
            one, record = subtask.submissions.get(_slot(item)), known[_slot(item)]
            is_due = not record.is_settled or (record.is_waiting and not instructions.shared_fields)
            if (
                one is None
                or not is_due
                or await self._tried(judge.alone(subtask, one, instructions), store, item)
            ):
                looked_at.append(item)
        compared = await self._tried(judge.together(subtask, instructions), store, *items)
        return looked_at if compared else []

    async def _tell(self, task: str, number: int) -> None:
        """Tell the ledger every finding on this subtask that it has not heard."""
        known = self._kept.of_subtask(task, number)
        turn = asyncio.Semaphore(AT_ONCE)
        due = [record for record in known.values() if record.finding and not record.told]
        results = await asyncio.gather(
            *(self._send(record, turn) for record in due), return_exceptions=True
        )
        for result in results:
            if result is not None:
                raise result

    async def _send(self, record: Record, turn: asyncio.Semaphore) -> None:
        place, finding = record.place, record.finding
        assert finding is not None
        args = (place.task, str(place.subtask), str(place.slot))
        verdict = (finding.verdict.value, str(finding.score), finding.reason.value)
        said = {"task": place.task, "subtask": place.subtask, "slot": place.slot}
        try:
            async with turn:
                await self._ledger.submit("verify_submission", *args, *verdict, record.evidence)
        except Refused as refused:
            if refused.code not in _FINAL:
                raise
            _log.warning("refused", **said, code=refused.code)
        else:
            _log.info(finding.verdict.value, **said, reason=verdict[2], score=finding.score)
        self._kept.told(place)


def _slot(item: Item) -> int:
    return int(item.payload["slot"])
