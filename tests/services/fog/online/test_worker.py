# SPDX-License-Identifier: Apache-2.0
"""A fog worker over a real broker, with a real child, against a gateway of a few lines."""

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest
from tests.services.fog.online.small_gateway import SmallGateway
from tests.services.fog.online.waiting import until

from pmcb_benchmarks._fog_device import Adapter
from pmcb_services.fog.errors import StaleEpoch
from pmcb_services.fog.online._broker import Broker
from pmcb_services.fog.online._connection import Connection
from pmcb_services.fog.online._messages import Register
from pmcb_services.fog.online._places import Places
from pmcb_services.fog.online._runner import Runner
from pmcb_services.fog.online._spool import Entry, Spool
from pmcb_services.fog.online._tasks import end
from pmcb_services.fog.online._worker import Worker

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]

WARD = Register(server="ward-1", token="t", kinds=(), speed_mips=1000.0)


class Served(NamedTuple):
    """A worker that serves, its child's runner, and the task."""

    worker: Worker
    runner: Runner
    task: asyncio.Task[None]


@pytest.fixture
async def gateway(tmp_path):
    """A broker and a gateway."""
    async with Broker(tmp_path / "broker") as broker, Connection(broker.address) as connection:
        small = SmallGateway(connection, broker)
        await small.open()
        yield small


@asynccontextmanager
async def worker(gateway, folder, *, places=None):
    """A worker that serves; ended when the block is left."""
    address = gateway.broker.address
    async with Connection(address) as connection, Runner(places or Places()) as runner:
        made = Worker(WARD, connection, runner, Spool(folder / "spool"))

        async def serve():
            await made.register()
            await made.run()

        task = asyncio.create_task(serve())
        try:
            yield Served(made, runner, task)
        finally:
            await end(task)


async def running(gateway, name):
    """Once the worker beats for an order."""

    def beats():
        return any(name == order for beat in gateway.beats for order, _ in beat.orders)

    await until(beats, "a beat")


async def test_an_offer_of_an_old_epoch_is_dropped(gateway, tmp_path):
    """What is offered to somebody else by now is not run, and the next order is."""
    await gateway.order("withdrawn", epoch=2)
    await gateway.stream.offer("withdrawn", "ward-1", 1)
    async with worker(gateway, tmp_path):
        assert (await gateway.committed("withdrawn")).epoch == 2
        await gateway.order("next")
        await gateway.committed("next")
    assert len(gateway.orders["withdrawn"].commits) == 1


async def test_an_order_without_a_handler_fails(gateway, tmp_path):
    """The submitter is told why."""
    async with worker(gateway, tmp_path):
        await gateway.order("odd", kind="retrieval.query")
        commit = await gateway.committed("odd")
    assert (commit.outcome, commit.result) == ("failed", b"UNKNOWN_KIND")


async def test_a_second_worker_of_a_server_ends_the_first(gateway, tmp_path):
    """Who is fenced stops, and says so."""
    async with worker(gateway, tmp_path) as first:
        gateway.fenced = True
        with pytest.raises(StaleEpoch):
            await first.task


async def test_replies_that_are_lost_are_asked_for_again(gateway, tmp_path, monkeypatch):
    """A claim that is repeated carries its token; a commit is repeated until it is answered."""
    monkeypatch.setattr("pmcb_services.fog.online._calls.ANSWER_S", 0.2)
    gateway.deaf = {"register": 1, "claim": 1, "commit": 2}
    await gateway.order("o")
    async with worker(gateway, tmp_path):
        commit = await gateway.committed("o")
    assert commit.outcome == "done"
    assert len({claim.token for claim in gateway.claims}) == 1


async def test_a_lease_that_is_lost_ends_the_handler(gateway, tmp_path):
    """The child is killed; the next order is run by another."""
    async with worker(gateway, tmp_path) as made:
        await gateway.order("long", predicted_s=60.0)
        await running(gateway, "long")
        child = made.runner.pid
        gateway.lost.add("long")
        assert (await gateway.committed("long")).outcome == "unknown"
        await gateway.order("next")
        assert (await gateway.committed("next")).outcome == "done"
        assert made.runner.pid != child


async def test_an_order_is_renewed_until_its_commit_is_answered(gateway, tmp_path, monkeypatch):
    """A gateway that is slow to commit does not lose it; what has ended is not killed any more."""
    monkeypatch.setattr("pmcb_services.fog.online._calls.ANSWER_S", 0.5)
    gateway.deaf = {"commit": 2}
    async with worker(gateway, tmp_path) as made:
        child = made.runner.pid
        await gateway.order("o")
        await until(lambda: gateway.deaf["commit"] == 1, "a commit")
        gateway.lost.add("o")
        gateway.beats.clear()
        await running(gateway, "o")
        assert (await gateway.committed("o")).outcome == "done"
        await until(lambda: not gateway.beats[-1].orders, "a beat for nothing")
        assert made.runner.pid == child


