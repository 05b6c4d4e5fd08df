# SPDX-License-Identifier: Apache-2.0
"""What a releaser's agent works with, and one look at a subtask."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pmcb_client._ledger import Ledger, listing
from pmcb_client.answers import Instructions
from pmcb_client.sealing import Blob, Context, Kind, NotForYou, Place, unwrap_for

from ._action import Act, Action
from ._keys import SecretKey, TaskKeys
from ._record import envelope_file

if TYPE_CHECKING:
    from pmcb_client.wallet import WalletIdentity

__all__ = ["NEVER_MS", "Desk", "Look", "Store"]

AGAIN_MS = 30_000
NEVER_MS = 2**62  # not before its releaser does something: no time, and no event, helps


class Store(Protocol):
    """As much of the content store as the agent needs."""

    async def get(self, digest: str) -> bytes:
        """The bytes under a hash."""
        ...

    async def delete(self, digest: str) -> None:
        """Forget the bytes under a hash."""


@dataclass(frozen=True)
class Look:
    """A subtask as the ledger had it a moment ago.

    Attributes:
        task: 32 hex.
        record: of the task, as ``get_task`` gives it.
        part: of the subtask.
        claims: in the order of slots, as ``list_claims`` gives them.
        submissions: the same, as ``list_submissions`` gives them.
        now_ms: when, milliseconds UTC.
    """

    task: str
    record: dict[str, Any]
    part: dict[str, Any]
    claims: list[dict[str, Any]]
    submissions: list[dict[str, Any]]
    now_ms: int

    @property
    def number(self) -> int:
        """Of the subtask."""
        return int(self.part["subtask"])

    def place(self, submission: dict[str, Any]) -> Place:
        """What one of the submissions was sealed for."""
        slot, holder = int(submission["slot"]), str(submission["holder"])
        return Place(self.task, self.number, slot=slot, holder=holder)

    @property
    def is_accepting(self) -> bool:
        """Whether somebody may still take a slot."""
        if self.record["status"] != "open" or self.now_ms >= self.record["accept_until"]:
            return False
        return len(self.claims) < int(self.part["slots"])


@dataclass
class Desk:
    """One releaser's tools.

    Attributes:
        folder: ``<home>/tasks``.
        identity: the releaser.
        ledger: the contract.
        open_store: the content store, opened anew each time, for it may have moved.
        clock: milliseconds UTC, the one with which ``ledger`` makes its proposals.
        tell: told every action.
        allow_small: whether a secret is shared among fewer than three holders.
    """

    folder: Path
    identity: WalletIdentity
    ledger: Ledger
    open_store: Callable[[], AbstractAsyncContextManager[Store]]
    clock: Callable[[], int]
    tell: Callable[[Action], None]
    allow_small: bool = False
    _told: set[Action] = field(default_factory=set)
    _envelopes: dict[tuple[str, int], tuple[bytes, Instructions]] = field(default_factory=dict)

    def tell_once(self, action: Action) -> None:
        """Tell what would be the same at every look."""
        if action not in self._told:
            self._told.add(action)
            self.tell(action)

    def worked(self, task: str) -> None:
        """What did not answer for a task answers again: the next time is told again."""
        self._told = {
            one for one in self._told if (one.act, one.task, one.subtask) != (Act.LATER, task, None)
        }

    @property
    def soon_ms(self) -> int:
        """When to try again what others got in the way of, milliseconds UTC."""
        return self.clock() + AGAIN_MS

    async def look(self, task: str, record: dict[str, Any], part: dict[str, Any]) -> Look:
        """A subtask with its holders and submissions."""
        place = (task, str(part["subtask"]))
        claims = [item async for item in listing(self.ledger, "list_claims", *place)]
        submissions = [item async for item in listing(self.ledger, "list_submissions", *place)]
        return Look(task, record, part, claims, submissions, self.clock())

    async def envelope(self, look: Look) -> tuple[bytes, Instructions]:
        """The key of a subtask's questions, and the questions.

        From the folder where the task was published; elsewhere from the store, where the releaser
        is among those for whom they are sealed.

        Raises:
            ContentError: the store does not answer, or does not have them.
            SealingError: they do not open.
        """
        place = (look.task, look.number)
        if place not in self._envelopes:
            self._envelopes[place] = await self._opened(look)
        return self._envelopes[place]

    async def secret_key(self, look: Look) -> SecretKey | None:
        """The key of a subtask's secret; None where it has none, or the key is not here."""
        kept = TaskKeys.load(self.folder / look.task)
        if kept is not None:
            return kept.secrets.get(look.number)
        _, instructions = await self.envelope(look)
        if any(question.secret for question in instructions.questions):
            self.tell_once(Action(Act.KEY_MISSING, look.task, look.number))
        return None

    async def _opened(self, look: Look) -> tuple[bytes, Instructions]:
        blob = Blob.parse(await self._sealed(look))
        place = Place(look.task, look.number, level=look.part["level"])
        kept = TaskKeys.load(self.folder / look.task)
        key = None if kept is None else kept.envelopes.get(look.number)
        if key is None:
            uid = self.identity.uid
            if uid not in blob.wraps:
                raise NotForYou("The questions were not sealed for their releaser.")
            context = Context("key", look.task, look.number, uid)
            key = unwrap_for(self.identity, blob.wraps[uid], context)
        content = blob.open(key, kind=Kind.INSTRUCTIONS, place=place)
        return key, Instructions.decode(content)

    async def _sealed(self, look: Look) -> bytes:
        path = envelope_file(self.folder / look.task, look.number)
        if path.is_file():
            return path.read_bytes()
        async with self.open_store() as store:
            return await store.get(look.part["envelope_hash"])
