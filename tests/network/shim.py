# SPDX-License-Identifier: Apache-2.0
"""A hand-driven shim: the contract's side of a chaincode stream."""

import asyncio
from typing import Any

from fabric_protos.peer import chaincode_shim_pb2
from fabric_protos.peer.chaincode_pb2 import ChaincodeID
from tests.network.wire import Person, propose

from pmcb_network.embedded._authority import Authority
from pmcb_network.embedded._envelopes import open_proposal
from pmcb_network.embedded._simulator import Simulator
from pmcb_network.embedded.chaincode import (
    PeerSession,
)

M = chaincode_shim_pb2.ChaincodeMessage
ALICE = Person.issue(
    Authority.make("ca", "HospitalAMSP", now_ms=1_700_000_000_000), "HospitalAMSP", "alice"
)


class Shim:
    """A contract's end that says only what the test makes it say."""

    def __init__(self, store):
        self.heard: list[Any] = []
        self.peer = PeerSession(self.heard.append)
        self.store = store
        self.signed, self.tx_id = propose(ALICE, "fn", "arg")
        self.opened = open_proposal(self.signed)

    def say(self, kind, message=None, *, tx_id=None, **more):
        payload = (
            message
            if isinstance(message, bytes)
            else message.SerializeToString()
            if message
            else b""
        )
        tx_id = self.tx_id if tx_id is None else tx_id
        self.peer.receive(M(type=kind, payload=payload, txid=tx_id, channel_id="pmcb", **more))

    def ask(self, kind, message):
        self.say(kind, message)
        answer = self.heard.pop()
        assert (answer.txid, answer.channel_id) == (self.tx_id, "pmcb")
        return answer

    def register(self, name=b"notes:1"):
        self.say(M.REGISTER, ChaincodeID(name=name.decode()))
        self.heard.clear()

    async def begin(self, *, timeout_s=5.0):
        self.simulator = Simulator(self.store.current, self.tx_id)
        task = asyncio.create_task(
            self.peer.execute(self.opened, self.simulator, timeout_s=timeout_s)
        )
        await asyncio.wait({task}, timeout=0)
        if self.heard:
            self.started = self.heard.pop()
        return task
