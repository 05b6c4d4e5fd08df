# SPDX-License-Identifier: Apache-2.0
import asyncio
import gc

import pytest
from tests.chaincode.clock import Clock
from tests.chaincode.fake_peer import FakePeer, connect
from tests.chaincode.notes import Notes


@pytest.fixture
def anyio_backend():
    """The bridge is asyncio's."""
    return "asyncio"


@pytest.fixture(autouse=True)
def quiet_loop(caplog):
    """Fail a test that leaves a task's or a future's exception to nobody.

    What stood before the test is set aside, so that only what the test made is searched: a
    worker's heap grows to a gigabyte, and a thousand searches of that are most of a run.
    """
    gc.freeze()
    yield
    gc.collect()
    gc.unfreeze()
    records = caplog.get_records("call") + caplog.get_records("teardown")
    assert not [r.getMessage() for r in records if r.name == "asyncio" and r.levelname == "ERROR"]


@pytest.fixture
async def served():
    """A sound peer and the session of notes that it is connected to."""
    peer = FakePeer()
    session = connect(peer, Notes())
    yield peer, session
    await session.close()
    assert peer.violations == []


@pytest.fixture
def peer(served):
    """A sound peer that is served notes."""
    return served[0]


@pytest.fixture
async def serve():
    """Connects peers, sound or told to go wrong, to notes or to another contract."""
    sessions = []

    def made(peer, contract=None, **settings):
        sessions.append(connect(peer, contract or Notes(), **settings))
        return peer

    yield made
    for session in sessions:
        await session.close()


@pytest.fixture
async def clock(monkeypatch):
    """The running loop's clock, to be moved by hand."""
    return Clock(asyncio.get_running_loop(), monkeypatch)
