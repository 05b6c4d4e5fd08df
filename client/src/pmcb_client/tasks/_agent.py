# SPDX-License-Identifier: Apache-2.0
"""The releaser's agent: keys, shares, rewards and results, in their time.

What is left to do it learns from the ledger, so it may be killed at any moment and started again,
here or, but for secrets, on another machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from pmcb_client._ledger import Ledger
from pmcb_client.content import ContentError
from pmcb_client.errors import LedgerError, NetworkFileError
from pmcb_client.inbox import Inbox, Item, follow
from pmcb_client.sealing import SealingError

from ._action import Act, Action
from ._deal import share_secret
from ._deliver import deliver_keys
from ._desk import NEVER_MS, Desk, Store
from ._forget import forget_answers
from ._record import records
from ._results import take_results
from ._settle import settle

if TYPE_CHECKING:
    from pmcb_client.gateway import Network
    from pmcb_client.wallet import WalletIdentity

__all__ = ["TaskAgent"]

PUBLISHED, REINSTATED = "TaskPublished", "PersonReinstated"
_OF_A_TASK = frozenset({"TaskCancelled", "SubtaskAccepted", "SubmissionVerified"})
EVENTS = _OF_A_TASK | {PUBLISHED, REINSTATED}


class TaskAgent:
    """Looks after the tasks of one releaser.

    ::

        agent = TaskAgent(home / "tasks", identity, contract, open_store, clock=now_ms, tell=print)
        await agent.step()                     # what can be done now for the tasks of this home
        await agent.serve(network, "pmcb")     # and from here on, for all tasks of the releaser

    Args:
        folder: ``<home>/tasks``.
        identity: the releaser.
        ledger: the contract, as this identity.
        open_store: opens the content store, as this identity.
        clock: milliseconds UTC, the one with which ``ledger`` makes its proposals.
        tell: told every action.
        allow_small: share secrets among fewer than three holders, too.
    """

    def __init__(
        self,
        folder: Path,
        identity: WalletIdentity,
        ledger: Ledger,
        open_store: Callable[[], AbstractAsyncContextManager[Store]],
        *,
        clock: Callable[[], int],
        tell: Callable[[Action], None],
        allow_small: bool = False,
    ) -> None:
        self._desk = Desk(folder, identity, ledger, open_store, clock, tell, allow_small)
        self._window_ms: int | None = None

    async def step(self) -> None:
        """Do what can be done now for the tasks that were published from this home.

        Raises:
            LedgerError, ContentError, SealingError, NetworkFileError: do it again later.
        """
        for record in records(self._desk.folder):
            if record.published and record.releaser == self._desk.identity.uid:
                await self.attend(record.task)

    async def attend(self, task: str) -> int | None:
        """Do what can be done now for one task.

        Returns:
            When to look again (milliseconds UTC) if no event comes before, `NEVER_MS` where a
            secret waits for ``allow_small``; None when nothing is left to do, or the task is
            another's.

        Raises:
            LedgerError, ContentError, SealingError, NetworkFileError: do it again later.
        """
        desk, begun_ms = self._desk, self._desk.clock()
        record = json.loads(await desk.ledger.evaluate("get_task", task))
        if record["releaser"] != desk.identity.uid:
            return None
        settle_from_ms = record["submit_until"] + await self._settle_window_ms()
        looks = [await desk.look(task, record, part) for part in record["subtasks"]]
        # First what needs nothing but the ledger.
        times = [await settle(desk, look, settle_from_ms=settle_from_ms) for look in looks]
        lost: list[ContentError | SealingError] = []
        for look in looks:
            try:
                times += [await deliver_keys(desk, look), await share_secret(desk, look)]
            except (ContentError, SealingError) as error:  # of one subtask; the others go on
                lost.append(error)
        if lost:
            raise lost[0]
        if record["results_to"] == "releaser":
            times.append(await take_results(desk, looks))
            times.append(await forget_answers(desk, looks, settle_from_ms=settle_from_ms))
        if "closed" not in record:
            times += [record["accept_until"], record["submit_until"], settle_from_ms]
        # What fell due meanwhile may have been looked at too early: it is in the past, and due.
        return min((at for at in times if at is not None and at > begun_ms), default=None)

    async def serve(self, network: Network, chaincode: str) -> None:
        """Follow the ledger until cancelled, for all tasks of this releaser.

        Raises:
            GatewayError: the gateway refused to tell events.
        """
        owner = f"{self._desk.identity.msp_id}.{self._desk.identity.enrollment_id}"
        inbox = Inbox(self._desk.folder / f"{owner}.sqlite3")
        for item in inbox.due(NEVER_MS):  # look at everything once: options may be others now
            inbox.later(item, 0)

        async def handle(items: list[Item]) -> None:
            await self._handle(inbox, items)

        await follow(network, chaincode, inbox, EVENTS, handle, clock=self._desk.clock)

    async def _handle(self, inbox: Inbox, items: list[Item]) -> None:
        """Attend the tasks that events speak of.

        The event of a task's publication stays in the inbox until nothing is left to do for it:
        so it is known whose tasks there are, and when to look at them again.
        """
        standing: dict[str, Item] = {}
        for item in inbox.due(NEVER_MS):
            if item.name == PUBLISHED and standing.setdefault(item.payload["task"], item) != item:
                inbox.done(item)  # a second agent beside this one wrote it down, too
        news = {item.payload["task"] for item in items if item.name in _OF_A_TASK}
        if any(item.name == REINSTATED for item in items):
            news |= standing.keys()
        due = {item.payload["task"] for item in items if item.name == PUBLISHED}
        for task in sorted((due | news) & standing.keys()):
            when = await self._attended(task)
            if when is None:
                inbox.done(standing[task])
            elif task in news:  # a peer that was asked may have lagged behind the one that told
                inbox.later(standing[task], min(when, self._desk.soon_ms))
            else:
                inbox.later(standing[task], when)
        for item in items:
            if item.name != PUBLISHED:
                inbox.done(item)

    async def _attended(self, task: str) -> int | None:
        try:
            when = await self.attend(task)
        except (LedgerError, ContentError, SealingError, NetworkFileError) as error:
            code = str(getattr(error, "code", "")) or type(error).__name__
            self._desk.tell_once(Action(Act.LATER, task, code=code))
            return self._desk.soon_ms
        self._desk.worked(task)
        return when

    async def _settle_window_ms(self) -> int:
        if self._window_ms is None:
            governance = json.loads(await self._desk.ledger.evaluate("get_governance"))
            self._window_ms = int(governance["settle_window_s"]) * 1000
        return self._window_ms
