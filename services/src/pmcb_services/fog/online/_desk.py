# SPDX-License-Identifier: Apache-2.0
"""What people ask of a gateway: to take orders, to tell of them, to cancel and to resolve them."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Sequence
from dataclasses import replace

from pmcb_client.http_identity import Caller
from pmcb_services.fog.errors import (
    Conflict,
    Draining,
    DuplicateId,
    FogError,
    Forbidden,
    InvalidInput,
    NotFound,
)

from ._admission import Admission, Admitted
from ._batch import Batch
from ._bodies import Submission
from ._core import Core
from ._kinds import OPERATORS
from ._order import Order
from ._room import Held, Room
from ._rpc import payload_name, result_name
from ._session import Session
from ._shown import Document, shown, shown_to_operator
from ._state import FINAL, Cause, State

__all__ = ["Desk"]

ASSIGNED_LOOKS = 100
"""How often it is looked, every 10 ms, whether the gateway that plans has assigned an order."""

SEALED_APART = 2**18
"""Bytes from which on payloads are sealed in a thread."""

_DECISIONS = {"confirm": Cause.CONFIRMED, "abandon": Cause.ABANDONED, "retry": Cause.RETRIED}


class Desk:
    """Of one gateway.

    Args:
        core: what the parts share.
        admission: checks what is submitted.
        owner: MSP id of the institution whose gateway it is.
    """

    def __init__(self, core: Core, admission: Admission, *, owner: str) -> None:
        self._core, self._admission, self._owner = core, admission, owner
        settings = core.settings
        self._room = Room(core.board.open, settings.most, settings.most_in_all)

    async def submit(self, caller: Caller, asked: Sequence[Submission]) -> list[Order | FogError]:
        """What becomes of each; those that are taken are on disk, assigned where a server is up.

        Raises:
            Draining, Unavailable: nothing was taken.
        """
        if self._core.draining:
            raise Draining("The gateway takes no further orders.")
        begun = time.perf_counter()
        batch = Batch()
        with self._room.held() as held:
            try:
                await self._take(caller, asked, batch, held)
                if batch.taken:
                    batch.stand = await self._added(batch)
            finally:  # whatever ends it, what was chosen and is not on disk counts no more
                self._core.release(batch.placed)
        if not batch.taken:
            return batch.answers
        if not self._core.leads:
            batch.stand = await self._assigned(batch.stand)
        self._core.metrics.decided(time.perf_counter() - begun, len(batch.taken))
        stands = iter(batch.stand)
        return [next(stands) if isinstance(each, Order) else each for each in batch.answers]

    async def _take(
        self, caller: Caller, asked: Sequence[Submission], batch: Batch, held: Held
    ) -> None:
        """Check each, and choose its server."""
        ids = set[str]()
        for each in asked:
            try:
                if each.id in ids:
                    raise DuplicateId(f"{each.id} stands twice.", field="id")
                ids.add(each.id)
                admitted = await self._admission.admit(caller, each)
                held.take(admitted.order, known=each.id in self._core.board.orders)
                placed = self._placed(admitted)
            except FogError as error:
                self._core.metrics.refused(error.code)
                batch.answers.append(error)
                continue
            batch.taken.append(admitted)
            batch.placed.append(placed)
            batch.answers.append(placed)

    async def status(self, caller: Caller, id: str, wait_s: float) -> Document:
        """An order, once it is over or ``wait_s`` have passed; its result to its submitter only.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        order = await self._seen(caller, id)
        if wait_s > 0 and order.state not in FINAL | {State.UNKNOWN, State.DEAD}:
            await self._core.over(id, wait_s)
            order = await self._seen(caller, id)
        found = shown(order)
        if caller.uid == order.submitter and order.state in FINAL:
            sealed = await self._core.store.read(lambda session: session.result(id))
            if sealed is not None:
                result = self._core.vault.opened(sealed, result_name(id))
                found["result"] = base64.b64encode(result).decode()
        return found

    async def cancel(self, caller: Caller, id: str) -> Document:
        """End an order that has not started; to do so again changes nothing.

        Raises:
            NotFound: there is none, or it is somebody else's.
            Conflict: it has started, or is over.
        """
        await self._seen(caller, id)

        def change(stands: Order) -> Order:
            if stands.state is State.CANCELLED:
                return stands
            return stands.step(Cause.CANCELLED, self._core.now_ms())

        return shown(await self._core.change(id, change))

    async def resolve(self, caller: Caller, id: str, decision: str) -> Document:
        """Decide what became of an order that is UNKNOWN or DEAD.

        Raises:
            Forbidden: this is for operators.
            Conflict: it is something else.
        """
        self.check_operator(caller)
        cause = _DECISIONS[decision]

        def change(stands: Order) -> Order:
            fresh = {"attempts": 0} if cause is Cause.RETRIED else {}
            return stands.step(cause, self._core.now_ms(), **fresh)

        return shown(await self._core.change(id, change))

    async def dead(self, caller: Caller) -> list[Document]:
        """Orders that wait for an operator, with whose they are and what they are about."""
        self.check_operator(caller)

        def work(session: Session) -> list[Order]:
            return [o for s in (State.DEAD, State.UNKNOWN) for o in session.in_state(s, 1000)]

        return [shown_to_operator(each) for each in await self._core.store.read(work)]

    async def events(self, caller: Caller, after: int, limit: int) -> list[Document]:
        """Lines of the event log."""
        self.check_operator(caller)
        found = await self._core.store.read(lambda session: session.events(after, limit))
        return [
            {
                "seq": seq,
                "at_ms": event.at_ms,
                "order": event.order,
                "epoch": event.epoch,
                "from": event.source,
                "to": event.target,
                "server": event.server,
                "cause": event.cause,
            }
            for seq, event in found
        ]

    def servers(self, caller: Caller) -> list[Document]:
        """All servers as they are now."""
        self.check_operator(caller)
        board = self._core.board
        return [board.document(each) for each in board.servers]

    def check_operator(self, caller: Caller) -> None:
        """Whether somebody runs this gateway: an authority, or an institution of its owner's.

        Raises:
            Forbidden: neither.
        """
        own = caller.role == "authority" or caller.msp_id == self._owner
        if caller.role not in OPERATORS or not own:
            raise Forbidden("This is for operators: an authority, or the gateway's institution.")

    async def _seen(self, caller: Caller, id: str) -> Order:
        """An order that the caller may know of."""
        order = self._core.board.orders.get(id)
        if order is None:
            order = await self._core.store.read(lambda session: session.find(id))
        operates = caller.role in OPERATORS and (
            caller.role == "authority" or caller.msp_id == self._owner
        )
        if order is None or not (caller.uid == order.submitter or operates):
            raise NotFound("There is no such order of yours.", field="id")
        return order

    def _placed(self, admitted: Admitted) -> Order:
        """Where it goes, counted in at once; NEW where another gateway plans, or none is able."""
        order = admitted.order
        after = self._core.placed(order) if self._core.leads else None
        due_ms = order.deadline_ms
        expected_ms = order.arrival_ms if after is None else after.finish_ms
        late = 0 < due_ms < max(expected_ms, order.arrival_ms)
        if late and admitted.rejects_late:
            raise InvalidInput("It cannot be over by its deadline.", field="deadline_ms")
        found = after or order
        if late:
            found = replace(found, feasible=0)
        if after is not None:
            self._core.board.reserve(found)
        return found

    async def _added(self, batch: Batch) -> list[Order | FogError]:
        """Orders as they stand, or why one does not: its id stands for something else."""
        taken, placed = batch.taken, batch.placed
        sealed = await self._sealed(taken)

        def work(session: Session) -> list[Order | FogError]:
            known = session.find_many([after.id for after in placed])
            session.add_all(
                [
                    (admitted.order, payload, after)
                    for admitted, after, payload in zip(taken, placed, sealed, strict=True)
                    if after.id not in known
                ]
            )
            return [_same(known.get(after.id), after) for after in placed]

        def took(stand: list[Order | FogError]) -> None:
            self._core.took(each for each in stand if isinstance(each, Order))

        return await self._core.store.run(work, took)

    async def _sealed(self, taken: Sequence[Admitted]) -> list[bytes]:
        seal = self._core.vault.sealed

        def work() -> list[bytes]:
            return [seal(each.payload, payload_name(each.order.id)) for each in taken]

        if sum(len(each.payload) for each in taken) < SEALED_APART:
            return work()
        return await asyncio.to_thread(work)

    async def _assigned(self, stand: list[Order | FogError]) -> list[Order | FogError]:
        """Once the gateway that plans has given them servers, or after a second at most."""
        ids = [o.id for o in stand if isinstance(o, Order) and o.state is State.NEW]
        orders = self._core.board.orders
        for _ in range(ASSIGNED_LOOKS):
            if not self._core.board.unplaced.intersection(ids):
                break
            await asyncio.sleep(0.01)
        return [orders.get(o.id, o) if isinstance(o, Order) else o for o in stand]


def _same(stands: Order | None, after: Order) -> Order | Conflict:
    """A new order, or the one that has its id, or why that is not the same."""
    if stands is None:
        return after
    if (stands.submitter, stands.body_sha256) == (after.submitter, after.body_sha256):
        return stands
    return Conflict(f"Order {after.id} is another one.", field="id")
