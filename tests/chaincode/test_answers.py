# SPDX-License-Identifier: Apache-2.0
"""Every transaction ends in one answer, whatever the contract does to itself."""

import asyncio
import logging
import re
from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest
from tests.chaincode.fake_peer import FakePeer, connect
from tests.chaincode.notes import Notes

from pmcb_chaincode.bridge import ChaincodeMessage, Code, Metrics, Observers, Refusal

M = ChaincodeMessage


class Own(Enum):
    """Codes of a careless contract's own."""

    SPACED = "N O"
    NUMBER = 7

    @property
    def status(self):
        return 409


class Odd(Notes):
    """A contract whose every call goes wrong in one way."""

    def __init__(self, make: Callable[[], BaseException]):
        self._make = make

    async def call(self, function, ctx, texts):
        ctx.ledger.put("k", b"v")
        ctx.set_event("Never", {})
        raise self._make()


class Mute(Refusal):
    """A refusal that lost its code."""

    def __init__(self):
        super().__init__(Code.EXISTS, "There is one.")
        del self.code


def unfit(code: Any, sentence: str) -> Callable[[], BaseException]:
    """A refusal that no type checker would let pass."""
    return lambda: Refusal(code, sentence)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (unfit("EXISTS", "A text is no code."), "AttributeError"),
        (unfit(Own.SPACED, "It is no word."), "Refusal"),
        (unfit(Own.NUMBER, "It is no text."), "Refusal"),
        (unfit(Code.EXISTS, "No letter: \ud800."), "Refusal"),
        (Mute, "Mute"),
        (SystemExit, "SystemExit"),
        (asyncio.CancelledError, "CancelledError"),
        (StopAsyncIteration, "StopAsyncIteration"),
        (lambda: ExceptionGroup("several", [ValueError(1)]), "ExceptionGroup"),
        (RecursionError, "RecursionError"),
        (MemoryError, "MemoryError"),
    ],
)
async def test_unfit_end_is_an_internal_error(make, name, caplog):
    """Refusals that cannot be sent and exceptions that would end a process are answered 500."""
    peer = FakePeer()
    session = connect(peer, Odd(make))
    answer = await peer.call("drop_notes", tx_id="1a2b3c4d" * 8)
    assert (answer.status, answer.event, answer.writes) == (500, None, {})
    assert answer.message == "INTERNAL: tx 1a2b3c4d, see the server log"
    assert f'"class":"{name}"' in caplog.text
    await session.close()
    assert peer.violations == []


async def test_result_that_cannot_be_sent_emits_no_event():
    """An event belongs to a transaction that succeeded."""

    class Wrong(Notes):
        async def call(self, function, ctx, texts):
            await super().call(function, ctx, texts)
            return {"not": "bytes"}

    peer = FakePeer()
    session = connect(peer, Wrong())
    answer = await peer.call("put_note", "5f1e" * 8, "words")
    assert (answer.status, answer.event) == (500, None)
    await session.close()


async def test_contract_that_cancels_its_own_task_is_answered():
    """The cancellation arrives at the next call, or after the last; either way there is an end."""

    class Cancelling(Notes):
        async def call(self, function, ctx, texts):
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            return await super().call(function, ctx, texts)

    peer = FakePeer({"k": b"1"})
    session = connect(peer, Cancelling())
    peer.holding = True
    started = [peer.start("who"), peer.start("read", "k"), peer.start("copy", "k", "l")]
    await asyncio.sleep(0)
    peer.release()
    answers = [await peer.end(tx_id) for tx_id in started]
    assert [answer.status for answer in answers] == [200, 500, 500]
    await session.close()


@pytest.mark.parametrize("refuse", [False, True])
async def test_transaction_that_a_peer_starts_anew_counts_once(refuse):
    """The run that nobody waits for any more is neither counted nor logged, however it ends."""

    class Slow(Notes):
        async def call(self, function, ctx, texts):
            await gates.pop(0).wait()
            if refuse:
                raise Refusal(Code.EXISTS, "There is one.")
            return b""

    first, second = asyncio.Event(), asyncio.Event()
    gates = [first, second]
    peer, metrics = FakePeer(), Metrics()
    session = connect(peer, Slow(), observers=Observers(metrics))
    tx_id = peer.start("who")
    await asyncio.sleep(0)
    peer.start("who", tx_id=tx_id)
    await asyncio.sleep(0)
    first.set()
    second.set()
    assert (await peer.end(tx_id)).status == (409 if refuse else 200)
    await session.drain()
    assert len(peer.answers[tx_id]) == 1
    (count,) = re.findall(r"transactions_total{.*} (.*)", metrics.exposition().decode())
    assert count == "1.0"
    await session.close()


async def test_transactions_that_wait_are_answered_while_draining():
    """Whoever was taken in before the end gets an answer, also above the limit of a stream."""
    peer = FakePeer()
    session = connect(peer, Notes())
    peer.holding = True
    started = [peer.start("read", "k") for _ in range(1200)]
    await asyncio.sleep(0)
    drained = asyncio.create_task(session.drain())
    await asyncio.sleep(0)
    peer.release()
    await drained
    assert [len(peer.answers[tx_id]) for tx_id in started] == [1] * 1200
    await session.close()


@pytest.mark.parametrize("odd", ['a"b', "x" * 300, "\u00e9", "a\nb"])
async def test_ids_that_no_peer_sends_do_not_shape_log_lines(odd, caplog):
    """A line of the log stays a line, and JSON."""
    caplog.set_level(logging.INFO)
    peer = FakePeer()
    session = connect(peer, Notes())
    answer = await peer.call("cancel_itself", tx_id=odd, channel=odd)
    await session.close()
    assert answer.message == "INTERNAL: tx ?, see the server log"
    assert all('"tx":"?"' in text for text in caplog.messages)
    assert '"channel":"?"' in caplog.text
