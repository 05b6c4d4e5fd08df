# SPDX-License-Identifier: Apache-2.0
"""One network over three hosts: each a network namespace with a home and an organisation."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.fabric import programs
from tests.network.fabric.namespaces import Machine, machines
from tests.network.shell import PMCB

from pmcb_network.fabric._topology_file import preset

pytestmark = [pytest.mark.fabric, pytest.mark.timeout(600)]

MSPS = ("HospitalAMSP", "HospitalBMSP", "InstituteMSP")
# Endorsed by all three, ordered by at least two.
HEAD = preset("dev").split("[blocks]")[0].replace("MAJORITY", "AND") + "port_base = 21000\n"
BLOCKS = "[blocks]" + preset("dev").split("[blocks]")[1].split("[[organisations]]")[0]
SUBMIT = """
import asyncio, sys
from pmcb_client.gateway import connect_network
from pmcb_client.network_file import load
from pmcb_client.wallet import Wallet

async def main(home, label):
    network = load(f"{home}/network.json")
    held = Wallet(f"{home}/wallet").get(label)
    async with connect_network(network, held) as gateway:
        await gateway.network(network.channel).contract(network.chaincode).submit("ping")

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
        assert done.returncode == check, done.stderr
        self.said[step] = done.stdout + done.stderr
        return done.stdout

    def submit(self, label: str) -> None:
        """A transaction through its own gateway."""
        done = self.machine.run(sys.executable, "-c", SUBMIT, str(self.home), label)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    """Three hosts, brought up as their operators would; at the end nothing of them is left."""
    programs()
    folder = tmp_path_factory.mktemp("hosts")
    with machines(len(MSPS)) as made:
        orgs = [
            f'[[organisations]]\nmsp = "{msp}"\nca = "{m.address}"\n'
            f'orderers = ["{m.address}"]\npeers = ["{m.address}"]\n'
            for msp, m in zip(MSPS, made, strict=True)
        ]
        (folder / "t.toml").write_text(HEAD + BLOCKS + "\n".join(orgs))
        hosts = [Host(m, msp, folder / msp) for m, msp in zip(made, MSPS, strict=True)]
        bring_up(*hosts)
        yield hosts
        for host in hosts:
            host.pmcb("network", "reset", "--yes")
            assert host.machine.processes() == []


def bring_up(first: Host, *others: Host) -> None:
    """The operators' way of docs/fabric.md, step by step."""
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


def test_every_step_says_who_goes_on(hosts):
    """What is missing, of whom, and what to type where."""
    first, second, third = hosts
    assert (
        "the bundle of HospitalBMSP (198.18.7.2), InstituteMSP (198.18.7.3)"
        in (first.said["enrolled"])
    )
    for host in (second, third):
        assert "the channel is made on 198.18.7.1 and is not here yet" in host.said["enrolled"]
        assert "pmcb network org export" in host.said["enrolled"]
        assert "and so is the channel" in host.said["imported"]
    assert "a leader among the orderers: not within" in first.said["made"]
    assert "run `pmcb network up` on the other hosts" in first.said["made"]
    assert "HospitalAMSP, InstituteMSP did not approve the contract" in second.said["approved"]
    assert "HospitalAMSP did not approve the contract" in third.said["approved"]
    assert "committing the contract" in first.said["runs"]


def test_a_transaction_through_each_gateway_is_endorsed_by_all(hosts):
    """The policy is AND: without the two other hosts' peers nothing would commit."""
    for host in hosts:
        label = host.msp.lower()
        host.pmcb("id", "enroll", label, "--org", host.msp, "--role", "releaser")
        host.submit(label)
    files = [json.loads((host.home / "network.json").read_bytes()) for host in hosts]
    for file in files:
        gateways = [org["gateway"] for org in file["orgs"]]
        assert gateways == [f"{host.machine.address}:21005" for host in hosts]
        for org in file["orgs"]:
            org["crl"] = ""  # each host asks its own CA only
    assert files[0] == files[1] == files[2]


