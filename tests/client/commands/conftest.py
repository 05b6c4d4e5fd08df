# SPDX-License-Identifier: Apache-2.0
"""A home on an embedded network, and the ``pmcb`` command as its users call it."""

import asyncio
import json
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.client.commands.served import content_served
from tests.client.results import sealed

from pmcb_client import network_file
from pmcb_client.cli import make_root
from pmcb_client.content import ContentClient
from pmcb_client.enrolment import CaClient
from pmcb_client.gateway import Identity, connect_network
from pmcb_client.tasks import TaskAgent
from pmcb_client.wallet import Wallet
from pmcb_network.embedded import EmbeddedNetwork, _registrations

A, B = "HospitalAMSP", "HospitalBMSP"
HASH = "ab" * 32
YEAR_S = 400 * 24 * 3600
ROLES = {
    "authority-a": (A, "authority"),
    "authority-b": (B, "authority"),
    "releaser": (A, "releaser"),
    "verifier": (B, "verifier"),
    "verifier2": (B, "verifier"),
    "records": (B, "institution"),
    "newcomer": (A, "receiver"),
}
LEVEL_OF = {"low1": 1, "low2": 1, "mid1": 2, "mid2": 2, "high1": 3, "high2": 3}
TASK = """\
title: Home blood-pressure study
questions:
  - {id: bp, ask: Systolic and diastolic, fields: [systolic, diastolic], sensitivity: 3}
  - {id: hr, ask: Resting heart rate, fields: [heart_rate], sensitivity: 1}
  - {id: meds, ask: Tablets taken, fields: [taken], sensitivity: 5}
notice: notice.md
receivers: 1
accept_for: 2d
submit_for: 7d
verifiers: [HospitalBMSP/verifier]
institution: HospitalBMSP/records
"""


@dataclass
class Story:
    """A home and the command that works on it."""

    home: Path
    loop: asyncio.AbstractEventLoop
    folder: Path
    tasks: list[str] = field(default_factory=list)

    def run(self, *args: str, label: str = "", **more: Any) -> Result:
        """What ``pmcb ARGS`` ends with and prints."""
        acting = ["--as", label] if label else []
        given = ["--home", str(self.home), *acting, *args]
        return CliRunner().invoke(make_root(), given, prog_name="pmcb", **more)

    def ok(self, *args: str, label: str = "") -> dict[str, Any]:
        """The document of ``pmcb --json ARGS``, which must succeed."""
        done = self.run("--json", *args, label=label)
        assert done.exit_code == 0, done.output
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def say(self, *args: str, label: str = "") -> str:
        """What ``pmcb ARGS`` prints for people, which must succeed."""
        done = self.run(*args, label=label)
        assert done.exit_code == 0, done.output
        return done.stdout

    def no(self, code: str, *args: str, label: str = "", exit_code: int = 1) -> dict[str, str]:
        """The error of ``pmcb ARGS``, in both forms, which must say ``code``."""
        plain = self.run(*args, label=label)
        assert plain.exit_code == exit_code, plain.output
        done = self.run("--json", *args, label=label)
        assert done.exit_code == exit_code, done.output
        document: dict[str, str] = json.loads(done.stdout)
        assert document["error"] == code
        assert document["next_step"], "a refusal says what next"
        assert plain.stderr.splitlines()[-2:] == [
            f"Error: {document['message']}",
            document["next_step"],
        ]
        return document

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def task_file(self, *changes: tuple[str, str]) -> Path:
        text = TASK
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.file("notice.md", "We measure blood pressure.\n")
        return self.file("study.yaml", text)

    def publish(self, *changes: tuple[str, str]) -> str:
        """The id of a new task."""
        path = self.task_file(*changes)
        task: str = self.ok("task", "publish", str(path), "--yes", label="releaser")["task"]
        return task

    def attend(self, *, allow_small: bool = False) -> None:
        """What the releaser's agent does now: keys, shares, rewards."""

        async def work() -> None:
            identity, file = Wallet(self.home / "wallet").get("releaser"), self.network
            async with connect_network(file, identity) as gateway:
                agent = TaskAgent(
                    self.home / "tasks",
                    identity,
                    gateway.network("pmcb").contract("pmcb"),
                    lambda: ContentClient(file, identity),
                    clock=lambda: time.time_ns() // 1_000_000,
                    tell=lambda _: None,
                    allow_small=allow_small,
                )
                await agent.step()

        asyncio.run_coroutine_threadsafe(work(), self.loop).result(30)

    @property
    def network(self) -> network_file.NetworkFile:
        return network_file.load(self.home / "network.json")

    def enroll(self, people: Mapping[str, tuple[str, str]]) -> None:
        for name, (msp, role) in people.items():
            self.ok("id", "enroll", name, "--role", role, "--org", msp)

    def levels(self, level_of: Mapping[str, int], levels: int) -> tuple[str, ...]:
        """Arguments of ``levels publish`` that give these receivers these levels."""
        rows = [f"{index},{A},{name}" for index, name in enumerate(level_of)]
        people = self.file("people.csv", "\n".join(["node,msp,enrollment_id", *rows, ""]))
        document = {
            "version": 1,
            "levels": levels,
            "graph_hash": HASH,
            "params_hash": HASH,
            "users": [*map(str, range(len(level_of))), "nobody"],
            "level": [*level_of.values(), 1],
        }
        result = self.file("levels.json", json.dumps(sealed(document)))
        return ("levels", "publish", str(result), "--people", str(people))

    def activate(self, level_of: Mapping[str, int], levels: int) -> int:
        epoch: int = self.ok(*self.levels(level_of, levels), label="authority-a")["epoch"]
        self.ok("levels", "approve", label="authority-a")
        assert self.ok("levels", "approve", label="authority-b")["active"]
        return epoch

    def submit(self, label: str, function: str, *args: str, days_ago: float = 0) -> None:
        """A transaction past the command, with another clock."""

        async def work() -> None:
            identity = Wallet(self.home / "wallet").get(label)
            shift_ms = int(days_ago * 86_400_000)
            file = self.home / "network.json"
            async with connect_network(
                file, identity, clock=lambda: time.time_ns() // 1_000_000 - shift_ms
            ) as gateway:
                await gateway.network("pmcb").contract("pmcb").submit(function, *args)

        asyncio.run_coroutine_threadsafe(work(), self.loop).result(30)


