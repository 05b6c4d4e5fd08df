# SPDX-License-Identifier: Apache-2.0
"""The fog page shows what gateways say, and is not there where there is none."""

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from tests.apps.dashboard import ledger
from tests.apps.dashboard.conftest import Desk, person
from tests.apps.dashboard.markup import faults
from tests.apps.dashboard.test_pages import words
from tests.client.http_identity.people import Ca, network

from pmcb_apps.dashboard._fog import Fog, Server, fogs, measured
from pmcb_apps.dashboard._watch import Sight
from pmcb_client.network_file import FogGateway

SERVER = {"id": "ward-1", "up": True, "draining": False, "queued": 2, "queued_s": 1.5,
          "running": ["o1"], "speed_mips": 1800.0, "busy_w": 65.0, "idle_w": 39.0}  # fmt: skip
GATEWAY = FogGateway("http://127.0.0.1:1", f"{ledger.B}/records", "")


def metrics(*, planned: bool = True) -> str:
    """As a gateway writes them."""
    registry = CollectorRegistry()
    orders = Gauge("pmcb_fog_orders", "-", ["state", "class"], registry=registry)
    orders.labels("QUEUED", "upload").set(2)
    orders.labels("QUEUED", "control").set(1)
    joules = Counter("pmcb_fog_joules", "-", ["state"], registry=registry)
    joules.labels("busy").inc(750)
    joules.labels("idle").inc(250.5)
    misses = Counter("pmcb_fog_deadline_misses", "-", ["class", "feasible"], registry=registry)
    misses.labels("control", "no").inc(3)
    Gauge("pmcb_fog_plan_gap", "-", registry=registry).set(0.0012)
    if planned:
        Counter("pmcb_fog_replans", "-", ["adopted"], registry=registry).labels("yes").inc()
    return generate_latest(registry).decode()


def answering(status: int, servers: object = (SERVER,)) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/metrics":
            assert "authorization" not in request.headers
            return httpx.Response(200, text=metrics())
        if status != 200:
            said = {"error": "FORBIDDEN", "message": "Only operators see this.", "field": ""}
            return httpx.Response(status, json=said)
        return httpx.Response(200, json={"servers": servers})

    return httpx.MockTransport(answer)


async def test_without_a_gateway_there_is_no_page(desk: Desk):
    """Neither in the navigation nor at its address."""
    assert "/fog" not in await desk.page("/")
    await desk.page("/fog", 404)


@pytest.mark.parametrize("answer", [b"", b"{", b"\xff", b"pmcb_fog_orders{ 1\n"])
async def test_a_gateway_that_is_away_is_said_so(desk: Desk, answer: bytes):
    """Also one that answers something else; nothing else is guessed."""

    def other(request: httpx.Request) -> httpx.Response:
        if not answer:
            raise httpx.ConnectError("nobody", request=request)
        return httpx.Response(200 if b"pmcb" in answer else 500, content=answer)

    file = network(Ca(ledger.B)).with_service(GATEWAY)
    (found,) = await fogs(file, person(), transport=httpx.MockTransport(other))
    assert (found.reason, found.servers) == ("It does not answer.", ())
    desk.board.watch.sight = Sight(ledger.NOW_MS, fogs=(found,))
    page = await desk.page("/fog")
    assert "It does not answer." in page
    assert faults(page) == []


@pytest.mark.parametrize("servers", [None, 5, [None], [{}], [{**SERVER, "busy_w": "x"}], "abc"])
async def test_an_answer_that_is_none_is_no_end(servers: object):
    """The dashboard goes on when a gateway answers with something else."""
    file = network(Ca(ledger.B)).with_service(GATEWAY)
    (found,) = await fogs(file, person(), transport=answering(200, servers))
    assert (found.reason, found.servers) == ("It does not answer.", ())


async def test_servers_are_for_operators(desk: Desk):
    """Others are told so in words, and see queue and energy."""
    file = network(Ca(ledger.B)).with_service(GATEWAY)
    (found,) = await fogs(file, person(), transport=answering(403))
    desk.board.watch.sight = Sight(ledger.NOW_MS, fogs=(found,))
    said = words(await desk.page("/fog"))
    assert "You may not see the servers" in said
    assert "ward-1" not in said
    assert "0 new, 3 queued" in said


async def test_operators_see_servers_queue_and_energy(desk: Desk):
    """As the gateway says."""
    file = network(Ca(ledger.B)).with_service(GATEWAY)
    (found,) = await fogs(file, person(role="institution"), transport=answering(200))
    assert found == Fog(
        GATEWAY.uid, GATEWAY.url, servers=[Server.of(SERVER)], **measured(metrics())
    )
    desk.board.watch.sight = Sight(ledger.NOW_MS, fogs=(found,))
    page = await desk.page("/fog")
    said = words(page)
    assert "ward-1 up 1 2 (1.5 s) 1,800 65, 39" in said
    assert "1,000 J" in said
    assert "at most 0.12 % above the best" in said
    assert "3 over after their deadline" in said
    assert measured(metrics(planned=False))["gap"] is None
    assert faults(page) == []
    assert '<a href="/fog"' in page
