# SPDX-License-Identifier: Apache-2.0
"""One chaincode stream from the peer's end: a state machine without any input or output."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Protocol

from pmcb_network.embedded._envelopes import Proposal, name_of
from pmcb_network.embedded._protos import DecodeError, Type, chaincode, event, response, shim
from pmcb_network.embedded._simulator import Simulator, Unsupported
from pmcb_network.embedded._snapshot import SnapshotGone

from ._calls import MAX_BATCH, answer

_ERROR_THRESHOLD = 400
_IGNORED = frozenset({Type.KEEPALIVE})


class StreamBroken(Exception):
    """The contract sent what has no place in the protocol; the owner ends the stream."""


class ExecutionFailed(Exception):
    """The contract gave no answer; the text is the peer's own."""


@dataclass(frozen=True, slots=True)
class Completed:
    """What the contract answered: its `Response`, and its event as bytes or empty."""

    answer: Any
    event: bytes


class Host(Protocol):
    """Whatever keeps one organisation's stream to the contract open."""

    async def start(self) -> None: ...

    def session(self) -> "PeerSession":
        """The stream in use; raises `ExecutionFailed` when none is ready."""
        ...

    async def close(self) -> None: ...


class _State(Enum):
    CREATED = auto()
    READY = auto()
    CLOSED = auto()


@dataclass(slots=True)
class _Execution:
    simulator: Simulator
    namespace: str
    done: "asyncio.Future[Any]"


class PeerSession:
    """Registers a contract, runs transactions on it, answers its ledger calls at once.

    Answers are given inside `receive`, so a contract in the same process finds them before it
    waits. A contract that asks outside a running transaction is answered `ERROR`.
    """

    def __init__(self, send: Callable[[Any], None]) -> None:
        self._send = send
        self._state = _State.CREATED
        self._running: dict[tuple[str, str], _Execution] = {}
        self.package_id = ""

    @property
    def is_ready(self) -> bool:
        """Whether transactions may be run."""
        return self._state is _State.READY

    def receive(self, message: Any) -> None:
        """Takes one message from the contract.

        Raises:
            StreamBroken: it has no place in this state.
        """
        kind = message.type
        if self._state is _State.READY:
            if kind in {Type.COMPLETED, Type.ERROR}:
                self._complete(message)
            elif kind == Type.REGISTER:
                raise StreamBroken("a second REGISTER")
            elif kind not in _IGNORED:
                self._answer(message)
        elif self._state is _State.CREATED and kind == Type.REGISTER:
            self._register(message)
        else:
            raise StreamBroken(f"{name_of(Type.Type, kind)} in state {self._state.name}")

    def _register(self, message: Any) -> None:
        try:
            self.package_id = chaincode.ChaincodeID.FromString(message.payload).name
        except DecodeError as error:
            raise StreamBroken("an unreadable REGISTER") from error
        if not self.package_id:
            raise StreamBroken("a REGISTER without a package id")
        self._send(shim.ChaincodeMessage(type=Type.REGISTERED))
        offers = chaincode.ChaincodeAdditionalParams(
            use_write_batch=True,
            max_size_write_batch=MAX_BATCH,
            use_get_multiple_keys=True,
            max_size_get_multiple_keys=MAX_BATCH,
        )
        self._state = _State.READY
        self._send(shim.ChaincodeMessage(type=Type.READY, payload=offers.SerializeToString()))

    def _answer(self, message: Any) -> None:
        execution = self._running.get((message.channel_id, message.txid))
        kind = Type.RESPONSE
        try:
            payload = _answer(message, execution)
        except (Unsupported, SnapshotGone) as error:
            kind, payload = Type.ERROR, str(error).encode()
        except DecodeError:
            kind, payload = Type.ERROR, b"unmarshal failed"
        self._send(
            shim.ChaincodeMessage(
                type=kind, payload=payload, txid=message.txid, channel_id=message.channel_id
            )
        )

    def _complete(self, message: Any) -> None:
        execution = self._running.get((message.channel_id, message.txid))
        if execution is not None and not execution.done.done():
            execution.done.set_result(message)

    async def execute(
        self, opened: Proposal, simulator: Simulator, *, timeout_s: float
    ) -> Completed:
        """Runs one proposal; the caller ends the simulator.

        Raises:
            ExecutionFailed: no answer in time, the stream ended, or the answer is unreadable.
        """
        key = (opened.channel, opened.tx_id)
        if key in self._running:
            raise ExecutionFailed(f"txid: {opened.tx_id}({opened.channel}) exists")
        done = asyncio.get_running_loop().create_future()
        self._running[key] = _Execution(simulator, opened.chaincode, done)
        try:
            self._send(
                shim.ChaincodeMessage(
                    type=Type.TRANSACTION,
                    payload=opened.input,
                    txid=opened.tx_id,
                    channel_id=opened.channel,
                    proposal=opened.signed,
                )
            )
            async with asyncio.timeout(timeout_s):
                return _completed(await done, opened)
        except TimeoutError:
            raise ExecutionFailed("timeout expired while executing transaction") from None
        finally:
            del self._running[key]

    def close(self) -> None:
        """The stream ended: whatever runs fails."""
        self._state = _State.CLOSED
        for execution in self._running.values():
            if not execution.done.done():
                execution.done.set_exception(ExecutionFailed("chaincode stream terminated"))


def _answer(message: Any, execution: _Execution | None) -> bytes:
    if execution is None:
        raise Unsupported("no ledger context")
    return answer(message.type, message.payload, execution.simulator, execution.namespace)


def _completed(message: Any, opened: Proposal) -> Completed:
    if message.type == Type.ERROR:
        text = message.payload.decode(errors="replace")
        raise ExecutionFailed(f"transaction returned with failure: {text}")
    try:
        reply = response.Response.FromString(message.payload)
    except DecodeError as error:
        raise ExecutionFailed("failed to unmarshal response") from error
    if not message.HasField("chaincode_event") or reply.status >= _ERROR_THRESHOLD:
        return Completed(reply, b"")
    raised = message.chaincode_event
    filled = event.ChaincodeEvent(
        chaincode_id=opened.chaincode,
        tx_id=opened.tx_id,
        event_name=raised.event_name,
        payload=raised.payload,
    )
    return Completed(reply, filled.SerializeToString())