def test_each_host_has_its_own_only(hosts):
    """Nodes, administrators, registrars; of the others, certificates."""
    for host in hosts:
        found = json.loads(host.pmcb("network", "status", "--json"))
        assert found["answers"]
        assert {node["id"].partition(".")[2] for node in found["nodes"]} == {host.msp}
        assert len(found["nodes"]) == 4
        assert len(host.machine.processes()) == 4
        registrars = [path.name for path in (host.home / "wallet").glob("registrar.*")]
        assert registrars == [f"registrar.{host.msp}.id"]
        orgs = host.home / "network" / "fabric" / "orgs"
        keys = {path.relative_to(orgs).parts[0] for path in orgs.rglob("*key*")}
        assert keys == {host.msp}


def test_no_key_is_in_a_bundle(hosts):
    """Line by line: whatever stands in a key file of its host stands in no bundle."""
    for host in hosts:
        content = host.bundle().read_bytes()
        assert b"PRIVATE" not in content
        keys = [path for path in host.home.rglob("*") if path.name in {"key.pem", "server.key"}]
        keys += (host.home / "network" / "fabric" / "nodes").rglob("*_sk")
        assert len(keys) > 6
        for path in keys:
            assert not any(line in content for line in path.read_bytes().splitlines()[1:-1]), path
        secret = json.loads(
            (host.home / f"network/fabric/orgs/{host.msp}/registrar.json").read_text()
        )
        assert secret["secret"].encode() not in content


def test_nodes_of_others_are_dialled_and_only_those_doors_are_open(hosts):
    """CA, orderer and peer on the host's address; all else on loopback."""
    for host in hosts:
        lines = host.machine.run("ss", "-Hltn").stdout.splitlines()
        heard = [line.split()[3].rpartition(":") for line in lines]
        reachable = sorted(int(port) for address, _, port in heard if "127.0.0.1" not in address)
        assert reachable == [21_000, 21_002, 21_005]


def test_down_ends_one_hosts_nodes_and_up_goes_on(hosts):
    """The others keep the channel; what comes back catches up."""
    first, _, third = hosts
    third.pmcb("network", "down")
    assert third.machine.processes() == []
    assert json.loads(first.pmcb("network", "status", "--json"))["answers"]
    third.pmcb("network", "up")
    heights = {
        node["height"]
        for host in hosts
        for node in json.loads(host.pmcb("network", "status", "--json"))["nodes"]
        if "height" in node
    }
    assert len(heights) == 1


def test_another_contract_is_approved_host_by_host(hosts):
    """The first hosts wait and go on serving the old one; the last commits for all."""
    before = contracts(hosts)
    first, second, third = hosts
    place = first.folder.parent / "rules.json"
    rules = json.loads((first.home / "network" / "fabric" / "governance.json").read_text())
    place.write_text(json.dumps(rules | {"epoch_quorum": rules["epoch_quorum"] % 3 + 1}))
    upgrade = ("network", "upgrade", "--governance", str(place))
    first.pmcb(*upgrade, check=3, step="upgrade")
    second.pmcb(*upgrade, check=3, step="upgrade")
    assert "HospitalBMSP, InstituteMSP did not approve" in first.said["upgrade"]
    assert "InstituteMSP did not approve" in second.said["upgrade"]
    assert contracts(hosts) == before
    for host in (third, first, second):
        host.pmcb(*upgrade)
    after = contracts(hosts)
    assert (len(before), len(after), before & after) == (1, 1, set())


def contracts(hosts) -> set[str]:
    """The labels that the hosts' peers go by, all of which answer."""
    states = [json.loads(host.pmcb("network", "status", "--json")) for host in hosts]
    assert all(state["answers"] for state in states)
    nodes = [node for state in states for node in state["nodes"]]
    return {node["chaincode"] for node in nodes if node["id"].startswith("peer")}
