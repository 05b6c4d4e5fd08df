# SPDX-License-Identifier: Apache-2.0
"""Pages of a made-up ledger, without a network."""

from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.apps.dashboard import ledger
from tests.client.http_identity.people import Ca

from pmcb_apps.dashboard._app import application
from pmcb_apps.dashboard._board import Board
from pmcb_apps.dashboard._door import Door, Key
from pmcb_apps.dashboard._follower import Follower
from pmcb_apps.dashboard._index import Index
from pmcb_apps.dashboard._watch import Watch
from pmcb_client.wallet import WalletIdentity

PORT = 18_700


@dataclass(frozen=True)
class Desk:
    """A dashboard that nobody serves, and a browser that was let in."""

    board: Board
    browser: httpx.AsyncClient

    async def page(self, path: str, status: int = 200) -> str:
        answer = await self.browser.get(path)
        assert answer.status_code == status, answer.text
        return answer.text


def person(name: str = "releaser0", role: str = "releaser") -> WalletIdentity:
    made: WalletIdentity = Ca(ledger.A, ledger.NOW_MS).person(name, role)
    return made


def filled(path: Path, uid: str, **how: int) -> Index:
    """An index of a made-up ledger."""
    index = Index(path, uid)
    index.belong_to("0" * 64)
    for number, calls in enumerate(ledger.blocks(**how)):
        assert index.apply(number, calls)
    return index


def desk_of(home: Path, who: WalletIdentity, index: Index) -> Desk:
    follower = Follower(home, who, index, clock=lambda: ledger.NOW_MS)
    board = Board(home, who, index, follower, Watch(home, who), clock=lambda: ledger.NOW_MS)
    key = Key(PORT)
    transport = httpx.ASGITransport(Door(application(board), key), raise_app_exceptions=False)
    browser = httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}")
    browser.headers["x-way-in"] = key.way_in
    return Desk(board, browser)


async def let_in(desk: Desk) -> Desk:
    way_in = desk.browser.headers.pop("x-way-in")
    assert (await desk.browser.get(way_in)).status_code == 200
    return desk


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    """Of releaser0, with thirty receivers and three tasks."""
    who = person()
    return await let_in(desk_of(tmp_path, who, filled(tmp_path / "index.sqlite3", who.uid)))
