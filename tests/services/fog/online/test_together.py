# SPDX-License-Identifier: Apache-2.0
"""A gateway, its broker, and `pmcb fog worker` in processes that are killed -9."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.services.fog.online.hall import Ledger, _no_events
from tests.services.fog.online.waiting import until

from pmcb_benchmarks._fog_device import Adapter
from pmcb_benchmarks._fog_drill import fog_kills, sound
from pmcb_client.http_identity import Caller
from pmcb_services.fog.client import submission
from pmcb_services.fog.online import Gateway, GatewaySettings, Order, SqliteDatabase, Store, Vault
from pmcb_services.fog.online import audit_store as audited
from pmcb_services.fog.online._bodies import Submission
from pmcb_services.fog.online._broker import Broker

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]

OPERATOR = Caller("HospitalAMSP", "operator", "institution")
DOCTOR = Caller("HospitalAMSP", "worker", "worker")
PUMP = "HospitalAMSP/pump-3"
SETTINGS = GatewaySettings(lease_s=3.0, beat_s=0.5)
OPEN = {"NEW", "QUEUED", "STARTED"}


class Workers:
    """Processes, by server."""

    def __init__(self, home: Path, adapter: Adapter) -> None:
        self.home, self.adapter = home, adapter
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, server):
        """It serves after a while."""
        devices = self.home / f"{server}.toml"
        devices.write_text(f'["{PUMP}"]\nurl = "{self.adapter.url}/{server}"\n')
        command = [str(Path(sys.executable).with_name("pmcb")), "--home", str(self.home)]
        command += ["fog", "worker", "--server", server, "--speed", "20000"]
        with (self.home / "log").open("ab") as log:
            self.running[server] = subprocess.Popen(
                [*command, "--devices", str(devices)], stdout=log, stderr=log
            )

    def kill(self, server):
        """-9, and start again."""
        self.running[server].kill()
        self.running[server].wait()
        self.start(server)

    def end(self):
        """All of them."""
        for process in self.running.values():
            process.kill()
            process.wait()


@contextmanager
def fog(tmp_path):
    """Two workers, and a device that notes what happens to its patient."""
    with ExitStack() as stack:
        workers = Workers(tmp_path, stack.enter_context(Adapter()))
        stack.callback(workers.end)
        for server in ("ward-1", "ward-2"):
            workers.start(server)
        yield workers


async def test_whatever_is_killed_every_order_is_done_once(tmp_path):
    """Workers at random, one between an effect and its commit, the broker, and its files."""
    draws = random.Random(1)
    places = tmp_path / "fog"
    async with (
        Store(SqliteDatabase(places / "orders.sqlite3")) as store,
        Broker(places / "broker") as broker,
        Gateway(
            store,
            Vault(bytes(32)),
            Ledger(),
            _no_events,
            broker.address,
            owner=OPERATOR.msp_id,
            settings=SETTINGS,
        ) as gateway,
    ):
        states = {}

        async def order(number):
            if number % 3:
                said = submission(f"o{number}", "compute.test", length=draws.uniform(500, 4000))
                caller = OPERATOR
            else:
                how = {"subject": PUMP, "command": "dose"}
                said, caller = submission(f"o{number}", "device.control", b"5 ml", **how), DOCTOR
            [found] = await gateway.desk.submit(caller, [Submission(**said)])
            assert isinstance(found, Order)
            states[found.id] = found.state

        async def look():
            found = await store.read(lambda session: [session.get(name) for name in states])
            states.update((each.id, each.state) for each in found)
            return not OPEN & {*states.values()}

        with fog(tmp_path) as workers:
            effects = workers.adapter.effects

            def dies(server):
                os.kill(workers.running[server].pid, signal.SIGKILL)

            workers.adapter.after = dies
            blows = [
                lambda: workers.kill(effects[0].server),
                lambda: os.kill(broker.pid, signal.SIGKILL),
                lambda: workers.kill("ward-2"),
                lambda: (places / "broker" / "jetstream").rename(places / "lost"),
            ]
            for number in range(32):
                await order(number)
                if number % 8 == 7:
                    await until(lambda: effects, "an effect", within_s=60.0)
                    blows.pop(0)()
            ends = time.monotonic() + 60
            while not await look():
                assert time.monotonic() < ends, states
                await asyncio.sleep(0.05)
        found = await audited(store)
    assert not found.findings
    assert found.orders == 32
    assert found.states.keys() <= {"DONE", "UNKNOWN"}
    assert states[effects[0].order] == "UNKNOWN"  # its worker was killed before the commit
    done = {effect.order for effect in effects}
    assert len(done) == len(effects)
    assert {name for name, state in states.items() if state == "DONE" and _controls(name)} <= done


def _controls(name):
    return int(name[1:]) % 3 == 0


@pytest.mark.stress
@pytest.mark.timeout(1800)
def test_25_kills_of_a_whole_site(tmp_path):
    """Gateway and planner, too, each the command of its own: nothing is lost, nothing repeated."""
    found = fog_kills(tmp_path, kills=25)
    assert sound(found), found
    assert found["kills"] == 25
