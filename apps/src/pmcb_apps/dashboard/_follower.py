# SPDX-License-Identifier: Apache-2.0
"""Keeps the index in step with the ledger, across absences of the network."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pmcb_client.errors import ClientError, LedgerError, Refused
from pmcb_client.gateway import Contract, Network, connect_network
from pmcb_client.network_file import NetworkFile, load

from ._block import calls, hash_of
from ._index import Index

if TYPE_CHECKING:
    from pmcb_client.wallet import WalletIdentity

__all__ = ["Follower", "Link", "Seen"]

_LOOK_S = 2.0
_PATIENCE_S = 5.0
_GRANT_LASTS_MS = 15_000
_REFUSAL_LASTS_MS = 600_000  # each stands in a log of the peer's organisation


@dataclass(frozen=True)
class Link:
    """How the network was found.

    Attributes:
        network: as ``network.json`` tells it; None before it could be read.
        answers: whether it does.
        heard_ms: when it last answered, milliseconds UTC; 0 before.
        reason: why it does not answer, in one sentence.
    """

    network: NetworkFile | None = None
    answers: bool = False
    heard_ms: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Seen:
    """Whether this identity may see who takes part in a task.

    Attributes:
        allowed: None where nobody could be asked yet.
        code: the rule by which the contract refused; "" otherwise.
        reason: its sentence.
    """

    allowed: bool | None
    code: str = ""
    reason: str = ""


class Follower:
    """Reads blocks into an index, and asks the contract what this identity may see.

    Args:
        home: with ``network.json``, which is read again whenever the network went away.
        identity: whose peer delivers the blocks.
        index: kept in step.
        clock: milliseconds UTC.
        look_s: between two looks whether the network answers, and before it is sought again.
    """

    def __init__(
        self,
        home: Path,
        identity: WalletIdentity,
        index: Index,
        *,
        clock: Callable[[], int] | None = None,
        look_s: float = _LOOK_S,
    ) -> None:
        self.link = Link()
        self.index = index
        self._home = home
        self._identity = identity
        self._clock = clock or (lambda: time.time_ns() // 1_000_000)
        self._look_s = look_s
        self._contract: Contract | None = None
        self._damaged = asyncio.Event()

    async def run(self) -> None:
        """Until this is cancelled."""
        while True:
            try:
                await self._connected()
            except ClientError as error:
                self.link = replace(self.link, answers=False, reason=str(error))
            except sqlite3.OperationalError as error:  # as a full disk: a new file mends nothing
                said = f"The index cannot be used: {error}."
                self.link = replace(self.link, answers=False, reason=said)
            except sqlite3.DatabaseError:
                await asyncio.to_thread(self.index.rebuild)
                self._damaged.clear()
            finally:
                self._contract = None
            await asyncio.sleep(self._look_s)

    def damaged(self) -> None:
        """Make the index anew: whoever read it found it broken."""
        self._damaged.set()

    async def may_see(self, task: str) -> Seen:
        """Whether the contract gives this identity a task's listing; its last word while away."""
        known = await asyncio.to_thread(self._known, task)
        if known is not None and self._lasts(*known):
            return known[1]
        if self._contract is not None:
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await self._contract.evaluate("list_claims", task, "0", "1", "")
                seen = Seen(allowed=True)
            except Refused as refused:
                seen = Seen(allowed=False, code=refused.code, reason=refused.reason)
            except (LedgerError, TimeoutError):
                return known[1] if known else Seen(allowed=None)
            await asyncio.to_thread(
                self.index.answered, task, self._clock(), seen.code, seen.reason
            )
            return seen
        return known[1] if known else Seen(allowed=None)

    def _lasts(self, at_ms: int, seen: Seen, joined_ms: int) -> bool:
        lasts_ms = _GRANT_LASTS_MS if seen.allowed else _REFUSAL_LASTS_MS
        return joined_ms <= at_ms and self._clock() - at_ms < lasts_ms

    def _known(self, task: str) -> tuple[int, Seen, int] | None:
        """When the contract last said what, and when this person last took a slot of the task."""
        with self.index.open() as database:
            row = database.execute(
                "SELECT at_ms, code, reason FROM answers WHERE task = ?", (task,)
            ).fetchone()
            (joined_ms,) = database.execute(
                "SELECT COALESCE(MAX(changed_ms), 0) FROM records WHERE kind = 'SL' "
                "AND key >= ? AND key < ? AND value ->> 'holder' = ?",
                (f"{task}/", f"{task}0", self._identity.uid),
            ).fetchone()
        return None if row is None else (row[0], Seen(not row[1], row[1], row[2]), joined_ms)

    async def _connected(self) -> None:
        """Follow the network of this moment until it no longer answers.

        Raises:
            ClientError: it does not.
            sqlite3.DatabaseError: the index is damaged.
        """
        network = load(self._home / "network.json")
        self.link = replace(self.link, network=network)
        async with connect_network(network, self._identity) as gateway:
            channel = gateway.network(network.channel)
            contract = channel.contract(network.chaincode)
            await self._look(contract)
            self._contract = contract
            work = [
                asyncio.ensure_future(each)
                for each in (self._read(channel, network), self._watch(contract), self._broken())
            ]
            try:
                done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in work:
                    task.cancel()
                await asyncio.gather(*work, return_exceptions=True)

    async def _read(self, channel: Network, network: NetworkFile) -> None:
        async with aclosing(channel.block_events("full", start_block=0)) as first:
            ledger = hash_of((await anext(first)).message)
        await asyncio.to_thread(self.index.belong_to, ledger)
        start = (await asyncio.to_thread(lambda: self.index.place)).next
        async with aclosing(channel.block_events("full", start_block=start)) as blocks:
            async for block in blocks:
                made = calls(block.message, network.chaincode)
                if not await asyncio.to_thread(self.index.apply, block.number, made):
                    return

    async def _watch(self, contract: Contract) -> None:
        while True:
            await asyncio.sleep(self._look_s)
            await self._look(contract)

    async def _look(self, contract: Contract) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                json.loads(await contract.evaluate("get_governance"))
        except TimeoutError:
            raise LedgerError("The network does not answer in time.") from None
        self.link = replace(self.link, answers=True, heard_ms=self._clock(), reason="")

    async def _broken(self) -> None:
        await self._damaged.wait()
        raise sqlite3.DatabaseError("the index is damaged")
