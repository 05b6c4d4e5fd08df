# SPDX-License-Identifier: Apache-2.0
"""Three hosts of one network, and what their operators type: namespaces with a home each."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.fabric import ROOT, programs
from tests.network.fabric.namespaces import Machine, machines
from tests.network.shell import PMCB

from pmcb_network.fabric import _nodes
from pmcb_network.fabric._package import package_id
from pmcb_network.fabric._topology_file import preset

MSPS = ("HospitalAMSP", "HospitalBMSP", "InstituteMSP")
PORT = 22_900  # of a contract's server on every host
# Endorsed by all three, ordered by at least two.
HEAD = preset("dev").split("[blocks]")[0].replace("MAJORITY", "AND") + "port_base = 21000\n"
BLOCKS = "[blocks]" + preset("dev").split("[blocks]")[1].split("[[organisations]]")[0]
CALL = """
import asyncio, sys
from dataclasses import replace
from pmcb_client.errors import LedgerError
from pmcb_client.gateway import connect_network
from pmcb_client.network_file import load
from pmcb_client.wallet import Wallet

async def main(home, label, msp, contract, how, *words):
    network, held = load(f"{home}/network.json"), Wallet(f"{home}/wallet").get(label)
    door = network.org(msp)
    mine = replace(network.org(held.msp_id), gateway=door.gateway, tls_ca=door.tls_ca)
    async with connect_network(replace(network, orgs=(mine,)), held) as gateway:
        called = gateway.network(network.channel).contract(contract)
        try:
            print("ok", (await getattr(called, how)(*words)).decode())
        except LedgerError as error:
            print(type(error).__name__, error)

asyncio.run(main(*sys.argv[1:]))
"""


@dataclass
class Host:
    """One organisation's machine, as its operator sees it."""

    machine: Machine
    msp: str
    folder: Path
    said: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def bundle(self) -> Path:
        """Where its bundle is written; the others read it there."""
        return self.folder / f"{self.msp}.json"

    def pmcb(self, *words: str, check: int = 0, step: str = "") -> str:
        """A command on it; what it said is kept under the step's name."""
        done = self.machine.run(*PMCB, *words, PMCB_HOME=str(self.home))
        assert done.returncode == check, done.stdout + done.stderr
        self.said[step] = done.stdout + done.stderr
        return done.stdout

    def enrol(self, label: str) -> None:
        """Somebody who can do what anybody can."""
        self.pmcb("id", "enroll", label, "--org", self.msp, "--role", "releaser")

    def call(
        self,
        label: str,
        *words: str,
        how: str = "submit",
        through: str = "",
        contract: str = "pmcb",
    ) -> str:
        """What a contract answers through a gateway, by default this organisation's own.

        ``ok`` and the result, or the error's class and words.
        """
        door = through or self.msp
        told = (str(self.home), label, door, contract, how, *words)
        done = self.machine.run(sys.executable, "-c", CALL, *told)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @contextmanager
    def serving(self, module: str, label: str) -> Iterator[None]:
        """A contract's server, on a port of loopback."""
        settings = {
            "CHAINCODE_ID": package_id(label),
            "CHAINCODE_SERVER_ADDRESS": f"127.0.0.1:{PORT}",
            "PYTHONPATH": str(ROOT),
        }
        process = self.machine.start(sys.executable, "-m", module, **settings)
        try:
            _nodes.wait(
                f"{module} to serve",
                lambda: f":{PORT} " in self.machine.run("ss", "-Hltn").stdout,
                within_s=30,
            )
            yield
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


@contextmanager
def three_hosts(folder: Path) -> Iterator[list[Host]]:
    """Brought up as their operators would; at the end nothing of them is left."""
    programs()
    with machines(len(MSPS)) as made:
        orgs = [
            f'[[organisations]]\nmsp = "{msp}"\nca = "{m.address}"\n'
            f'orderers = ["{m.address}"]\npeers = ["{m.address}"]\n'
            for msp, m in zip(MSPS, made, strict=True)
        ]
        (folder / "t.toml").write_text(HEAD + BLOCKS + "\n".join(orgs))
        hosts = [Host(m, msp, folder / msp) for m, msp in zip(made, MSPS, strict=True)]
        _bring_up(*hosts)
        yield hosts
        for host in hosts:
            host.pmcb("network", "reset", "--yes")
            assert host.machine.processes() == []


def _bring_up(first: Host, *others: Host) -> None:
    """The operators' way of docs/operator.md, step by step."""
    for host in (first, *others):
        host.folder.mkdir()
        named = ("--topology", str(host.folder.parent / "t.toml"), "--host", host.machine.address)
        host.pmcb("network", "up", "--fabric", *named, check=3, step="enrolled")
    for host in others:
        host.pmcb("network", "org", "export", host.msp, str(host.bundle()))
        first.pmcb("network", "org", "import", str(host.bundle()), step="imported")
    first.pmcb("network", "up", check=3, step="made")
    first.pmcb("network", "org", "export", first.msp, str(first.bundle()))
    for host in others:
        host.pmcb("network", "org", "import", str(first.bundle()), step="imported")
        host.pmcb("network", "up", check=3, step="approved")
    for host in (first, *others):
        host.pmcb("network", "up", step="runs")
