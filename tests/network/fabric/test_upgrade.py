# SPDX-License-Identifier: Apache-2.0
"""`pmcb network upgrade`: another contract beside the old one, and nothing lost meanwhile."""

import asyncio
import contextlib
import itertools
import json
import secrets
import subprocess
from collections import Counter
from contextlib import aclosing

import pytest
from tests.fabric import programs
from tests.network.shell import PMCB, environment, in_process, listening, pmcb

from pmcb_client.errors import ClientError
from pmcb_client.gateway import connect_network
from pmcb_client.network_file import load
from pmcb_client.wallet import Wallet
from pmcb_network._launch import Places
from pmcb_network.fabric._binaries import find
from pmcb_network.fabric._chaincode import Chaincode
from pmcb_network.fabric._folder import folder_of, open_network
from pmcb_network.fabric._topology import Kind

pytestmark = [pytest.mark.fabric, pytest.mark.timeout(300)]

A, B = "HospitalAMSP", "HospitalBMSP"
RATE = 50.0


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home whose network is brought up once; at the end nothing of it is left."""
    programs()
    home = tmp_path_factory.mktemp("fabric")
    pmcb(home, "network", "up", "--fabric", check=0)
    pmcb(home, "id", "enroll", "board", "--org", A, "--role", "authority", check=0)
    yield home
    pmcb(home, "network", "reset", "--yes", check=0)


def network_of(home):
    """The network, as the commands open it."""
    return open_network(folder_of(Places(home)), find())


def kept(home):
    """The governance of the network."""
    return json.loads((home / "network" / "fabric" / "governance.json").read_text())


def others(home, count: int = 1):
    """Files with rules that the network does not have."""
    found = []
    for quorum, verifiers in ((1, [A, B]), (2, [A, B]), (2, [A]), (1, [A])):
        rules = kept(home)
        rules["epoch_quorum"] = quorum
        rules["role_msps"]["verifier"] = verifiers
        if rules != kept(home):
            found.append(home / f"{quorum}-{len(verifiers)}.json")
            found[-1].write_text(json.dumps(rules))
    return found[:count]


def upgrade(home, rules=None):
    """What the command answers."""
    words = ["--governance", str(rules)] if rules is not None else []
    return json.loads(pmcb(home, "network", "upgrade", *words, "--json", check=0).stdout)


def served(home):
    """The contract's label, which all peers and servers agree on; and the servers' slots."""
    found = json.loads(pmcb(home, "network", "status", "--json", check=0).stdout)
    labels = {node["chaincode"] for node in found["nodes"] if "chaincode" in node}
    servers = [node["id"] for node in found["nodes"] if node["id"].startswith("server")]
    assert len(labels) == 1
    assert len(servers) == 2
    return labels.pop(), {name.partition(".")[0].removeprefix("server0") for name in servers}


def of_slot(home, slot: str):
    """The ports of one of the two places of every peer."""
    ports = json.loads((home / "network" / "fabric" / "ports.json").read_text())
    return [port for name, port in ports.items() if f"/server-{slot}" in name]


class Load:
    """Suspends one person after another, at a rate; knows how each call ended."""

    def __init__(self, contract) -> None:
        self.outcomes: dict[str, str] = {}
        self._contract = contract
        self._prefix = secrets.token_hex(4)
        self._more = asyncio.Event()
        self._ended = asyncio.Event()

    async def goes_on(self, count: int) -> None:
        """Until so many more calls have ended."""
        wanted = len(self.outcomes) + count
        while len(self.outcomes) < wanted:
            self._more.clear()
            await self._more.wait()

    async def offer(self) -> None:
        """Calls at their times, whether or not earlier ones have ended."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.TaskGroup() as calls:
            for number in itertools.count():
                due_s = began + number / RATE - loop.time()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._ended.wait(), max(due_s, 0.0))
                if self._ended.is_set():
                    return
                calls.create_task(self._suspend(f"{self._prefix}-{number}"))

    async def _suspend(self, person: str) -> None:
        try:
            await self._contract.submit("suspend", B, person, "investigation")
            self.outcomes[person] = "ok"
        except ClientError as error:
            self.outcomes[person] = repr(error)
        self._more.set()

    def end(self) -> None:
        """No more calls."""
        self._ended.set()


