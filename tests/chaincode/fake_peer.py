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
from typing import Any, TypeAlias

from tests.chaincode.identities import Identity, identity, new_tx_id

from pmcb_chaincode.bridge import ChaincodeMessage, Contract, Session
from pmcb_chaincode.bridge._protos import (
    ChaincodeAdditionalParams,
    ChaincodeInput,
    DelState,
    GetState,
    GetStateByRange,
    GetStateMultiple,
    GetStateMultipleResult,
    KVMessage,
    PutState,
    QueryMetadata,
    QueryResponse,
    QueryResponseMetadata,
    QueryStateClose,
    QueryStateNext,
    Response,
    WriteBatchState,
    WriteRecord,
)

M = ChaincodeMessage
Fault: TypeAlias = Callable[[Any], list[Any]]
Key: TypeAlias = tuple[str, str]

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


def silence(_: Any) -> list[Any]:
    """Never answer."""
    return []


def twice(reply: Any) -> list[Any]:
    """Answer, and answer again."""
    return [reply, reply]


def error(reply: Any) -> list[Any]:
    """Answer ERROR, with a text that may hold anything."""
    return [_like(reply, M.ERROR, b"GET_STATE failed: secret-of-the-peer")]


def garbage(reply: Any) -> list[Any]:
    """Answer bytes that are no message."""
    return [_like(reply, M.RESPONSE, b"\xff\xff\xff")]


def short(reply: Any) -> list[Any]:
    """Answer one value less than was asked for."""
    values = GetStateMultipleResult.FromString(reply.payload).values[:-1]
    return [_like(reply, M.RESPONSE, GetStateMultipleResult(values=values).SerializeToString())]


def after_keepalive(reply: Any) -> list[Any]:
    """Ping first."""
    return [M(type=M.KEEPALIVE), reply]


