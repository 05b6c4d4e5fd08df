# SPDX-License-Identifier: Apache-2.0
"""A peer for what a sound peer never does: each test tells it where to go wrong.

Left alone it is sound: it serves reads from a dict, applies the writes of answers below 400, and
notes in ``violations`` whatever a contract's process may not do.
"""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.chaincode.fake_ledger import FakeLedger
from tests.chaincode.faults import Fault, like
from tests.chaincode.identities import Identity, identity, new_tx_id

from pmcb_chaincode.bridge import ChaincodeMessage, Contract, Session
from pmcb_chaincode.bridge._protos import ChaincodeAdditionalParams, ChaincodeInput, Response

M = ChaincodeMessage

RELEASER = identity("HospitalAMSP", "rel1", role="releaser")
GUARD_S = 10.0  # a test that waits longer has found a lost answer


@dataclass(frozen=True)
class Answer:
    """What a transaction ended in."""

    status: int
    message: str
    payload: bytes
    event: tuple[str, bytes] | None
    writes: Mapping[str, bytes]

    @property
    def code(self) -> str:
        """The refusal's code."""
        return self.message.partition(":")[0]

    def json(self) -> Any:
        """The result."""
        return json.loads(self.payload)

    def event_json(self) -> Any:
        """What the event says, None where there is none."""
        return None if self.event is None else json.loads(self.event[1])


class FakePeer(FakeLedger):
    """The peer's side of one stream. ``deliver`` carries its messages to the contract."""

    def __init__(
        self,
        state: Mapping[str, bytes] | None = None,
        *,
        batch: int | None = 1000,
        multiple: int | None = 1000,
        rows: int = 100,
    ) -> None:
        super().__init__(state, rows=rows)
        self.deliver: Callable[[Any], None] = self._undelivered
        self.registered = ""
        self.calls: Counter[int] = Counter()
        self.violations: list[str] = []
        self.keepalives = 0
        self.answers: defaultdict[str, list[Answer]] = defaultdict(list)
        self.holding = False
        self.held: list[Any] = []
        self.ready = asyncio.Event()
        self._offers = ChaincodeAdditionalParams(
            use_write_batch=batch is not None,
            max_size_write_batch=batch or 0,
            use_get_multiple_keys=multiple is not None,
            max_size_get_multiple_keys=multiple or 0,
        )
        self._faults: dict[tuple[int, int], Fault] = {}
        self._ends: dict[str, asyncio.Event] = {}
        self._unanswered: set[str] = set()

    def at(self, kind: int, nth: int, fault: Fault) -> None:
        """Go wrong at the nth call of a type, counted from 1 over all transactions."""
        self._faults[kind, nth] = fault

    def release(self, *, backwards: bool = False) -> None:
        """Deliver what was held, first in first out or the other way round."""
        self.holding = False
        held, self.held = self.held, []
        for reply in reversed(held) if backwards else held:
            self.answer(reply)

    def answer(self, reply: Any) -> None:
        """Deliver a ledger call's reply."""
        self._unanswered.discard(reply.txid)
        self.deliver(reply)

    async def ping_every(self, seconds: float) -> None:
        """Send a KEEPALIVE again and again, as peers do that are told to, until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            self.deliver(M(type=M.KEEPALIVE))

    def start(
        self,
        *args: str | bytes,
        caller: Identity = RELEASER,
        transient: Mapping[str, bytes] | None = None,
        channel: str = "pmcb",
        tx_id: str = "",
        kind: int = M.TRANSACTION,
        **fields: Any,
    ) -> str:
        """Send a transaction; its id."""
        tx_id = tx_id or new_tx_id()
        texts = [arg.encode() if isinstance(arg, str) else arg for arg in args]
        made: dict[str, Any] = {
            "payload": ChaincodeInput(args=texts).SerializeToString(),
            "proposal": caller.proposal(texts, tx_id=tx_id, channel=channel, transient=transient),
            **fields,
        }
        self.writes[tx_id] = {}
        self.records[tx_id] = []
        self._unanswered.discard(tx_id)
        self._ends.setdefault(tx_id, asyncio.Event())
        self.deliver(M(type=kind, txid=tx_id, channel_id=channel, **made))
        return tx_id

    async def end(self, tx_id: str) -> Answer:
        """Wait for a transaction's answer."""
        async with asyncio.timeout(GUARD_S):
            await self._ends[tx_id].wait()
        return self.answers[tx_id][-1]

    async def call(self, *args: str | bytes, **how: Any) -> Answer:
        """Start a transaction and wait for its answer."""
        return await self.end(self.start(*args, **how))

    def receive(self, message: Any) -> None:
        """Take one message from the contract's process."""
        if message.type == M.REGISTER:
            self.registered = message.payload[2:].decode()
            self.deliver(M(type=M.REGISTERED))
            self.deliver(M(type=M.READY, payload=self._offers.SerializeToString()))
            self.ready.set()
        elif message.type == M.KEEPALIVE:
            self.keepalives += 1
        elif message.type == M.COMPLETED:
            self._complete(message)
        else:
            self._serve(message)

    def _complete(self, message: Any) -> None:
        tx_id = message.txid
        if tx_id not in self.writes:
            self.violations.append("answered twice, or unasked")
            return
        response = Response.FromString(message.payload)
        event = message.chaincode_event
        named = (event.event_name, event.payload) if message.HasField("chaincode_event") else None
        if response.status < 400:
            self.commit(tx_id)
        writes = self.writes.pop(tx_id)
        self.answers[tx_id].append(
            Answer(response.status, response.message, response.payload, named, writes)
        )
        self._ends[tx_id].set()

    def _serve(self, message: Any) -> None:
        self.calls[message.type] += 1
        if message.txid not in self.writes:
            self.violations.append("a ledger call outside a transaction")
            return
        if message.txid in self._unanswered:
            self.violations.append("a second call while one is unanswered")
            return
        self._unanswered.add(message.txid)
        answer = self.reply(message)
        reply = like(message, M.ERROR if answer is None else M.RESPONSE, answer or b"")
        fault = self._faults.get((message.type, self.calls[message.type]))
        for made in [reply] if fault is None else fault(reply):
            if self.holding:
                self.held.append(made)
            else:
                self.answer(made)

    def _undelivered(self, _: Any) -> None:
        raise AssertionError("connect the peer first")


async def until(met: Callable[[], object]) -> None:
    """Let the loop turn until something holds."""
    async with asyncio.timeout(GUARD_S):
        while not met():  # noqa: ASYNC110 - nothing that a test waits for has an event of its own
            await asyncio.sleep(0)


def connect(peer: FakePeer, contract: Contract, **settings: Any) -> Session:
    """A session and a peer that call each other, without anything in between."""
    session = Session(contract, "notes:1", peer.receive, **settings)
    peer.deliver = session.receive
    session.open()
    return session
