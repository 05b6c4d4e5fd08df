# SPDX-License-Identifier: Apache-2.0
"""From a transaction message to its one answer, whatever happens on the way."""

import asyncio
import logging
import time
import traceback
from pathlib import Path

from pmcb_chaincode._codes import Code

from ._context import Context, read_proposal
from ._exchange import Exchange
from ._ledger import Ledger
from ._observers import Answered, Observers, plain
from ._protos import ChaincodeAdditionalParams, ChaincodeInput, ChaincodeMessage, Response, decoded
from ._registry import Contract, Function
from .errors import PeerError, Refusal

MAX_ARGUMENTS_BYTES = 4 * 2**20
MAX_RESULT_BYTES = 8 * 2**20

_log = logging.getLogger("pmcb_chaincode")


class Answering:
    """One transaction on its way to the ``COMPLETED`` message that ends it."""

    def __init__(self, contract: Contract, message: ChaincodeMessage, observers: Observers) -> None:
        self._contract = contract
        self._message = message
        self._observers = observers
        self._tx = plain(message.txid)
        self._function: Function | None = None
        self._started = time.perf_counter()

    async def run(self, exchange: Exchange, offers: ChaincodeAdditionalParams) -> ChaincodeMessage:
        """Whatever happens becomes an answer; once the exchange has ended, nobody reads it."""
        completed = ChaincodeMessage(
            type=ChaincodeMessage.COMPLETED,
            txid=self._message.txid,
            channel_id=self._message.channel_id,
        )
        code = ""
        try:
            response = await self._result(exchange, offers, completed)
        except (Exception, asyncio.CancelledError, SystemExit) as error:  # noqa: BLE001 - all is answered
            if exchange.is_ended:
                return completed
            completed.ClearField("chaincode_event")
            response, code = _refusal(error) or self._failure(error)
        completed.payload = response.SerializeToString()
        if not exchange.is_ended:
            self._record(response, code)
        return completed

    async def _result(
        self,
        exchange: Exchange,
        offers: ChaincodeAdditionalParams,
        completed: ChaincodeMessage,
    ) -> Response:
        """Resolve, parse, authorise, run, flush: in this order, so a refusal writes nothing."""
        name, *texts = _arguments(self._message.payload)
        self._function = function = self._contract.find(name.decode("utf-8", "replace"))
        if function is None:
            return Response(status=200, payload=self._contract.metadata())
        try:
            facts = read_proposal(self._message.proposal)
        except ValueError:
            raise Refusal(Code.BAD_ARGUMENT, "The proposal names no X.509 identity.") from None

        async def call(kind: int, payload: bytes) -> bytes:
            try:
                return await exchange.call(kind, payload)
            except PeerError:
                self._observers.metrics.peer_errors.inc()
                raise

        ctx = Context(
            tx_id=self._message.txid,
            channel=self._message.channel_id,
            time_ms=facts.time_ms,
            caller=facts.caller,
            ledger=Ledger(call, offers, may_write=function.marking.writes),
            transient=facts.transient,
        )
        result = await self._contract.call(function, ctx, texts)
        if len(result) > MAX_RESULT_BYTES:
            raise Refusal(Code.TOO_LARGE, "The result is above 8 MiB; ask for smaller pages.")
        await ctx.ledger.finish()
        if ctx.event is not None:
            completed.chaincode_event.CopyFrom(ctx.event)
        return Response(status=200, payload=result)

    def _failure(self, error: BaseException) -> tuple[Response, str]:
        """A 500: the caller learns where to look, the log learns the place, nobody the data."""
        code = Code.PEER_ERROR if isinstance(error, PeerError) else Code.INTERNAL
        *_, (frame, line) = traceback.walk_tb(error.__traceback__)
        _log.error(
            '{"event":"defect","tx":"%s","code":"%s","class":"%s","at":"%s:%d"}',
            self._tx[:8],
            code.value,
            type(error).__name__,
            Path(frame.f_code.co_filename).name,
            line,
        )
        sentence = f"tx {self._tx[:8]}, see the server log"
        return Response(status=code.status, message=f"{code}: {sentence}"), code.value

    def _record(self, response: Response, code: str) -> None:
        answered = Answered(
            tx=self._tx,
            channel=plain(self._message.channel_id),
            function=self._function.name if self._function else "",
            status=response.status,
            code=code,
            seconds=time.perf_counter() - self._started,
            bytes_in=len(self._message.payload),
            bytes_out=len(response.payload),
        )
        self._observers.answered(answered, uid=self._uid)

    def _uid(self) -> str:
        """The proven caller; "" when the proposal names none."""
        try:
            return read_proposal(self._message.proposal).caller.uid
        except ValueError:
            return ""


def _refusal(error: BaseException) -> tuple[Response, str] | None:
    """The answer that a refusal asks for; None when it is none, or not fit to be sent."""
    if not isinstance(error, Refusal):
        return None
    try:
        code = error.code.value
        response = Response(status=error.code.status, message=f"{code}: {error.sentence}")
        return (response, code) if plain(code) == code else None
    except (AttributeError, TypeError, ValueError):
        return None


def _arguments(payload: bytes) -> list[bytes]:
    if len(payload) > MAX_ARGUMENTS_BYTES:
        raise Refusal(Code.TOO_LARGE, "Arguments may be 4 MiB at most.")
    try:
        arguments = list(decoded(ChaincodeInput, payload).args)
    except ValueError:
        raise Refusal(Code.BAD_ARGUMENT, "The call cannot be read.") from None
    if not arguments:
        raise Refusal(Code.UNKNOWN_FUNCTION, "The call names no function.")
    return arguments
