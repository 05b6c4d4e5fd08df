# SPDX-License-Identifier: Apache-2.0
"""What the ledger told and is still to be dealt with: kept on disk, so that nothing is forgotten.

Agents and services react to events. An event is written down in the same SQLite transaction as
the place behind it on the ledger; whoever is killed goes on with what is written down, and reads
on from there. Dealing with an event twice must be harmless, as every call of the contract is.

::

    inbox = Inbox(home / "verifier" / "inbox.sqlite3")
    await follow(network, "pmcb", inbox, {"DataSubmitted"}, judge_what_is_due)
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pmcb_client.database import PrivateDatabase
from pmcb_client.gateway import Position

if TYPE_CHECKING:
    import sqlite3

    from pmcb_client.gateway import ChaincodeEvent, Network

__all__ = ["Inbox", "Item", "follow"]

LOOK_AGAIN_S = 5.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, payload TEXT NOT NULL, due_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS place (
  one INTEGER PRIMARY KEY CHECK (one = 1), block INTEGER NOT NULL, tx TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS ledger (
  one INTEGER PRIMARY KEY CHECK (one = 1), hash TEXT NOT NULL
) STRICT;
"""


@dataclass(frozen=True)
class Item:
    """An event that is to be dealt with.

    Attributes:
        id: its number in the inbox.
        name: of the event.
        payload: what it told: ids only.
    """

    id: int
    name: str
    payload: dict[str, Any] = field(compare=False)


class Inbox:
    """Events in an SQLite file that only its owner can read; also the reader's checkpoint."""

    def __init__(self, path: Path) -> None:
        self._file = PrivateDatabase(path, _SCHEMA)

    @property
    def position(self) -> Position | None:
        """Behind the last event that was written down."""
        with self._file.open() as database:
            row = database.execute("SELECT block, tx FROM place").fetchone()
        return None if row is None else Position(*row)

    async def save(self, position: Position) -> None:
        """Keep the place of an event that is none of ours."""
        with self._file.open() as database:
            _save(database, position)

    def belong_to(self, ledger: str) -> None:
        """Forget what another ledger told: one that was removed, with its tasks.

        Args:
            ledger: the hash of its first block, hex.
        """
        with self._file.open() as database:
            row = database.execute("SELECT hash FROM ledger").fetchone()
            if row is not None and row[0] != ledger:
                for table in ("items", "place", "ledger"):
                    database.execute(f"DELETE FROM {table}")  # noqa: S608 - ours
            database.execute("INSERT OR REPLACE INTO ledger VALUES (1, ?)", (ledger,))

    def take(self, event: ChaincodeEvent) -> None:
        """Write an event down, and the place behind it."""
        with self._file.open() as database:
            database.execute(
                "INSERT INTO items (name, payload, due_ms) VALUES (?, ?, 0)",
                (event.name, event.payload.decode()),
            )
            _save(database, Position(event.block_number, event.transaction_id))

    def due(self, now_ms: int) -> list[Item]:
        """What is to be dealt with now, in the ledger's order."""
        query = "SELECT id, name, payload FROM items WHERE due_ms <= ? ORDER BY id"
        with self._file.open() as database:
            rows = database.execute(query, (now_ms,)).fetchall()
        return [Item(number, name, json.loads(payload)) for number, name, payload in rows]

    def later(self, item: Item, at_ms: int) -> None:
        """Look at it again, not before ``at_ms`` (milliseconds UTC)."""
        with self._file.open() as database:
            database.execute("UPDATE items SET due_ms = ? WHERE id = ?", (at_ms, item.id))

    def done(self, item: Item) -> None:
        """It is dealt with."""
        with self._file.open() as database:
            database.execute("DELETE FROM items WHERE id = ?", (item.id,))


async def follow(
    network: Network,
    chaincode: str,
    inbox: Inbox,
    names: AbstractSet[str],
    handle: Callable[[list[Item]], Awaitable[None]],
    *,
    clock: Callable[[], int] | None = None,
    look_again_s: float = LOOK_AGAIN_S,
) -> None:
    """Write down events of these names from the ledger's beginning on; hand over what is due.

    ``handle`` says `Inbox.done` or `Inbox.later` of each item; what it says nothing of comes
    again. It deals with absences of the ledger or a store itself. Runs until it is cancelled.

    Args:
        network: the channel.
        chaincode: whose events.
        inbox: where they are kept.
        names: of the events that count.
        handle: called with all items that are due, whenever there are any.
        clock: milliseconds UTC.
        look_again_s: seconds after which items that came again are looked at, at the latest.

    Raises:
        GatewayError: the gateway refused to tell events.
    """
    now_ms = clock or (lambda: time.time_ns() // 1_000_000)
    news = asyncio.Event()

    async def listen() -> None:
        inbox.belong_to(await _first_block(network))
        reader = network.chaincode_events(chaincode, start_block=0, checkpoint=inbox)
        async with aclosing(reader) as events:
            async for event in events:
                if event.name in names:
                    inbox.take(event)
                    news.set()

    listener = asyncio.create_task(listen())
    listener.add_done_callback(lambda _: news.set())  # a refusal is news, too
    try:
        while True:
            news.clear()
            if items := inbox.due(now_ms()):
                await handle(items)
            if listener.done():
                listener.result()
            with suppress(TimeoutError):
                async with asyncio.timeout(look_again_s):
                    await news.wait()
    finally:
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)


async def _first_block(network: Network) -> str:
    """The hash of a ledger's first block, by which it is known."""
    async with aclosing(network.block_events("full", start_block=0)) as blocks:
        header = (await anext(blocks)).message.header
    return hashlib.sha256(header.SerializeToString(deterministic=True)).hexdigest()


def _save(database: sqlite3.Connection, position: Position) -> None:
    database.execute(
        "INSERT INTO place VALUES (1, ?, ?) "
        "ON CONFLICT (one) DO UPDATE SET block = excluded.block, tx = excluded.tx",
        (position.block_number, position.transaction_id),
    )
