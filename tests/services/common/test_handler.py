# SPDX-License-Identifier: Apache-2.0
"""Whatever people send, the others are dealt with, and the service goes on."""

import json
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs
from tests.client.http_identity.people import Ca

from pmcb_client.content import ContentMissing, ContentUnavailable
from pmcb_client.errors import LedgerUnavailable, Refused
from pmcb_client.gateway import ChaincodeEvent
from pmcb_client.inbox import Inbox
from pmcb_services.common import SubtaskHandler

pytestmark = pytest.mark.anyio
TASKS = ("a" * 32, "b" * 32, "c" * 32, "d" * 32)
JUDGE = Ca("HospitalBMSP").person("judge", "verifier")
BROKEN = ContentUnavailable("The content store fails (500).")


class Handler(SubtaskHandler[None, "Network"]):
    """Deals with a subtask by asking the store for a file of its name."""

    pause_ms = 1_000

    def __init__(self, inbox, network):
        super().__init__(
            network, inbox, None, identity=lambda: JUDGE, store=network.store, clock=network.now
        )
        self.tried = []

    async def _subtask(self, task, subtask, items, identity, store):
        self.tried.append(task)
        await store.get(task)
        for item in items:
            self._done(item)


class Network:
    """A clock, a ledger and a content store; ``errors`` are raised by what is asked for."""

    def __init__(self, errors):
        self.errors = errors
        self.now_ms = 0

    def now(self):
        return self.now_ms

    @asynccontextmanager
    async def store(self, _):
        yield self

    async def get(self, digest):
        if error := self.errors.get(digest, self.errors.get("store")):
            raise error
        if digest not in TASKS:
            raise ContentMissing("NOT_FOUND", "no file.", field="hash", status=404)

    async def evaluate(self, function):
        if error := self.errors.get(function):
            raise error


@pytest.fixture
def inbox(tmp_path):
    """With an event of each task."""
    made = Inbox(tmp_path / "inbox.sqlite3")
    for task in TASKS:
        payload = json.dumps({"task": task, "subtask": 0, "slot": 3}).encode()
        made.take(ChaincodeEvent("DataSubmitted", payload, task, 1, "pmcb"))
    return made


def left(inbox, now_ms=2**62):
    """Tasks that are still to be dealt with by then."""
    return [item.payload["task"] for item in inbox.due(now_ms)]


@pytest.mark.parametrize(
    "error",
    [BROKEN, LedgerUnavailable("too slow"), Refused("NOT_FOUND"), ZeroDivisionError("5e-324")],
)
async def test_what_fails_holds_up_nothing_else(inbox, error):
    """A file that the store cannot give, a query that takes too long, a defect of ours."""
    network = Network(dict.fromkeys(TASKS[:3], error))
    handler = Handler(inbox, network)
    with capture_logs() as logs:
        await handler.handle(inbox.due(0))
    assert handler.tried == list(TASKS)
    assert left(inbox) == list(TASKS[:3])
    assert left(inbox, 999) == []
    assert [log["kind"] for log in logs] == [type(error).__name__] * 3
    assert {key: logs[0][key] for key in ("task", "subtask", "slots")} == {
        "task": TASKS[0],
        "subtask": 0,
        "slots": [3],
    }
    assert "5e-324" not in str(logs)


async def test_a_defect_is_named_by_its_place(inbox):
    """Function and line; not what it says, which may hold a value."""
    with capture_logs() as logs:
        await Handler(inbox, Network({TASKS[0]: OverflowError("120.5")})).handle(inbox.due(0))
    (log,) = logs
    assert (log["event"], log["log_level"], log["kind"]) == ("defect", "error", "OverflowError")
    assert log["at"].startswith("get:")


async def test_what_fails_again_and_again_comes_ever_more_seldom(inbox):
    """After 1, 2, 4 seconds, up to an hour; and in the end it is dealt with as any other."""
    network = Network({TASKS[0]: BROKEN})
    handler = Handler(inbox, network)
    for pause_s in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600):
        await handler.handle(inbox.due(network.now_ms))
        network.now_ms += 1_000 * pause_s
        assert left(inbox, network.now_ms - 1) == []
        assert left(inbox, network.now_ms) == [TASKS[0]]
    network.errors.clear()
    await handler.handle(inbox.due(network.now_ms))
    assert left(inbox) == []


@pytest.mark.parametrize(
    "errors",
    [
        {"store": BROKEN},
        {TASKS[0]: LedgerUnavailable("silent"), "ping": LedgerUnavailable("silent")},
    ],
)
async def test_a_round_is_over_where_nothing_answers(inbox, errors):
    """Then the rest would fail, too; the pause does not grow, since nobody is to blame."""
    network = Network(errors)
    handler = Handler(inbox, network)
    for n in range(3):
        with capture_logs() as logs:
            await handler.handle(inbox.due(network.now_ms)[:1])
        assert len(handler.tried) == n + 1
        assert [log["event"] for log in logs] == ["later"]
        network.now_ms += 1_000
    assert left(inbox) == list(TASKS)