@contextlib.asynccontextmanager
async def load_on(home):
    """A load through the first organisation's gateway; at the end every call has ended."""
    board = Wallet(home / "wallet").get("board")
    async with connect_network(load(home / "network.json"), board) as gateway:
        made = Load(gateway.network("pmcb").contract("pmcb"))
        async with asyncio.TaskGroup() as group:
            group.create_task(made.offer())
            try:
                yield made
            finally:
                made.end()


async def suspended(home) -> Counter[str]:
    """How often each person was suspended, by the valid transactions of all blocks."""
    board, last = Wallet(home / "wallet").get("board"), secrets.token_hex(4)
    count: Counter[str] = Counter()
    async with connect_network(load(home / "network.json"), board) as gateway:
        network = gateway.network("pmcb")
        await network.contract("pmcb").submit("suspend", B, last, "investigation")
        async with aclosing(network.chaincode_events("pmcb", start_block=0)) as events:
            async for event in events:
                if event.name == "PersonSuspended":
                    count[json.loads(event.payload)["uid"].partition("/")[2]] += 1
                if last in count:
                    break
    return count


def test_the_same_contract_is_left_alone(home):
    """It says so; no server and no block is new."""
    before = pmcb(home, "network", "status", "--json", check=0).stdout
    done = pmcb(home, "network", "upgrade", check=0)
    assert done.stdout.endswith("stands already; nothing was done.\n")
    answer = upgrade(home)
    assert (answer["state"], answer["replaced"], answer["stopped"]) == (
        "unchanged", answer["label"], 0,
    )  # fmt: skip
    assert pmcb(home, "network", "status", "--json", check=0).stdout == before


def test_rules_that_do_not_fit_are_refused(home):
    """Other organisations, or none; `up` names the command that changes them."""
    rules = kept(home)
    before = served(home)
    (home / "foreign.json").write_text(json.dumps(rules).replace(B, "OtherMSP"))
    (home / "broken.json").write_text(json.dumps(rules | {"epoch_quorum": 3}))
    for name, said in (("foreign", "must name the topology's"), ("broken", "epoch_quorum must")):
        file = str(home / f"{name}.json")
        assert said in pmcb(home, "network", "upgrade", "--governance", file, check=2).stderr
    other = str(others(home)[0])
    refused = pmcb(home, "network", "up", "--governance", other, check=2).stderr
    assert "pmcb network upgrade --governance FILE" in refused
    assert (served(home), kept(home)) == (before, rules)


def test_no_fabric_network_is_nothing_to_upgrade(tmp_path):
    """Exit 2 and what to do."""
    for words in (["upgrade"], ["deploy", "mine", "--label", "l"]):
        done = in_process(tmp_path, "network", *words)
        assert done.exit_code == 2
        assert "no Fabric network" in done.output


async def test_nothing_is_lost_under_load(home):
    """At 50/s every call succeeds, once; then the old servers and their ports are gone."""
    label, (slot,) = await asyncio.to_thread(served, home)
    (rules,) = others(home)
    async with load_on(home) as made:
        await made.goes_on(50)
        answer = await asyncio.to_thread(upgrade, home, rules)
        await made.goes_on(50)
    assert Counter(made.outcomes.values()) == {"ok": len(made.outcomes)}
    assert len(made.outcomes) > 3 * RATE
    assert (answer["state"], answer["replaced"], answer["stopped"]) == ("upgraded", label, 2)
    now, (place,) = await asyncio.to_thread(served, home)
    assert (now, {slot, place}) == (answer["label"], {"a", "b"})
    assert kept(home) == json.loads(rules.read_text())
    assert not any(map(listening, of_slot(home, slot)))
    counted = await suspended(home)
    assert {each: counted[each] for each in made.outcomes} == dict.fromkeys(made.outcomes, 1)


