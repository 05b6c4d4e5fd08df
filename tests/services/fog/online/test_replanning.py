# SPDX-License-Identifier: Apache-2.0
"""Plans made anew while orders wait, in a process of their own."""

import asyncio
import os
import signal
from functools import partial
from typing import Any

import numpy as np
import pytest
from tests.services.fog.online.hall import Clock, Hall, order

from pmcb_services.fog.errors import ScenarioError
from pmcb_services.fog.online import (
    GatewaySettings,
    Order,
    Server,
    SqliteDatabase,
    Store,
    Vault,
    audit_store,
)
from pmcb_services.fog.online._core import Core
from pmcb_services.fog.online._planner import Planner
from pmcb_services.fog.online._replanning import Replanning
from pmcb_services.fog.online._session import Session

SCENARIO = {
    "schema": "pmcb-fog/1",
    "servers": [{"id": "a", "speed": 1000}, {"id": "b", "speed": 1000}],
    "orders": [{"id": "x", "length": 2000}, {"id": "y", "length": 2000}],
}


@pytest.fixture(scope="module")
def anyio_backend():
    """For all tests of the module."""
    return "asyncio"


@pytest.fixture(scope="module")
async def planning(tmp_path_factory, anyio_backend):
    """A gateway whose planner is warm."""
    made = Hall(SqliteDatabase(tmp_path_factory.mktemp("store") / "o.sqlite3"))
    async with made.serving() as hall:
        yield hall


async def placed(hall, server):
    """How many orders wait for a server."""
    return sum(1 for each in hall.gateway.core.board.orders.values() if each.server == server)


async def until(told):
    """Returns once it is so."""
    async with asyncio.timeout(60):
        while not await told():  # noqa: ASYNC110 - what is told is not told by an event
            await asyncio.sleep(0.02)


async def test_a_server_that_comes_late_takes_over_its_share(planning):
    """With a certificate of the plan, also after the planner was killed."""
    await planning.server("a")
    operator = planning.client("operator")
    await operator.submit_many([order(f"o{n}", deadline_ms=0) for n in range(20)])
    assert await placed(planning, "a") == 20
    await planning.server("b")

    async def shared():
        return await placed(planning, "b") >= 8

    await until(shared)
    plan = await operator.plan()
    assert plan is not None
    assert plan["certificate"]["bound"] <= plan["certificate"]["cost"]
    assert set(plan["assignment"].values()) == {"a", "b"}
    assert (await audit_store(planning.store)).findings == ()
    shift = planning.gateway.shift
    pid = shift._planner.pid
    os.kill(pid, signal.SIGKILL)
    await planning.server("c")

    async def shared_again():
        return await placed(planning, "c") >= 4 and shift._planner.pid not in {None, pid}

    await until(shared_again)


async def test_a_scenario_is_planned_and_nothing_kept(planning, monkeypatch):
    """Its plan is what `pmcb fog plan` finds; a malformed one is refused by its place."""
    monkeypatch.setattr(planning.gateway, "planner", planning.gateway.shift._planner)  # is warm
    worker = planning.client("worker")
    found = await worker.planned(SCENARIO, algorithm="lpt")
    assert sorted(found["assignment"].values()) == ["a", "b"]
    assert found["makespan"] == 2.0
    for changes, pointer in (
        ({"servers": [{"id": "a", "speed": 0}]}, "/servers/0/speed"),
        ({"etc": "/etc/passwd"}, "/etc"),
        ({"arrivals": {"process": "poisson", "rate": 1, "horizon": 9, "mix": {}}}, "/arrivals"),
    ):
        with pytest.raises(ScenarioError) as caught:
            await worker.planned({**SCENARIO, **changes})
        assert caught.value.field == pointer


async def test_no_planner_starts_while_nothing_waits(tmp_path):
    """It would hold 200 MiB of a fog that is idle."""
    async with Store(SqliteDatabase(tmp_path / "store" / "o.sqlite3")) as store, Planner() as none:
        core = Core(store, Vault(bytes(32)), GatewaySettings(), clock=Clock().now_ms)
        core.board.serve(Server(id="a", speed=1000, busy_w=10, idle_w=6), draining=False, up=True)
        core.board.prices = np.ones(1)
        core.unsettled.set()
        running = asyncio.create_task(Replanning(core, none, dict).run())

        async def looked():
            return not core.board.prices.any()

        await until(looked)
        assert none.pid is None
        running.cancel()


class Here(Planner):
    """A planner in this process."""

    @property
    def pid(self):
        """Its own."""
        return os.getpid()

    async def call(self, work, *words, within_s=0.0):
        """At once."""
        return work(*words)


@pytest.fixture
async def three(tmp_path):
    """A core whose servers a and b have orders, and a quicker one that has none."""
    async with Store(SqliteDatabase(tmp_path / "store" / "o.sqlite3")) as store:
        core = Core(store, Vault(bytes(32)), GatewaySettings(), clock=Clock().now_ms)
        for name, speed in (("a", 1000), ("b", 1000), ("c", 9000)):
            server = Server(id=name, speed=speed, busy_w=10, idle_w=6)
            core.board.serve(server, draining=False, up=True)
        said: dict[str, Any] = {"kind": "compute.test", "order_class": "upload", "body_sha256": ""}
        for name, length in (("offered", 9000.0), ("late", 8000.0), ("next", 1000.0)):
            new = Order(id=name, submitter="A/b", length=length, **said)
            after = new.placed("a" if name == "offered" else "b", length / 1000, 1)
            await store.run(partial(Session.add, order=new, payload=b"", after=after))
            core.took([after])
        yield core


async def test_what_is_offered_stays_where_it_is(three):
    """Though another server would be quicker; its time is counted, and the others may move."""
    offered = {"offered": three.board.orders["offered"]}
    await Replanning(three, Here(), lambda: offered)._once()
    servers = {each.id: each.server for each in three.board.orders.values()}
    assert servers["offered"] == "a"
    assert "c" in servers.values()
    assert servers["next"] != "a"


async def test_nothing_is_moved_to_a_server_that_went_down_meanwhile(three):
    """The plan was made before, and takes its time until it is carried out."""

    class Slow(Here):
        async def call(self, work, *words, within_s=0.0):
            """The quick server dies before the answer."""
            found = work(*words)
            three.board.fleet.up[three.board.at("c")] = False
            return found

    replanning = Replanning(three, Slow(), dict)
    await replanning._once()
    assert replanning.newest is not None
    assert "c" in replanning.newest["assignment"].values()
    assert "c" not in {each.server for each in three.board.orders.values()}
