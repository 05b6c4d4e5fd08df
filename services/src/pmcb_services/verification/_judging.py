# SPDX-License-Identifier: Apache-2.0
"""One round of judging: answers are fetched, opened, looked at, and what is found written down."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import structlog

from pmcb_client.answers import Answer, Instructions, Reason, fetch_answer
from pmcb_client.content import ContentForgotten, ContentMissing, ContentTampered
from pmcb_client.errors import ClientError
from pmcb_client.sealing import Blob, Damaged, Kind, SealingError, open_for
from pmcb_client.sealing import Place as SealedPlace

from ._alone import judge_alone
from ._finding import Finding
from ._findings import Findings, Place
from ._room import fingerprint
from ._subtask import Submission, Subtask

if TYPE_CHECKING:
    from pmcb_client.wallet import WalletIdentity

    from ._together import Said

__all__ = ["Judge", "Store"]

_log = structlog.get_logger("pmcb_services.verification")


class Store(Protocol):
    """As much of the content store as is needed here."""

    async def get(self, digest: str) -> bytes:
        """The bytes under a hash."""
        ...


class Judge:
    """A verifier with a way to the content store, for one round.

    Args:
        findings: where what is found is written down.
        identity: the verifier.
        store: the content store.
    """

    def __init__(self, findings: Findings, identity: WalletIdentity, store: Store) -> None:
        self._findings = findings
        self._identity = identity
        self._store = store
        self._unreadable: set[Place] = set()

    async def instructions(self, subtask: Subtask) -> Instructions:
        """What was asked.

        Raises:
            ContentError: the store does not have the envelope, or does not answer.
            SealingError: it is no envelope of this subtask for this verifier.
        """
        place = SealedPlace(subtask.task, subtask.number, level=subtask.level)
        blob = Blob.parse(await self._store.get(subtask.envelope_hash))
        opened = open_for(self._identity, blob, kind=Kind.INSTRUCTIONS, place=place)
        found = Instructions.decode(opened)
        if (found.task, found.subtask) != (subtask.task, subtask.number):
            raise Damaged("The envelope holds the instructions of another subtask.")
        return found

    async def alone(
        self, subtask: Subtask, submission: Submission, instructions: Instructions
    ) -> None:
        """Judge one answer by itself, if the store has it.

        An answer to a shared question that passes waits for the others.

        Raises:
            ContentUnavailable: the store does not answer.
        """
        place = Place(subtask.task, subtask.number, submission.slot)
        try:
            await self._alone(place, subtask, submission, instructions)
        except ClientError:
            raise
        except Exception:
            self._unreadable.add(place)  # a defect of ours, which is not to hold up the others
            raise

    async def _alone(
        self, place: Place, subtask: Subtask, submission: Submission, instructions: Instructions
    ) -> None:
        try:
            answer = await self._answer(subtask, submission)
        except ContentMissing as error:
            self._missing(place, subtask, submission, error)
            return
        except ContentTampered as error:
            _log.error("tampered", **vars(place), hash=error.digest)
            self._unreadable.add(place)
            return
        except SealingError:
            self._findings.decide({place: Finding.reject(Reason.SCHEMA)})
            return
        finding, mark = await asyncio.to_thread(self._look, answer, instructions, submission)
        if mark is not None and self._findings.is_repeated(place, mark):
            finding = Finding.reject(Reason.DUPLICATE)
        if finding is None:
            self._findings.passed(place, mark)
            if not instructions.shared_fields:
                finding = Finding.accept()
        if finding is not None:
            self._findings.decide({place: finding})

    async def together(self, subtask: Subtask, instructions: Instructions) -> None:
        """Judge all answers to a shared question that passed by themselves, once no more can come.

        What the store has lost meanwhile is accepted: nothing was wrong with it.

        Raises:
            ContentUnavailable: the store does not answer.
        """
        known = self._findings.of_subtask(subtask.task, subtask.number)
        waiting = [
            one
            for slot, one in sorted(subtask.submissions.items())
            if slot in known and known[slot].is_waiting
        ]
        if not waiting or not subtask.is_complete or not self._is_settled(subtask):
            return
        from ._together import compare, said_in  # with numpy, which few questions need

        found: dict[Place, Finding] = {}
        said: dict[Place, Said] = {}  # of each answer only what is compared: there may be many
        for one in waiting:
            place = Place(subtask.task, subtask.number, one.slot)
            try:
                answer = await self._answer(subtask, one)
            except (ContentMissing, ContentTampered, SealingError) as error:
                _log.warning("lost", **vars(place), kind=type(error).__name__)
                found[place] = Finding.accept()
            else:
                said[place] = await asyncio.to_thread(said_in, answer, instructions)
        findings = await asyncio.to_thread(compare, list(said.values()))
        self._findings.decide(found | dict(zip(said, findings, strict=True)))

    def _is_settled(self, subtask: Subtask) -> bool:
        """Whether everything submitted was judged by itself, but for what cannot be read."""
        known = self._findings.of_subtask(subtask.task, subtask.number)
        return all(
            Place(subtask.task, subtask.number, slot) in self._unreadable
            or (slot in known and known[slot].is_settled)
            for slot in subtask.submissions
        )

    def _missing(
        self, place: Place, subtask: Subtask, submission: Submission, error: ContentMissing
    ) -> None:
        sealed = _sealed_place(subtask, submission)
        if isinstance(error, ContentForgotten) and error.field == sealed.name:
            _log.warning("forgotten", **vars(place), hash=submission.hash)
            self._findings.told(place)  # by a reader of this very answer: the slot is paid
        elif submission.is_decided:  # and perhaps lost since
            self._findings.told(place)
        elif subtask.is_ending:
            self._findings.decide({place: Finding.reject(Reason.SCHEMA)})
        else:
            _log.warning("missing", **vars(place), hash=submission.hash)

    def _look(
        self, answer: Answer, instructions: Instructions, submission: Submission
    ) -> tuple[Finding | None, str | None]:
        """What is wrong with an answer, and its fingerprint where nothing is."""
        finding = judge_alone(
            answer, instructions, since_ms=submission.since_ms, until_ms=submission.until_ms
        )
        if finding is not None:
            return finding, None
        return None, fingerprint(answer, instructions, self._findings.key)

    async def _answer(self, subtask: Subtask, one: Submission) -> Answer:
        place = _sealed_place(subtask, one)
        return await fetch_answer(self._store, one.hash, place, self._identity)


def _sealed_place(subtask: Subtask, one: Submission) -> SealedPlace:
    return SealedPlace(subtask.task, subtask.number, slot=one.slot, holder=one.holder)
