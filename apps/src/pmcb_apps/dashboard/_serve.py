# SPDX-License-Identifier: Apache-2.0
"""The dashboard at work: the pages, and beside them what keeps them true."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pmcb_services.common import Served
from pmcb_services.common import serving as serving_app

from ._app import application
from ._board import Board
from ._door import Door, Key
from ._follower import Follower
from ._index import Index
from ._pages import prepare
from ._watch import Watch

if TYPE_CHECKING:
    from pmcb_client.wallet import WalletIdentity

__all__ = ["index_path", "serving"]


def index_path(home: Path, identity: WalletIdentity) -> Path:
    """Where a home keeps an identity's index: ``<home>/dashboard/<msp>.<name>.sqlite3``."""
    return home / "dashboard" / f"{identity.msp_id}.{identity.enrollment_id}.sqlite3"


async def serving(
    home: Path,
    identity: WalletIdentity,
    place: Served,
    listening: socket.socket,
    tell: Callable[[str], object],
) -> None:
    """Serve until this is cancelled.

    Args:
        home: with the network file; the index is made in it.
        identity: who is signed in.
        place: loopback.
        listening: the socket there.
        tell: told the address that opens the page, once.
    """
    index = await asyncio.to_thread(Index, index_path(home, identity), identity.uid)
    await asyncio.to_thread(prepare)
    follower, watch = Follower(home, identity, index), Watch(home, identity)
    board = Board(home, identity, index, follower, watch)
    key = Key(listening.getsockname()[1])
    app = application(board)
    app.add_middleware(Door, key=key)
    async with asyncio.TaskGroup() as group:
        group.create_task(follower.run())
        group.create_task(watch.run())
        serve = group.create_task(serving_app(app, place, listening))
        tell(place.url(listening) + key.way_in)
        await serve