def test_an_old_contract_comes_back_in_the_other_place(home):
    """Peers have it installed with the address that it had; each upgrade takes the free place."""
    first, (slot,) = served(home)
    (home / "first.json").write_text(json.dumps(kept(home)))
    seen = []
    for rules in (*others(home, 2), home / "first.json"):
        upgrade(home, rules)
        seen.append(served(home))
        told = network_of(home).deployment
        for peer in network_of(home).topology.of(Kind.PEER):
            assert list(told.told(peer)) == [seen[-1][0]]
    other = ({"a", "b"} - {slot}).pop()
    assert [places for _, places in seen] == [{other}, {slot}, {other}]
    assert len({label for label, _ in seen}) == 3
    assert seen[-1][0] == first
    for org in (A, B):
        log = pmcb(home, "network", "logs", f"peer0.{org}", "--lines", "100000", check=0).stdout
        assert not [label for label, _ in seen if f"could not launch chaincode {label}" in log]


@pytest.mark.parametrize("step", ["approving", "committing", "waiting until", "stopping"])
def test_an_upgrade_that_was_killed_is_finished_by_the_next(home, step: str):
    """Whatever it had done: the contract answers before, and one of two is left afterwards."""
    (rules,) = others(home)
    before, _ = served(home)
    command = [*PMCB, "network", "upgrade", "--governance", str(rules)]
    with subprocess.Popen(
        command, env=environment(home), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = [line for line in iter(process.stderr.readline, "") if _kill_at(process, line, step)]
    assert said
    assert process.returncode == -9
    status = json.loads(pmcb(home, "network", "status", "--json", check=0).stdout)
    assert status["answers"]
    answer = upgrade(home, rules)
    now, (place,) = served(home)
    assert (answer["state"], answer["label"]) == ("upgraded", now)
    assert now != before
    assert kept(home) == json.loads(rules.read_text())
    assert not any(map(listening, of_slot(home, {"a": "b", "b": "a"}[place])))


def _kill_at(process, line: str, step: str) -> bool:
    if line.startswith(step):
        process.kill()
        return True
    return False


def test_up_goes_with_what_the_organisations_approved(home):
    """A governance.json that somebody edited, or that a killed upgrade left old, is not theirs."""
    before, rules = served(home), kept(home)
    (home / "network" / "fabric" / "governance.json").write_text(others(home)[0].read_text())
    said = pmcb(home, "network", "up", check=0).stderr
    assert "keeping the governance that the organisations approved" in said
    assert (served(home), kept(home)) == (before, rules)


def test_up_brings_the_installed_code_where_other_code_stands(home):
    """After an installation whose servers cannot be started any more: `down`, then `up`."""
    network = network_of(home)
    label, slots = served(home)
    old = Chaincode("pmcb", "pmcb_0.0.1_0123456789ab")
    sequence = network.deployment.standing("pmcb").sequence
    gone = dict.fromkeys(network.topology.of(Kind.PEER), "127.0.0.1:9")
    network.deployment.deploy(old, gone, lambda _: None)
    assert pmcb(home, "network", "status", "--json", check=3)
    pmcb(home, "network", "down", check=0)
    pmcb(home, "network", "up", check=0)
    assert served(home) == (label, slots)
    assert network.deployment.standing("pmcb").sequence == sequence + 2
    for peer in network.topology.of(Kind.PEER):
        assert list(network.deployment.told(peer)) == [label]


def test_a_network_that_is_down_is_not_upgraded(home):
    """Exit 3 and what to do; `up` goes on as before."""
    before = served(home)
    pmcb(home, "network", "down", check=0)
    refused = pmcb(home, "network", "upgrade", check=3).stderr
    assert "not running: orderer0.HospitalAMSP, peer0.HospitalAMSP" in refused
    assert "start them with: pmcb network up" in refused
    pmcb(home, "network", "up", check=0)
    assert served(home) == before
