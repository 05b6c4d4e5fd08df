# SPDX-License-Identifier: Apache-2.0
"""An order gateway with its fog workers, each the process that ``pmcb fog`` starts."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from pmcb_client.network_file import NetworkFile, load, save
from pmcb_client.wallet import Wallet, WalletIdentity

from ._child import Child, child
from ._network import RunningNetwork, network_process
from ._people import people_of

__all__ = ["DEVICE", "FogSite", "fog_site"]

DEVICE = "pump"
COMMAND = "dose"
_DAY_MS = 24 * 3600 * 1000
_WITHIN_S, _END_S = 60.0, 15.0
_TRIES = 10


class FogSite:
    """A home in which an institution's gateway and its workers run, and may be killed.

    Attributes:
        home: of all of them.
        device: the device's id.
        operator, doctor: who may test and decide, and who commands the device.
        servers: ids of the servers.
    """

    def __init__(self, home: Path, forks: Child, servers: int, speed: float) -> None:
        self.home = home
        self.servers = [f"server-{number}" for number in range(1, servers + 1)]
        self._speed = speed
        self._log = home / "log"
        self._running: dict[str, int] = {}
        self._forks, self._asking = forks, threading.Lock()
        self.port = 0

    async def enrol(self, network: RunningNetwork) -> None:
        """An institution, and a doctor whom it lets command its device."""
        save(self.home / "network.json", network.file)
        (self.home / "wallet").mkdir(mode=0o700)
        msp = network.file.orgs[0].msp
        self.device = f"{msp}/{DEVICE}"
        async with people_of(network.file, network.registrars) as people:
            (records,) = await people.enrol(msp, ["records"], "institution")
            (doctor,) = await people.enrol(msp, ["doctor"], "worker")
            now_ms = time.time_ns() // 1_000_000
            scope = {
                "datasets": [],
                "devices": {self.device: [COMMAND]},
                "purpose": "treatment",
                "not_before": now_ms - _DAY_MS,
                "expires": now_ms + _DAY_MS,
            }
            contract = people.contract(records)
            words = (secrets.token_hex(16), msp, "doctor", json.dumps(scope))
            await contract.submit("grant_retrieval", *words)
        wallet = Wallet(self.home / "wallet")
        for label, person in (("records", records), ("doctor", doctor)):
            wallet.put(label, person.identity, person.private_key)
        self.operator, self.doctor = wallet.get("records"), wallet.get("doctor")

    def network(self) -> NetworkFile:
        """With the gateway's address."""
        return load(self.home / "network.json")

    def person(self, kind: str) -> WalletIdentity:
        """Who submits orders of a kind."""
        return self.doctor if kind == "device.control" else self.operator

    def start_gateway(self) -> None:
        """It answers once this returns; at the same address each time.

        As whoever watches over it would, this starts it again where the ledger was too busy.
        """
        for _ in range(_TRIES):
            said = self._start("gateway", "records", "serve", "--port", str(self.port))
            if "url" in said:
                self.port = int(said["url"].rpartition(":")[2])
                return
        raise RuntimeError(f"the gateway does not start: {said}")

    def start_worker(self, server: str, adapter: str, *, wait: bool = True) -> None:
        """It serves, or will, where it is not waited for."""
        devices = self.home / f"{server}.toml"
        devices.write_text(f'["{self.device}"]\nurl = "{adapter}/{server}"\n')
        words = ["worker", "--server", server, "--speed", str(self._speed)]
        self._start(server, "records", *words, "--devices", str(devices), wait=wait)

    def pid(self, name: str) -> int:
        """Of the gateway, or a server's worker; 0 where it was not started."""
        return self._running.get(name, 0)

    def serves(self, name: str) -> bool:
        """Whether what was started last under this name has said that it is ready."""
        out = self._out(name)
        return out.exists() and out.read_text().endswith("\n")

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End it alone; returns once it is gone.

        Raises:
            TimeoutError: it does not go.
        """
        pid = self._running.pop(name, 0)
        ends = time.monotonic() + _END_S
        while pid and psutil.pid_exists(pid):
            if time.monotonic() > ends + _END_S:
                raise TimeoutError(f"{name} does not end")
            with suppress(ProcessLookupError):
                os.kill(pid, how if time.monotonic() < ends else signal.SIGKILL)
            time.sleep(0.01 if how is signal.SIGKILL else 0.5)

    def planner(self) -> int:
        """The planner's pid; 0 where there is none now."""
        with suppress(psutil.Error):
            for each in psutil.Process(self.pid("gateway")).children():
                if "serve(" in " ".join(each.cmdline()):
                    return each.pid
        return 0

    def broker(self) -> int:
        """The broker's pid; 0 where there is none now."""
        with suppress(OSError, ValueError, psutil.Error):
            name = json.loads((self.broker_folder / "run.json").read_bytes())["name"]
            pid = int((self.broker_folder / f"{name}.pid").read_text())
            if "nats-server" in psutil.Process(pid).name():
                return pid
        return 0

    @property
    def broker_folder(self) -> Path:
        """Where the broker keeps its files."""
        return self.home / "fog" / "broker"

    def close(self) -> None:
        """End all of them; the gateway ends its broker."""
        for server in self.servers:
            self.kill(server)
        self.kill("gateway", signal.SIGTERM)
        if left := self.broker():
            os.kill(left, signal.SIGKILL)

    def pmcb(self, *words: str) -> dict[str, object]:
        """What a command of the operator tells, whatever it ends with."""
        program = str(Path(sys.executable).with_name("pmcb"))
        command = [program, *self._words("records", *words)]
        done = subprocess.run(command, capture_output=True, check=False, timeout=_WITHIN_S)
        if not done.stdout:
            raise RuntimeError(done.stderr.decode()[-500:])
        found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
        return found

    def _start(self, name: str, label: str, *words: str, wait: bool = True) -> dict[str, str]:
        out = self._out(name)
        with self._asking:
            asked = json.dumps([str(out), str(self._log), *self._words(label, *words)])
            self._running[name] = int(self._forks.ask(asked))
        ends = time.monotonic() + _WITHIN_S
        while wait:
            if self.serves(name):
                found: dict[str, str] = json.loads(out.read_text().splitlines()[0])
                return found
            if time.monotonic() > ends or not psutil.pid_exists(self._running[name]):
                raise RuntimeError(f"{name} did not start; its log is {self._log}")
            time.sleep(0.01)
        return {}

    def _out(self, name: str) -> Path:
        """What it says on its standard output."""
        return self.home / f"{name}.out"

    def _words(self, label: str, *words: str) -> list[str]:
        return ["--home", str(self.home), "--as", label, "--json", "fog", *words]


@contextmanager
def fog_site(folder: Path, *, servers: int, speed: float = 20_000.0) -> Iterator[FogSite]:
    """A ledger, a gateway and its enrolled people; the workers are started by whoever asks.

    Args:
        folder: an empty one.
        servers: how many there will be.
        speed: of each [MIPS].
    """
    home = folder / "home"
    home.mkdir()
    with network_process(folder / "network", "pmcb") as network, child("_fog_forks") as forks:
        site = FogSite(home, forks, servers, speed)
        try:
            asyncio.run(site.enrol(network))
            site.start_gateway()
            yield site
        finally:
            site.close()
