# SPDX-License-Identifier: Apache-2.0
"""One stream between a contract and a peer: a state machine without any input or output.

The owner of the stream gives ``receive`` what the peer sends and takes what ``send`` is given. Over
gRPC that is a queue with one writer; in one process the peer's own method, so that an answer has
arrived before the question is awaited.
"""

import asyncio
import logging
from collections.abc import Callable
from enum import Enum, auto

from ._answers import Answering
from ._exchange import Exchange
from ._observers import Observers
from ._protos import ChaincodeAdditionalParams, ChaincodeID, ChaincodeMessage, decoded
from ._registry import Contract
from .errors import ContractError, ProtocolError, SessionClosed

CALL_TIMEOUT_S = 20.0
MAX_RUNNING = 1000

_log = logging.getLogger("pmcb_chaincode")

_TRANSACTIONS = frozenset({ChaincodeMessage.TRANSACTION, ChaincodeMessage.INIT})
_REPLIES = frozenset({ChaincodeMessage.RESPONSE, ChaincodeMessage.ERROR})


class _State(Enum):
    CREATED = auto()
    ESTABLISHED = auto()
    READY = auto()
    CLOSED = auto()


class Session:
    """Serves a contract on one stream.

    Every transaction ends in exactly one ``COMPLETED``; only a closed stream leaves one
    unanswered. ``unmatched`` counts replies that no call waited for.
    """

    def __init__(
        self,
        contract: Contract,
        package_id: str,
        send: Callable[[ChaincodeMessage], None],
        *,
        call_timeout_s: float = CALL_TIMEOUT_S,
        observers: Observers | None = None,
    ) -> None:
        self._contract = contract
        self._package_id = package_id
        self._send = send
        self._call_timeout_s = call_timeout_s
        self._observers = observers or Observers()
        self._metrics = self._observers.metrics
        self._state = _State.CREATED
        self._offers = ChaincodeAdditionalParams()
        self._exchanges: dict[tuple[str, str], Exchange] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(MAX_RUNNING)
        self._draining = False
        self.unmatched = 0

    def open(self) -> None:
        """Register at the peer: the first message of a stream."""
        self._metrics.sessions.inc()
        payload = ChaincodeID(name=self._package_id).SerializeToString()
        self._send(ChaincodeMessage(type=ChaincodeMessage.REGISTER, payload=payload))

    def receive(self, message: ChaincodeMessage) -> None:
        """Take one message from the peer.

        Raises:
            ProtocolError: it has no place in this state; the owner aborts the stream.
        """
        kind, state = message.type, self._state
        if kind == ChaincodeMessage.KEEPALIVE:
            self._send(message)
        elif kind == ChaincodeMessage.REGISTERED and state is _State.CREATED:
            self._state = _State.ESTABLISHED
        elif kind == ChaincodeMessage.READY and state is _State.ESTABLISHED:
            self._offers = _offers(message.payload)
            self._state = _State.READY
        elif kind in _TRANSACTIONS and state is _State.READY:
            self._start(message)
        elif kind in _REPLIES and state is _State.READY:
            self._complete(message)
        else:
            self._metrics.unexpected.inc()
            _log.error('{"event":"unexpected_message","type":%d}', kind)
            raise ProtocolError(f"message type {kind} in state {state.name}")

    def _start(self, message: ChaincodeMessage) -> None:
        # While draining nothing new is answered: the stream closes, and peers report that as a
        # broken stream, which clients may repeat.
        if self._draining:
            return
        key = (message.channel_id, message.txid)
        if key in self._exchanges:
            # Started anew by a peer that gave it up; an answer to the first would end the second.
            self._exchanges[key].end(SessionClosed("the peer gave the transaction up"))
        exchange = Exchange(message, self._send, timeout_s=self._call_timeout_s)
        self._exchanges[key] = exchange
        task = asyncio.get_running_loop().create_task(self._transaction(message, exchange))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _transaction(self, message: ChaincodeMessage, exchange: Exchange) -> None:
        async with self._slots:
            with self._metrics.running.track_inprogress():
                answering = Answering(self._contract, message, self._observers)
                completed = await answering.run(exchange, self._offers)
        if not exchange.is_ended:
            exchange.end(ContractError("the transaction was answered"))
            del self._exchanges[message.channel_id, message.txid]
            self._send(completed)

    def _complete(self, message: ChaincodeMessage) -> None:
        exchange = self._exchanges.get((message.channel_id, message.txid))
        if exchange is None or not exchange.answer(message):
            self.unmatched += 1
            self._metrics.unmatched.inc()

    async def drain(self) -> None:
        """Start nothing new and wait for what runs."""
        self._draining = True
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """The stream ended: cancel what runs, fail what waits, answer nothing."""
        if self._state is not _State.CLOSED:
            self._metrics.sessions.dec()
        self._state = _State.CLOSED
        for exchange in self._exchanges.values():
            exchange.end(SessionClosed("the stream to the peer ended"))
        self._exchanges.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _offers(payload: bytes) -> ChaincodeAdditionalParams:
    """What the peer announces in ``READY``; an empty payload offers nothing."""
    try:
        return decoded(ChaincodeAdditionalParams, payload)
    except ValueError:
        raise ProtocolError("READY carries an unreadable payload") from None
