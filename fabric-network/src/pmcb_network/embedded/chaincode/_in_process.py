# SPDX-License-Identifier: Apache-2.0
"""A contract in the same process: two sessions that call each other, no queue between them."""

import asyncio
from typing import Any

from pmcb_chaincode.bridge import Contract, ProtocolError, Session
from pmcb_network.embedded._defects import log_defect

from ._session import PeerSession, StreamBroken


class InProcess:
    """Hosts a contract for one organisation."""

    def __init__(self, contract: Contract, package_id: str) -> None:
        self._contract = contract
        self._package_id = package_id
        self._peer = PeerSession(self._to_contract)
        self._session = Session(contract, package_id, self._to_peer)
        self._closing: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Registers the contract."""
        self._session.open()

    def session(self) -> PeerSession:
        """The peer's end; opened anew if the last one broke."""
        if not self._peer.is_ready:
            self._peer = PeerSession(self._to_contract)
            self._session = Session(self._contract, self._package_id, self._to_peer)
            self._session.open()
        return self._peer

    def _to_contract(self, message: Any) -> None:
        try:
            self._session.receive(message)
        except ProtocolError as error:
            log_defect("the contract refused a message of the peer", error)
            self._break()

    def _to_peer(self, message: Any) -> None:
        try:
            self._peer.receive(message)
        except StreamBroken as error:
            log_defect("the contract left the protocol", error)
            self._break()

    def _break(self) -> None:
        """Fails what runs at both ends; the contract's end in a task, for it may be the caller."""
        self._peer.close()
        task = asyncio.get_running_loop().create_task(self._session.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Ends both sessions."""
        self._peer.close()
        await asyncio.gather(self._session.close(), *self._closing)
