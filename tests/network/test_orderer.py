# SPDX-License-Identifier: Apache-2.0
import asyncio
import resource
import threading
from typing import Any

import pytest

from pmcb_network.embedded._blocks import genesis, note
from pmcb_network.embedded._orderer import BlockDropped, Orderer, QueueFull
from pmcb_network.embedded._rwset import ReadWriteSet, encode
from pmcb_network.embedded._state import Store
from pmcb_network.embedded._validator import Ordered
from pmcb_network.errors import StorageFailed


class Running:
    """An orderer over a real store, its pauses between retries in the test's hand."""

    def __init__(self, folder, *, map_bytes=1 << 28, **more):
        self.store = Store(folder, map_bytes=map_bytes)
        self.paused, self.go_on = asyncio.Event(), asyncio.Event()
        self.orderer = Orderer(self.store, retry=self.pause, **{"queue_limit": 100, **more})

    async def pause(self, _seconds):
        self.paused.set()
        await self.go_on.wait()

    async def __aenter__(self):
        await self.orderer.write(*genesis("pmcb", 0))
        return self

    async def __aexit__(self, *_):
        self.go_on.set()
        await self.orderer.close()
        self.store.close()


def message(tx_id, key="k", data=b"1"):
    rw = ReadWriteSet(writes=((key, data),))
    return Ordered(note("pmcb", encode("notes", rw), 0), tx_id, 0, rw)


async def test_a_full_queue_takes_nothing_more(tmp_path):
    """Beyond its limit the queue says so; what it took before is committed."""
    async with Running(tmp_path, queue_limit=2) as running:
        running.orderer.submit(message("1"))
        running.orderer.submit(message("2"))
        with pytest.raises(QueueFull):
            running.orderer.submit(message("3"))
        running.orderer.start()
        assert (await running.orderer.status("2")).code == 0
        running.orderer.submit(message("3"))
        assert (await running.orderer.status("3")).block == 2


async def test_a_block_is_cut_when_the_committer_is_idle(tmp_path):
    """What waits together is committed together; one alone does not wait."""
    async with Running(tmp_path) as running:
        for tx_id in "abc":
            running.orderer.submit(message(tx_id))
        running.orderer.start()
        found = [await running.orderer.status(tx_id) for tx_id in "abc"]
        assert [(status.block, status.position) for status in found] == [(1, 0), (1, 1), (1, 2)]


async def test_blocks_are_bounded(tmp_path):
    """At most 500 messages or 2 MiB; one that is larger has a block of its own."""
    async with Running(tmp_path, queue_limit=2000) as running:
        for number in range(501):
            running.orderer.submit(message(f"small {number}"))
        big = b"x" * 1_500_000
        for number in range(2):
            running.orderer.submit(message(f"big {number}", data=big))
        running.orderer.submit(message("huge", data=big * 2))
        running.orderer.start()
        assert (await running.orderer.status("huge")).block == 4
        blocks = [await running.orderer.status(tx) for tx in ("small 499", "small 500", "big 0")]
        assert [status.block for status in blocks] == [1, 2, 2]
        assert (await running.orderer.status("big 1")).block == 3


async def test_one_per_block_is_one_per_block(tmp_path):
    """What tests ask for when order matters."""
    async with Running(tmp_path, one_per_block=True) as running:
        for tx_id in "abc":
            running.orderer.submit(message(tx_id))
        running.orderer.start()
        assert [(await running.orderer.status(tx_id)).block for tx_id in "abc"] == [1, 2, 3]


async def test_the_first_status_of_a_transaction_is_told(tmp_path):
    """A second copy is a duplicate in its block, and whoever asks hears of the first."""
    async with Running(tmp_path, one_per_block=True) as running:
        running.orderer.start()
        running.orderer.submit(message("tx"))
        first = await running.orderer.status("tx")
        running.orderer.submit(message("tx"))
        running.orderer.submit(message("last"))
        await running.orderer.status("last")
        assert await running.orderer.status("tx") == first
        assert (first.code, running.store.height) == (0, 4)


