# SPDX-License-Identifier: Apache-2.0
"""Replays recorded transactions in a process of its own: ``python -m tests.chaincode.replay``.

Reads length-prefixed transaction messages, runs them one after another on an empty ledger, and
prints how each ended and a digest of every message the contract sent.
"""

import asyncio
import hashlib
import json
import sys
from typing import Any

from tests.chaincode.fake_ledger import FakeLedger

from pmcb_chaincode.bridge import ChaincodeMessage, Session
from pmcb_chaincode.bridge._protos import ChaincodeAdditionalParams, Response
from pmcb_chaincode.contract import Governance, Pmcb

M = ChaincodeMessage
OFFERS = ChaincodeAdditionalParams(
    use_write_batch=True,
    max_size_write_batch=1000,
    use_get_multiple_keys=True,
    max_size_get_multiple_keys=1000,
)


def frame(messages: list[Any]) -> bytes:
    """Messages as the process reads them."""
    packed = [message.SerializeToString() for message in messages]
    return b"".join(len(each).to_bytes(4, "big") + each for each in packed)


def unframe(data: bytes) -> list[Any]:
    """The messages of ``frame``."""
    messages, place = [], 0
    while place < len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        messages.append(M.FromString(data[place + 4 : place + 4 + size]))
        place += 4 + size
    return messages


async def replay(messages: list[Any]) -> tuple[list[str], str]:
    """How each transaction ended, and the digest of all that the contract sent."""
    ledger, digest, ended = FakeLedger(), hashlib.sha256(), asyncio.Queue[Any]()

    def hear(message: Any) -> None:
        digest.update(message.SerializeToString())
        if message.type == M.COMPLETED:
            ended.put_nowait(message)
        elif message.type != M.REGISTER:
            about = {"txid": message.txid, "channel_id": message.channel_id}
            session.receive(M(type=M.RESPONSE, payload=ledger.reply(message), **about))

    session = Session(Pmcb(Governance.of(("HospitalAMSP", "HospitalBMSP"))), "pmcb:1", hear)
    session.open()
    session.receive(M(type=M.REGISTERED))
    session.receive(M(type=M.READY, payload=OFFERS.SerializeToString()))
    endings = []
    for message in messages:
        writes = ledger.writes[message.txid] = {}
        session.receive(message)
        answer = Response.FromString((await ended.get()).payload)
        endings.append(str(answer.status) if answer.status == 200 else answer.message)
        if answer.status == 200:
            ledger.state |= writes
            ledger.state = {key: value for key, value in ledger.state.items() if value}
    await session.close()
    return endings, digest.hexdigest()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(replay(unframe(sys.stdin.buffer.read())))))
