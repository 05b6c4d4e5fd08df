# SPDX-License-Identifier: Apache-2.0
"""``pmcb fog submit|status|cancel|resolve|drain|dead|audit`` against a gateway that is served."""

import asyncio
import json
import time
from contextlib import suppress

import pytest
from click.testing import CliRunner
from tests.client.http_identity.people import NOW_MS, network
from tests.services.fog.online.hall import DEVICE, PEOPLE, UID, A, B

from pmcb_client.cli import make_root
from pmcb_client.network_file import FogGateway, save
from pmcb_client.wallet import Wallet
from pmcb_services.common import Served, serving
from pmcb_services.fog.online._messages import Committed


@pytest.fixture
async def pmcb(hall, tmp_path, monkeypatch):
    """Runs a command as somebody, and tells its exit code and what it printed."""
    monkeypatch.setattr(time, "time_ns", lambda: NOW_MS * 1_000_000)
    home = tmp_path / "home"
    home.mkdir()
    for label in ("operator", "worker"):
        person = PEOPLE[label]
        Wallet(home / "wallet").put(label, person.identity, person.private_key)
    place = Served()

    async def run(label, *words):
        arguments = ["--home", str(home), "--as", label, "fog", *words]
        done = await asyncio.to_thread(CliRunner().invoke, make_root(), arguments)
        assert "Traceback" not in done.output
        return done.exit_code, done.output

    with place.listen() as listening:
        here = FogGateway(place.url(listening), UID, "")
        save(home / "network.json", network(A, B).with_service(here))
        running = asyncio.create_task(serving(hall.app, place, listening))
        yield run
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_refusals_have_exit_codes_and_a_next_step(hall, pmcb):
    """1 for no, 2 for what cannot be, 3 for what is away."""
    for label, words, code, said in (
        ("operator", ["submit", "compute.mine"], 2, "The kinds of orders are"),
        ("worker", ["submit", "compute.test"], 1, "takes the role authority or institution"),
        ("worker", ["status", "nothing"], 2, "shown to its submitter and to operators"),
        ("worker", ["dead"], 1, "for operators"),
        ("operator", ["submit", "device.control"], 1, "takes the role worker"),
        ("operator", ["drain", "nowhere"], 2, "no server nowhere"),
        ("operator", ["resolve", "o", "forget"], 2, "Invalid value"),
    ):
        assert (code, True) == ((found := await pmcb(label, *words))[0], said in found[1]), found
    hall.ledger.is_away = True
    words = ["submit", "device.control", "--subject", DEVICE, "--command", "start"]
    code, output = await pmcb("worker", *words)
    assert (code, "pmcb network status" in output) == (3, True)


async def test_an_order_from_its_submission_to_its_result(hall, pmcb):
    """What people read, and what programs do."""
    server = await hall.server("ward-1")
    words = ["submit", "compute.test", "--id", "o1", "--length", "1000", "--due", "30"]
    code, output = await pmcb("operator", *words)
    assert (code, "o1 is QUEUED on ward-1" in output) == (0, True)
    await server.claim("o1")
    assert (await pmcb("operator", "cancel", "o1"))[0] == 1
    assert await server.commit("o1") == Committed(state="DONE")
    code, output = await pmcb("operator", "--json", "status", "o1")
    assert json.loads(output)["result"] == "cmVzdWx0"
    code, output = await pmcb("operator", "audit")
    assert (code, "Events: 4; orders: 1 (1 DONE); reruns: 0; findings: 0." in output) == (0, True)


@pytest.mark.parametrize(
    ("outcome", "result", "code", "said"),
    [
        ("done", b"", 0, "o1 is DONE on ward-1, attempt 1."),
        ("failed", b"NO_COMMAND", 1, "o1 is FAILED on ward-1, attempt 1: NO_COMMAND."),
        ("unknown", b"", 1, "An operator decides"),
    ],
)
async def test_whoever_waits_learns_how_it_ended(hall, pmcb, outcome, result, code, said):
    """By the exit code, too; whoever only looks is told what there is."""
    server = await hall.server("ward-1")
    await hall.submit("o1", "device.control")
    await server.claim("o1")
    await server.commit("o1", outcome=outcome, result=result)
    assert (code, True) == (
        (found := await pmcb("worker", "status", "o1", "--wait", "5"))[0],
        said in found[1],
    )
    assert (await pmcb("worker", "status", "o1"))[0] == 0
    found = json.loads((await pmcb("worker", "--json", "status", "o1"))[1])
    assert found.get("code", "") == result.decode()


async def test_operators_find_and_resolve_what_is_stuck(hall, pmcb):
    """A held order is listed, and decided."""
    server = await hall.server("ward-1")
    await hall.submit("o1", "device.control")
    await server.claim("o1")
    await server.commit("o1", outcome="unknown")
    code, output = await pmcb("operator", "--json", "dead")
    [found] = json.loads(output)["orders"]
    assert (found["submitter"], found["subject"], found["command"]) == (
        PEOPLE["worker"].uid,
        DEVICE,
        "start",
    )
    code, output = await pmcb("operator", "dead")
    assert (code, "resolve`: 1." in output, "UNKNOWN" in output) == (0, True, True)
    assert f"{DEVICE}: start" in output
    code, output = await pmcb("operator", "resolve", "o1", "confirm")
    assert (code, "o1 is DONE" in output) == (0, True)
    assert (await pmcb("operator", "drain", "ward-1"))[0] == 0
    assert hall.gateway.core.board.is_draining("ward-1")
    assert (await pmcb("operator", "drain", "ward-1", "--off"))[0] == 0
    assert not hall.gateway.core.board.is_draining("ward-1")
    await hall.server("ward-1")
    await pmcb("operator", "drain")
    assert (await pmcb("operator", "submit", "compute.test"))[0] == 3