async def test_nobody_is_told_before_the_block_is_on_disk(tmp_path, monkeypatch):
    """Neither who waits for it nor who follows the ledger; the commit is synchronised."""
    disk = threading.Event()
    async with Running(tmp_path) as running:
        assert running.store._env.flags()["sync"]
        commit = running.store.commit
        monkeypatch.setattr(running.store, "commit", lambda write: disk.wait() and commit(write))
        told = [asyncio.ensure_future(running.orderer.status("tx"))]
        told.append(asyncio.ensure_future(running.orderer.block(1)))
        running.orderer.submit(message("tx"))
        running.orderer.start()
        while running.orderer._queue:
            await asyncio.wait(told, timeout=0)
        await asyncio.wait(told, timeout=0.05)
        assert not any(each.done() for each in told)
        disk.set()
        status, _ = await asyncio.gather(*told)
        assert (status.block, running.store.current.status("tx")) == (1, status)


async def test_a_waiter_that_gives_up_leaves_nothing_behind(tmp_path):
    """A cancelled CommitStatus is forgotten; another one for the same transaction is not."""
    async with Running(tmp_path) as running:
        first = asyncio.create_task(running.orderer.status("tx"))
        second = asyncio.create_task(running.orderer.status("tx"))
        await asyncio.wait({first}, timeout=0)
        first.cancel()
        await asyncio.wait({first})
        running.orderer.submit(message("tx"))
        running.orderer.start()
        assert (await second).code == 0
        assert not running.orderer._waiting


async def test_a_bad_message_does_not_stop_the_committer(tmp_path, caplog):
    """A batch that cannot be processed is dropped with a line in the log; the next one is not.

    Whoever waits for the dropped one is told at once, and whoever asks later too.
    """
    async with Running(tmp_path, one_per_block=True) as running:
        nothing: Any = None
        running.orderer.submit(Ordered(nothing, "bad", 0, ReadWriteSet()))
        running.orderer._cut = _unsized(running.orderer)
        waiting = asyncio.create_task(running.orderer.status("bad"))
        await asyncio.wait({waiting}, timeout=0)
        running.orderer.start()
        for call in (waiting, running.orderer.status("bad")):
            with pytest.raises(BlockDropped):
                await asyncio.wait_for(call, 5)
        running.orderer.submit(message("good"))
        assert (await running.orderer.status("good")).code == 0
        running.orderer.submit(message("bad"))
        assert (await running.orderer.status("bad")).code == 0
    assert "was dropped" in caplog.text


def _unsized(orderer):
    """The real cut takes sizes; this one lets a message without bytes through to the block."""

    def cut():
        batch = [orderer._queue.popleft()]
        if not orderer._queue:
            orderer._filled.clear()
        return batch

    return cut


async def test_a_full_disk_stops_submits_and_loses_nothing(tmp_path, caplog):
    """While the disk refuses, submit says so in one sentence; afterwards the block is there."""
    async with Running(tmp_path) as running:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        size = (tmp_path / "data.mdb").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            running.orderer.submit(message("tx", data=b"x" * 1_000_000))
            running.orderer.start()
            await running.paused.wait()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        with pytest.raises(StorageFailed, match="the ledger cannot be written: file too large"):
            running.orderer.submit(message("other"))
        assert running.store.height == 1
        running.go_on.set()
        assert (await running.orderer.status("tx")).code == 0
        running.orderer.submit(message("other"))
        assert (await running.orderer.status("other")).code == 0
        assert len(running.store.current.get("k").data) == 1
    assert "trying again" in caplog.text


async def test_a_map_that_is_full_grows_under_the_committer(tmp_path):
    """Nobody notices: the block is simply committed."""
    async with Running(tmp_path, map_bytes=1 << 18) as running:
        running.orderer.start()
        running.orderer.submit(message("tx", data=b"x" * (1 << 20)))
        assert (await running.orderer.status("tx")).code == 0
        assert running.store._map_bytes > 1 << 20


async def test_closing_commits_what_was_accepted(tmp_path):
    """A graceful end leaves no accepted transaction behind."""
    async with Running(tmp_path) as running:
        running.orderer.start()
        for number in range(50):
            running.orderer.submit(message(f"{number}"))
    store = Store(tmp_path)
    assert len(dict(store.current.statuses())) == 50
    store.close()


async def test_the_lagging_snapshot_stays_one_block_behind(tmp_path):
    """For peers at different heights."""
    async with Running(tmp_path, keep_lagging=True, one_per_block=True) as running:
        running.orderer.start()
        for number in range(3):
            running.orderer.submit(message(f"{number}", data=b"%d" % number))
            await running.orderer.status(f"{number}")
        assert running.store.current.get("k").data == b"2"
        assert running.orderer.lagging.get("k").data == b"1"
