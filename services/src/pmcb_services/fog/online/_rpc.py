# SPDX-License-Identifier: Apache-2.0
"""The gateway's side of what fog workers ask: register, claim, beat, commit."""

from __future__ import annotations

import asyncio
import math
import re
from dataclasses import asdict, replace
from hashlib import sha256
from typing import Any

import structlog

from pmcb_services.common._logs import raised_at
from pmcb_services.fog.errors import (
    FogError,
    Forbidden,
    InvalidInput,
    LedgerUnavailable,
    NotFound,
    StaleEpoch,
)

from ._admission import Admission
from ._board import server_of
from ._core import Core
from ._messages import (
    MAX_PAYLOAD_BYTES,
    RPC,
    SERVER_ID,
    Beat,
    Beaten,
    Claim,
    Claimed,
    Commit,
    Committed,
    Message,
    Refused,
    Register,
    Registered,
    decode,
    encode,
)
from ._order import Order
from ._outbox import Outbox
from ._session import Session
from ._state import Cause, State

__all__ = ["Rpc", "payload_name", "register_of", "result_name"]

LEDGER_AWAY_S = 5.0
"""For which others pass an order of which nobody knows whether it may begin."""

MOVED_AT_ONCE = 100

_log = structlog.get_logger("pmcb_services.fog")


def payload_name(id: str) -> str:
    """What an order's payload is sealed as."""
    return f"payload {id}"


def result_name(id: str) -> str:
    """What an order's result is sealed as."""
    return f"result {id}"