class FakePeer:
    """The peer's side of one stream. ``deliver`` carries its messages to the contract."""

    def __init__(
        self,
        state: Mapping[str, bytes] | None = None,
        *,
        batch: int | None = 1000,
        multiple: int | None = 1000,
        rows: int = 100,
    ) -> None:
        self.state = dict(state or {})
        self.deliver: Callable[[Any], None] = self._undelivered
        self.registered = ""
        self.calls: Counter[int] = Counter()
        self.sizes: defaultdict[int, list[int]] = defaultdict(list)
        self.violations: list[str] = []
        self.keepalives = 0
        self.answers: defaultdict[str, list[Answer]] = defaultdict(list)
        self.iterators: dict[str, list[tuple[str, bytes]]] = {}
        self.holding = False
        self.held: list[Any] = []
        self.ready = asyncio.Event()
        self._offers = ChaincodeAdditionalParams(
            use_write_batch=batch is not None,
            max_size_write_batch=batch or 0,
            use_get_multiple_keys=multiple is not None,
            max_size_get_multiple_keys=multiple or 0,
        )
        self._rows = rows
        self._faults: dict[tuple[int, int], Fault] = {}
        self._writes: dict[str, dict[str, bytes]] = {}
        self._ends: dict[str, asyncio.Event] = {}
        self._paged: set[str] = set()
        self._unanswered: set[str] = set()

    def at(self, kind: int, nth: int, fault: Fault) -> None:
        """Go wrong at the nth call of a type, counted from 1 over all transactions."""
        self._faults[kind, nth] = fault

    def release(self, *, backwards: bool = False) -> None:
        """Deliver what was held, first in first out or the other way round."""
        self.holding = False
        held, self.held = self.held, []
        for reply in reversed(held) if backwards else held:
            self._answer(reply)

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
        self._writes[tx_id] = {}
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
        if tx_id not in self._writes:
            self.violations.append("answered twice, or unasked")
            return
        writes = self._writes.pop(tx_id)
        response = Response.FromString(message.payload)
        event = message.chaincode_event
        named = (event.event_name, event.payload) if message.HasField("chaincode_event") else None
        self.answers[tx_id].append(
            Answer(response.status, response.message, response.payload, named, writes)
        )
        if response.status < 400:
            self.state.update(writes)
            self.state = {key: value for key, value in self.state.items() if value}
        self._ends[tx_id].set()

    def _serve(self, message: Any) -> None:
        self.calls[message.type] += 1
        if message.txid not in self._writes:
            self.violations.append("a ledger call outside a transaction")
            return
        if message.txid in self._unanswered:
            self.violations.append("a second call while one is unanswered")
            return
        self._unanswered.add(message.txid)
        answer = self._reply(message)
        reply = _like(message, M.ERROR if answer is None else M.RESPONSE, answer or b"")
        fault = self._faults.get((message.type, self.calls[message.type]))
        for made in [reply] if fault is None else fault(reply):
            if self.holding:
                self.held.append(made)
            else:
                self._answer(made)

    def _answer(self, reply: Any) -> None:
        self._unanswered.discard(reply.txid)
        self.deliver(reply)

    def _reply(self, message: Any) -> bytes | None:
        kind, payload = message.type, message.payload
        reads = {
            M.GET_STATE: self._get,
            M.GET_STATE_MULTIPLE: self._get_many,
            M.QUERY_STATE_NEXT: self._next,
            M.QUERY_STATE_CLOSE: self._close,
        }
        if kind in reads:
            return reads[kind](payload)
        if kind == M.GET_STATE_BY_RANGE:
            return self._range(message.txid, payload)
        return self._write(message.txid, kind, payload)

    def _get(self, payload: bytes) -> bytes:
        return self.state.get(GetState.FromString(payload).key, b"")

    def _get_many(self, payload: bytes) -> bytes:
        keys = GetStateMultiple.FromString(payload).keys
        self.sizes[M.GET_STATE_MULTIPLE].append(len(keys))
        values = [self.state.get(key, b"") for key in keys]
        return _bytes(GetStateMultipleResult(values=values))

    def _range(self, tx_id: str, payload: bytes) -> bytes:
        body = GetStateByRange.FromString(payload)
        about = QueryMetadata.FromString(body.metadata)
        start, end = about.bookmark or body.startKey, body.endKey
        rows = sorted(self.state.items(), key=lambda row: row[0].encode())
        rows = [
            (key, value)
            for key, value in rows
            if start.encode() <= key.encode() and (not end or key.encode() < end.encode())
        ]
        if about.pageSize:
            self._paged.add(tx_id)
            page, rest = rows[: about.pageSize], rows[about.pageSize :]
            tail = QueryResponseMetadata(
                fetched_records_count=len(page), bookmark=rest[0][0] if rest else ""
            )
            return _bytes(_rows(page, metadata=tail.SerializeToString()))
        query = f"{tx_id}-{len(self.iterators)}"
        self.iterators[query] = rows
        return self._batch(query)

    def _next(self, payload: bytes) -> bytes:
        return self._batch(QueryStateNext.FromString(payload).id)

    def _batch(self, query: str) -> bytes:
        rows = self.iterators[query]
        self.iterators[query] = rows[self._rows :]
        has_more = bool(self.iterators[query])
        if not has_more:
            del self.iterators[query]
        return _bytes(_rows(rows[: self._rows], has_more=has_more, id=query))

    def _close(self, payload: bytes) -> bytes:
        del self.iterators[QueryStateClose.FromString(payload).id]
        return b""

    def _write(self, tx_id: str, kind: int, payload: bytes) -> bytes | None:
        writes = self._writes[tx_id]
        if tx_id in self._paged:
            return None
        if kind == M.PUT_STATE:
            put = PutState.FromString(payload)
            writes[put.key] = put.value
        elif kind == M.DEL_STATE:
            writes[DelState.FromString(payload).key] = b""
        else:
            assert kind == M.WRITE_BATCH_STATE
            records = WriteBatchState.FromString(payload).rec
            self.sizes[kind].append(len(records))
            for record in records:
                assert record.type in {WriteRecord.PUT_STATE, WriteRecord.DEL_STATE}
                writes[record.key] = record.value
        return b""

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


def _like(message: Any, kind: int, payload: bytes) -> Any:
    return M(type=kind, payload=payload, txid=message.txid, channel_id=message.channel_id)


def _rows(rows: list[tuple[str, bytes]], **fields: Any) -> Any:
    made = [
        {"resultBytes": KVMessage(key=key, value=value).SerializeToString()} for key, value in rows
    ]
    return QueryResponse(results=made, **fields)


def _bytes(message: Any) -> bytes:
    made: bytes = message.SerializeToString()
    return made