async def test_a_child_that_dies_leaves_the_outcome_unknown(gateway, tmp_path):
    """Whatever an order does to its process, the worker goes on."""
    async with worker(gateway, tmp_path) as made:
        await gateway.order("deadly", predicted_s=60.0)
        await running(gateway, "deadly")
        os.kill(made.runner.pid, signal.SIGKILL)
        assert (await gateway.committed("deadly")).outcome == "unknown"
        await gateway.order("next")
        assert (await gateway.committed("next")).outcome == "done"


async def test_a_child_ends_with_its_lease(gateway, tmp_path):
    """Where no beat is answered it does not wait for its worker, which may be paused."""
    gateway.here = gateway.here.__class__(incarnation=1, lease_s=2.0, beat_s=0.2)
    async with worker(gateway, tmp_path):
        await gateway.order("long", predicted_s=60.0)
        await running(gateway, "long")
        gateway.deaf = {"beat": 1000}
        async with asyncio.timeout(15):
            assert (await gateway.committed("long")).outcome == "unknown"


async def test_what_a_dead_worker_began_is_unknown_and_what_it_ended_is_told(gateway, tmp_path):
    """The spool speaks for it, to the last word."""
    for name in ("begun", "ended"):
        await gateway.order(name, on_unknown="hold", kind="device.control")
    spool = Spool(tmp_path / "spool")
    spool.intend("begun", 1)
    spool.conclude("ended", 1, "done", b"pumped")
    async with worker(gateway, tmp_path):
        assert (await gateway.committed("begun")).outcome == "unknown"
        commit = await gateway.committed("ended")
        assert (commit.outcome, commit.result) == ("done", b"pumped")
        await until(lambda: not [*(tmp_path / "spool").glob("*.order")], "an empty spool")


async def test_an_effect_is_noted_before_and_after_it_happens(gateway, tmp_path):
    """Whatever dies then, the next worker tells how far it came; what may rerun is not noted."""
    seen: list[Entry] = []
    spool = Spool(tmp_path / "spool")
    devices = tmp_path / "devices.toml"
    with Adapter() as adapter:
        devices.write_text(f'["A/pump"]\nurl = "{adapter.url}/ward-1"')
        adapter.after = lambda _: seen.extend(spool.entries())
        gateway.deaf = {"commit": 1}
        async with worker(gateway, tmp_path, places=Places(devices=str(devices))):
            how = {"kind": "device.control", "subject": "A/pump", "on_unknown": "hold"}
            await gateway.order("dose", **how)
            done = Entry("dose", 1, "done", b"")
            await until(lambda: [*spool.entries()] == [done], "the outcome")
        assert seen == [Entry("dose", 1, "unknown", b"")]
        assert not gateway.orders["dose"].commits
        async with worker(gateway, tmp_path):  # the first died before its commit was heard
            assert (await gateway.committed("dose")).outcome == "done"
            await gateway.order("test", predicted_s=0.2)
            await running(gateway, "test")
            assert not [*spool.entries()]
    assert len(adapter.effects) == 1


async def test_a_worker_that_is_stopped_ends_its_order_first(gateway, tmp_path):
    """Nothing is lost by stopping, and nothing more is begun."""
    async with worker(gateway, tmp_path) as made:
        await gateway.order("last", predicted_s=1.0)
        await running(gateway, "last")
        made.worker.stop()
        await gateway.order("waits")
        await made.task
    assert gateway.orders["last"].commits[0].outcome == "done"
    assert not gateway.orders["waits"].commits


async def test_a_signal_to_all_of_a_worker_does_not_end_the_order(gateway, tmp_path):
    """Whoever stops services tells their children, too: the order is ended first."""
    async with worker(gateway, tmp_path) as made:
        await gateway.order("last", predicted_s=0.3)
        await running(gateway, "last")
        for number in (signal.SIGTERM, signal.SIGINT):
            os.kill(made.runner.pid, number)
        assert (await gateway.committed("last")).outcome == "done"


async def test_a_broker_that_dies_delays_only(gateway, tmp_path):
    """Worker and gateway find it again, whatever they were about."""
    async with worker(gateway, tmp_path):
        await gateway.order("during", predicted_s=0.5)
        await running(gateway, "during")
        os.kill(gateway.broker.pid, signal.SIGKILL)
        assert (await gateway.committed("during")).outcome == "done"
        await until(lambda: gateway.stream.connected, "the broker")
        await gateway.order("after")
        assert (await gateway.committed("after")).outcome == "done"