class Rpc:
    """Answers fog workers.

    Args:
        core: of the gateway.
        admission: says whether a grant holds still when an order begins.
        outbox: takes offers back where a worker begins anew.
    """

    def __init__(self, core: Core, admission: Admission, outbox: Outbox) -> None:
        self._core, self._admission, self._outbox = core, admission, outbox
        self._registering = asyncio.Lock()

    async def answer(self, subject: str, data: bytes) -> bytes:
        """The reply to a request; whatever goes wrong, there is one."""
        try:
            return encode(await self._answered(subject.removeprefix(RPC), data))
        except FogError as error:
            return encode(Refused(code=error.code, message=str(error)))
        except Exception as error:  # noqa: BLE001 - a defect of ours ends no worker
            _log.error("defect", kind=type(error).__name__, at=raised_at(error))
            return encode(Refused(code="UNAVAILABLE", message="The gateway has a defect."))

    async def _answered(self, name: str, data: bytes) -> Message:
        if name == "claim":
            return await self._claim(decode(data, Claim))
        if name == "commit":
            return await self._commit(decode(data, Commit))
        if name == "beat":
            return self._beat(decode(data, Beat))
        if name == "register":
            async with self._registering:
                return await self._register(decode(data, Register))
        raise InvalidInput("There is no such request.", field="subject")

    async def _register(self, asked: Register) -> Registered:
        """A worker serves a server from now on; another one that did is fenced."""
        if not re.fullmatch(SERVER_ID, asked.server):
            raise InvalidInput(f"A server's id is {SERVER_ID}.", field="server")
        server = server_of(asked)
        if not (0 < server.speed < 1e9 and server.busy_w >= 0 and server.idle_w >= 0):
            raise InvalidInput("A server has a speed above 0, and watts from 0 on.", field="speed")

        def work(session: Session) -> dict[str, Any]:
            known = session.server(asked.server) or {"incarnation": 0, "draining": False}
            again = known.get("register", {}).get("token") == asked.token
            incarnation = known["incarnation"] + (not again)
            document = {**known, "register": asdict(asked), "incarnation": incarnation}
            session.put_server(asked.server, document)
            return document

        document = await self._core.store.run(work)
        board, incarnation = self._core.board, int(document["incarnation"])
        self._core.incarnations[asked.server] = incarnation
        board.serve(server, draining=bool(document["draining"]), up=True)
        board.place(asked.server).beaten = self._core.monotonic()
        unable = [o for o in board.waiting(asked.server) if not self._is_able(o)]
        for at in range(0, len(unable), MOVED_AT_ONCE):
            await self._core.move(unable[at : at + MOVED_AT_ONCE])
        offered = self._outbox.forget(asked.server)
        if offered is not None:  # whoever was given it may be dead, and the broker waits for it
            await self._core.change_many([self._core.withdrawn(offered)])
        self._core.touch([asked.server])
        settings = self._core.settings
        return Registered(incarnation=incarnation, lease_s=settings.lease_s, beat_s=settings.beat_s)

    def _beat(self, asked: Beat) -> Beaten:
        self._check(asked.server, asked.incarnation)
        board = self._core.board
        board.place(asked.server).beaten = self._core.monotonic()
        if not board.is_up(asked.server):
            board.fleet.up[board.at(asked.server)] = True
            self._core.touch([asked.server])
        renew = self._core.leases.renew
        return Beaten(lost=tuple(each for each in asked.orders if not renew(*each)))

    async def _claim(self, asked: Claim) -> Claimed:
        self._check(asked.server, asked.incarnation)
        order = self._core.board.orders.get(asked.order)
        if order is None:
            self._core.metrics.redelivered()
            raise StaleEpoch(f"Order {asked.order} is over, or unknown.")
        if (order.state, order.epoch, order.server) == (State.QUEUED, asked.epoch, asked.server):
            if self._core.draining:  # it was offered by a gateway that is no more
                await self._core.change_many([self._core.withdrawn(order)])
                raise StaleEpoch("The gateway begins nothing more.")
            if not self._is_able(order):
                await self._core.move([order])
                raise StaleEpoch(f"Order {order.id} is for a server that can run it.")
            await self._check_grant(order)
        sealed: list[bytes | None] = []

        def change(stands: Order) -> Order:
            return stands.claimed(
                epoch=asked.epoch,
                server=asked.server,
                incarnation=asked.incarnation,
                token=asked.token,
                at_ms=self._core.now_ms(),
            )

        try:
            after = await self._core.change(
                asked.order,
                change,
                lambda session, _: sealed.append(session.payload(asked.order)),
            )
        except StaleEpoch:
            self._core.metrics.redelivered()
            raise
        self._core.leases.give(after.id, after.epoch)  # of a repeat as well
        return Claimed(
            order=after.id,
            epoch=after.epoch,
            kind=after.kind,
            subject=after.subject,
            command=after.command,
            predicted_s=after.predicted_s,
            deadline_ms=after.deadline_ms,
            attempt=after.attempts,
            on_unknown=after.on_unknown,
            payload=self._payload(after, sealed[-1]),
        )

    async def _check_grant(self, order: Order) -> None:
        """A grant that was revoked since ends the order; nothing of it was begun.

        While nobody knows, what needs no grant goes first.
        """
        try:
            await self._admission.check_grant(order)
        except LedgerUnavailable:
            self._core.board.defer(order, LEDGER_AWAY_S)
            await self._core.change_many([self._core.withdrawn(order)])
            raise
        except Forbidden as error:
            result = self._core.vault.sealed(error.code.encode(), result_name(order.id))
            await self._core.change(
                order.id,
                lambda stands: stands.step(Cause.CANCELLED, self._core.now_ms()),
                lambda session, after: session.put_result(after.id, result),
            )
            raise

    def _payload(self, order: Order, sealed: bytes | None) -> bytes:
        if sealed is None:
            raise NotFound(f"The payload of order {order.id} was erased.")
        payload = self._core.vault.opened(sealed, payload_name(order.id))
        if order.kind.startswith("upload.") and sha256(payload).hexdigest() != order.subject:
            raise InvalidInput(f"The payload of order {order.id} is not what was submitted.")
        return payload

    async def _commit(self, asked: Commit) -> Committed:
        """The result counts once; where nobody knows it the order waits again, or is held."""
        if len(asked.result) > MAX_PAYLOAD_BYTES:
            raise InvalidInput("The result is too large.", field="result")
        sealed = self._core.vault.sealed(asked.result, result_name(asked.order))

        def change(stands: Order) -> Order:
            return stands.committed(
                epoch=asked.epoch,
                server=asked.server,
                outcome=asked.outcome,
                digest=asked.digest,
                at_ms=self._core.now_ms(),
            )

        def keep(session: Session, after: Order) -> None:
            if after.state in {State.DONE, State.FAILED}:
                session.put_result(after.id, sealed)

        try:
            after = await self._core.change(asked.order, change, keep)
        except StaleEpoch:
            self._core.metrics.fenced()
            _log.warning("fenced", order=asked.order, epoch=asked.epoch, server=asked.server)
            raise
        return Committed(state=after.state)

    def _is_able(self, order: Order) -> bool:
        """Whether the worker of an order's server has a handler for it, and room."""
        return math.isfinite(self._core.board.seconds(order, order.server))

    def _check(self, server: str, incarnation: int) -> None:
        """Whether a worker is the one that serves a server.

        Raises:
            StaleEpoch: another one does, or none was registered.
        """
        if self._core.incarnations.get(server) != incarnation:
            raise StaleEpoch(f"Server {server} is served by another worker.")


def register_of(document: dict[str, Any]) -> Register:
    """What a store keeps of a server's worker."""
    said = document["register"]
    return replace(Register(**said), kinds=tuple(said["kinds"]))
