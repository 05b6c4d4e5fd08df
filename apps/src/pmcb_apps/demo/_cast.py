# SPDX-License-Identifier: Apache-2.0
"""The people of the story: enrolled by their organisation's CA, each with a way to the contract."""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import Self

from pmcb_client.enroller import Enroller
from pmcb_client.gateway import Contract, Network, connect, open_channel
from pmcb_client.network_file import NetworkFile
from pmcb_client.wallet import Wallet, WalletIdentity

_AT_ONCE = 8


class Cast:
    """Enrols people of all organisations and gives each the contract as they see it."""

    def __init__(self, network: NetworkFile, wallet: Wallet) -> None:
        self._network = network
        self._wallet = wallet
        self._stack = AsyncExitStack()
        self._enrollers: dict[str, Enroller] = {}
        self._first: dict[str, WalletIdentity] = {}

    async def __aenter__(self) -> Self:
        """Open a channel and an enroller for every organisation."""
        self._channels = {}
        for org in self._network.orgs:
            self._channels[org.msp] = open_channel(org.gateway, org.tls_ca)
            self._stack.push_async_callback(self._channels[org.msp].close, None)
            enroller = Enroller(self._network, org.msp, self._wallet)
            self._enrollers[org.msp] = await self._stack.enter_async_context(enroller)
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close them."""
        await self._stack.aclose()

    async def enrol(self, msp: str, name: str, role: str) -> WalletIdentity:
        """One person."""
        identity = (await self._enrollers[msp].enroll(name, role)).identity
        self._first.setdefault(msp, identity)
        return identity

    async def enrol_all(self, people: Iterable[tuple[str, str]], role: str) -> list[WalletIdentity]:
        """Several people (msp, name), some at a time, in their order."""
        slots = asyncio.Semaphore(_AT_ONCE)

        async def one(msp: str, name: str) -> WalletIdentity:
            async with slots:
                return await self.enrol(msp, name, role)

        return list(await asyncio.gather(*(one(msp, name) for msp, name in people)))

    async def in_step(self) -> None:
        """Let every organisation's peer have all that was committed so far.

        A commit is told by one's own peer; the other organisation's may be a moment behind. Blocks
        come in one order, so what is committed there now comes after.
        """
        people = self._first.values()
        await asyncio.gather(*(self.contract(who).submit("ping") for who in people))

    def channel(self, identity: WalletIdentity) -> Network:
        """The ledger's channel as this person sees it."""
        gateway = connect(self._channels[identity.msp_id], identity.identity, identity.signer)
        return gateway.network(self._network.channel)

    def contract(self, identity: WalletIdentity) -> Contract:
        """The contract as this person sees it."""
        return self.channel(identity).contract(self._network.chaincode)
