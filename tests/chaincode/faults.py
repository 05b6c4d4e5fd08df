# SPDX-License-Identifier: Apache-2.0
"""Ways for a peer to answer one ledger call wrong: from the sound reply, what is sent instead."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeAlias

from pmcb_chaincode.bridge import ChaincodeMessage
from pmcb_chaincode.bridge._protos import GetStateMultipleResult, QueryResponse

M = ChaincodeMessage
Fault: TypeAlias = Callable[[Any], list[Any]]


def like(message: Any, kind: int, payload: bytes) -> Any:
    """A reply of another kind to the same transaction."""
    return M(type=kind, payload=payload, txid=message.txid, channel_id=message.channel_id)


def silence(_: Any) -> list[Any]:
    """Never answer."""
    return []


def twice(reply: Any) -> list[Any]:
    """Answer, and answer again."""
    return [reply, reply]


def error(reply: Any) -> list[Any]:
    """Answer ERROR, with a text that may hold anything."""
    return [like(reply, M.ERROR, b"GET_STATE failed: secret-of-the-peer")]


def garbage(reply: Any) -> list[Any]:
    """Answer bytes that are no message."""
    return [like(reply, M.RESPONSE, b"\xff\xff\xff")]


def short(reply: Any) -> list[Any]:
    """Answer one value less than was asked for."""
    values = GetStateMultipleResult.FromString(reply.payload).values[:-1]
    return [like(reply, M.RESPONSE, GetStateMultipleResult(values=values).SerializeToString())]


def endless(reply: Any) -> list[Any]:
    """Promise more rows, and send none."""
    answer = QueryResponse(id=QueryResponse.FromString(reply.payload).id, has_more=True)
    return [like(reply, M.RESPONSE, answer.SerializeToString())]


def later(seconds: float, deliver: Callable[[Any], None]) -> Fault:
    """Answer after a while, by the loop's clock."""

    def wait(reply: Any) -> list[Any]:
        asyncio.get_running_loop().call_later(seconds, deliver, reply)
        return []

    return wait


def after_keepalive(reply: Any) -> list[Any]:
    """Ping first."""
    return [M(type=M.KEEPALIVE), reply]
