# SPDX-License-Identifier: Apache-2.0
"""Streams of blocks, as tests open and read them."""

from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2
from google.protobuf.message import Message
from tests.network.wire import at, propose

OLDEST = ab_pb2.SeekPosition(oldest=ab_pb2.SeekOldest())
NEWEST = ab_pb2.SeekPosition(newest=ab_pb2.SeekNewest())
NEXT = ab_pb2.SeekPosition(next_commit=ab_pb2.SeekNextCommit())
ENDLESS = (at(2**53 - 1), at(2**64 - 1))  # of the Node and Java clients, of the Go client
AT_ONCE = {"behavior": ab_pb2.SeekInfo.FAIL_IF_NOT_READY}
S = common_pb2.Status


async def opened(call, *envelopes):
    for envelope in envelopes:
        await call.write(envelope)
    return call


async def everything(call) -> list[int]:
    """Block numbers until the stream ends, and the status that ended each request, negated."""
    found = []
    while isinstance(answer := await call.read(), Message):
        kind = answer.WhichOneof("Type")
        if kind == "status":
            found.append(-answer.status)
        elif kind == "filtered_block":
            found.append(answer.filtered_block.number)
        else:
            found.append(answer.block.header.number)
    return found


async def asked(wire, *envelopes, form="Deliver") -> list[int]:
    """The same for a stream of these envelopes that the client ends."""
    call = await opened(getattr(wire.blocks, form)(), *envelopes)
    await call.done_writing()
    return await everything(call)


async def put(wire, who, *values: str) -> list[str]:
    """One block per value; the transaction ids."""
    ids = []
    for value in values:
        signed, tx_id = propose(who, "put", "key", value)
        await wire.submit(who, await wire.endorse(signed))
        assert (await wire.status(who, tx_id)).result == 0
        ids.append(tx_id)
    return ids


async def until_following(network, wire, who, count: int) -> None:
    """Returns once that many streams wait for the next block."""
    while len(network._orderer._followers) != count:
        await wire.evaluate(propose(who, "whoami")[0])
