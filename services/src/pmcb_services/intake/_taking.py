# SPDX-License-Identifier: Apache-2.0
"""From verdicts to the table: accepted answers are opened, checked again and taken in, once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from pmcb_client._ledger import listing
from pmcb_client.answers import Answer, Instructions, examine, fetch_answer, forget_answer
from pmcb_client.content import ContentMissing, ContentRefused, ContentTampered
from pmcb_client.sealing import Blob, Kind, Place, SealingError, open_for
from pmcb_services.common import SubtaskHandler

from ._case import Case
from ._table import Intake, State

if TYPE_CHECKING:
    from pmcb_client.inbox import Item
    from pmcb_client.wallet import WalletIdentity

__all__ = ["EVENTS", "LeftOut", "Taking"]

EVENTS = frozenset({"DataSubmitted", "SubmissionVerified"})
PAUSE_MS = 60_000
RETRY_MS = 600_000

_log = structlog.get_logger("pmcb_services.intake")


class LeftOut(StrEnum):
    """Why an answer waits or was not taken in; `examine`'s reasons come beside these."""

    REJECTED = "rejected"
    UNDECIDED = "undecided"
    MISSING = "missing"
    TAMPERED = "tampered"
    UNOPENED = "unopened"


class Store(Protocol):
    """As much of the content store as is needed here."""

    async def get(self, digest: str) -> bytes:
        """The bytes under a hash."""
        ...

    async def delete(self, digest: str) -> None:
        """Forget the bytes under a hash."""


class Taking(SubtaskHandler[Intake, Store]):
    """Deals with what verifiers said of answers that were collected for one institution.

    An answer is in the table, or it is not, wherever this is killed; its sealed files are deleted
    afterwards. `SubtaskHandler` describes the arguments; what is kept is the table.
    """

    pause_ms = PAUSE_MS

    async def _subtask(
        self, task: str, subtask: int, items: list[Item], identity: WalletIdentity, store: Store
    ) -> None:
        batch = _Batch(identity, store)
        cases = await self._cases(task, subtask, identity.uid)
        for item in items:
            if cases is None:
                self._done(item)
            else:
                await self._tried(self._settle(item, cases, batch), store, item)

    async def _settle(self, item: Item, cases: Mapping[int, Case], batch: _Batch) -> None:
        case = cases.get(item.payload["slot"])  # None: the peer that was asked is behind
        again_ms = self._now_ms() + PAUSE_MS if case is None else await self._deal(case, batch)
        if again_ms is None:
            self._done(item)
        else:
            self._inbox.later(item, again_ms)

    async def _cases(self, task: str, subtask: int, uid: str) -> dict[int, Case] | None:
        """What was submitted for a subtask, by slot; None where others get its results."""
        view = await self._ask("get_task", task)
        if (view["institution"], view["results_to"]) != (uid, "institution"):
            return None
        governance = await self._ask("get_governance")
        ends_ms = view["submit_until"] + governance["settle_window_s"] * 1000
        rows = listing(self._ledger, "list_submissions", task, str(subtask))
        return {row["slot"]: Case.of(view, subtask, row, ends_ms) async for row in rows}

    async def _deal(self, case: Case, batch: _Batch) -> int | None:
        """Go as far as can be gone; when to look again, None where nothing is left to do."""
        if self._kept.state(case.source) in {None, State.WAITING}:
            again_ms = await self._decide(case, batch)
            if again_ms is not None:
                return again_ms
        needless = self._kept.state(case.source) is State.TAKEN and case.judged
        if not needless and self._now_ms() < case.ends_ms:
            return case.ends_ms  # until then its verifiers may need it
        await self._forget(case, batch)
        return None

    async def _decide(self, case: Case, batch: _Batch) -> int | None:
        """Take it in or leave it out; when to look again where neither can be done yet."""
        state, reason, answer = await self._look(case, batch)
        if answer is not None:
            await self._take(case, answer)
            return None
        now_ms = self._now_ms()
        if now_ms >= case.ends_ms:  # what is not there by then is left out
            state = State.LEFT_OUT
        self._kept.note(case.source, state, reason, now_ms=now_ms)
        _log.info(state.value, source=case.source.name, reason=reason)
        if state is State.LEFT_OUT:
            return None
        return case.ends_ms if case.accepted is None else min(now_ms + RETRY_MS, case.ends_ms)

    async def _look(self, case: Case, batch: _Batch) -> tuple[State, str, Answer | None]:
        """What becomes of it as things stand, why, and the answer if it is taken in."""
        if case.accepted is None:
            return State.WAITING, LeftOut.UNDECIDED.value, None
        if not case.accepted:
            return State.LEFT_OUT, LeftOut.REJECTED.value, None
        try:
            answer, reason = await self._checked(case, batch)
        except ContentMissing:  # which the store's operator may mend, as the next
            return State.WAITING, LeftOut.MISSING.value, None
        except ContentTampered as error:
            _log.error("tampered", source=case.source.name, hash=error.digest)
            return State.WAITING, LeftOut.TAMPERED.value, None
        except SealingError as error:
            _log.warning("unopened", source=case.source.name, kind=type(error).__name__)
            return State.LEFT_OUT, LeftOut.UNOPENED.value, None
        return (State.LEFT_OUT, reason, None) if reason else (State.TAKEN, "", answer)

    async def _take(self, case: Case, answer: Answer) -> None:
        assert case.place.holder is not None
        args = (case.source, case.place.holder, answer.rows)
        if await asyncio.to_thread(self._kept.take, *args, now_ms=self._now_ms()):
            _log.info("taken", source=case.source.name, rows=len(answer.rows))

    async def _checked(self, case: Case, batch: _Batch) -> tuple[Answer, str]:
        """The opened answer, and why it does not fit, "" where it does."""
        place = case.place
        instructions = await self._instructions(case, batch)
        answer = await fetch_answer(batch.store, case.source.hash, place, batch.identity)
        args = (place.task, str(place.subtask), str(place.slot))
        claim = await self._ask("get_claim", *args)
        problem = await asyncio.to_thread(
            examine, answer, instructions, since_ms=claim["at"], until_ms=case.submitted_ms
        )
        return answer, "" if problem is None else problem.reason.value

    async def _instructions(self, case: Case, batch: _Batch) -> Instructions:
        subtask = (case.place.task, case.place.subtask)
        if subtask not in batch.instructions:
            blob = Blob.parse(await batch.store.get(case.envelope_hash))
            place = Place(*subtask, level=case.level)
            opened = open_for(batch.identity, blob, kind=Kind.INSTRUCTIONS, place=place)
            batch.instructions[subtask] = Instructions.decode(opened)
        return batch.instructions[subtask]

    async def _forget(self, case: Case, batch: _Batch) -> None:
        try:
            await forget_answer(batch.store, case.source.hash, case.place, batch.identity)
        except ContentRefused as refused:
            if refused.code != "FORBIDDEN":
                raise
            _log.warning("not_forgotten", source=case.source.name, code=refused.code)

    async def _ask(self, function: str, *args: str) -> Any:
        return json.loads(await self._ledger.evaluate(function, *args))


class _Batch:
    """One round: as whom, through which store, and the instructions that were opened in it."""

    def __init__(self, identity: WalletIdentity, store: Store) -> None:
        self.identity = identity
        self.store = store
        self.instructions: dict[tuple[str, int], Instructions] = {}