@pytest.fixture(scope="package", autouse=True)
def quick_secrets() -> Iterator[None]:
    """Enrolments here do not pay for guesses at secrets; the networks' own tests do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_registrations, "COST", 1 << 4)
        yield


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The loop of the networks, in a thread of its own: commands run loops of theirs."""
    made = asyncio.new_event_loop()
    thread = threading.Thread(target=made.run_forever)
    thread.start()
    try:
        yield made
    finally:
        made.call_soon_threadsafe(made.stop)
        thread.join(10)
        made.close()


@contextmanager
def story_on_a_network(loop: asyncio.AbstractEventLoop, folder: Path) -> Iterator[Story]:
    network = EmbeddedNetwork(folder / "network", time_window_s=YEAR_S)
    asyncio.run_coroutine_threadsafe(network.__aenter__(), loop).result(30)
    try:
        home = folder / "home"
        home.mkdir()
        file = network_file.parse(network.network_file)
        keep = _keep_registrars(file, network.registrars, Wallet(home / "wallet"))
        asyncio.run_coroutine_threadsafe(keep, loop).result(30)
        with content_served(loop, file, network.registrars, folder / "content") as known:
            network_file.save(home / "network.json", known)
            yield Story(home, loop, folder)
    finally:
        asyncio.run_coroutine_threadsafe(network.__aexit__(None, None, None), loop).result(30)
        shutil.rmtree(folder)


async def _keep_registrars(
    file: network_file.NetworkFile, registrars: Mapping[str, tuple[str, str]], wallet: Wallet
) -> None:
    """As ``pmcb network up`` does."""
    for org in file.orgs:
        async with CaClient(org.ca_url, org.tls_ca, org.ca_name) as ca:
            made = await ca.enroll(*registrars[org.msp])
        identity = Identity(org.msp, made.certificate_pem)
        wallet.put(f"registrar.{org.msp}", identity, made.private_key)


@pytest.fixture
def story(loop, tmp_path) -> Iterator[Story]:
    """A new network on which nobody is enrolled."""
    folder = tmp_path / "story"
    folder.mkdir()
    with story_on_a_network(loop, folder) as made:
        yield made


@pytest.fixture(scope="session")
def town(loop, tmp_path_factory) -> Iterator[Story]:
    """A network that tests share: everybody is enrolled, three levels are active.

    Tests make tasks of their own on it and leave levels and standings as they are.
    """
    with story_on_a_network(loop, tmp_path_factory.mktemp("town")) as made:
        made.enroll(ROLES | dict.fromkeys(LEVEL_OF, (A, "receiver")))
        made.activate(LEVEL_OF, 3)
        yield made
