# SPDX-License-Identifier: Apache-2.0
"""Signed requests that the fog carries to other services."""

import json
import socket
import threading
import time
from contextlib import ExitStack

import httpx
import pytest
import uvicorn
from tests.client.http_identity.people import NOW_MS, Ca, network
from tests.services.fog.online.stub_service import StubService, clients_closed
from tests.services.fog.online.test_child import task

from pmcb_client.fields import parse_fields
from pmcb_client.http_identity import RequestChecker, SignedRequest, Unauthenticated
from pmcb_client.network_file import IntakeService, save
from pmcb_services.fog.errors import InvalidInput
from pmcb_services.fog.online import _forward, _http
from pmcb_services.fog.online._forward import Forward
from pmcb_services.fog.online._handler import OrderFailed, OutcomeUnknown
from pmcb_services.fog.online._handlers import handlers
from pmcb_services.fog.online._inner import InnerRequest
from pmcb_services.fog.online._messages import MAX_PAYLOAD_BYTES
from pmcb_services.fog.online._places import Place, Places
from pmcb_services.intake import AUDIENCE, Intake, intake_application

A = Ca("HospitalAMSP", time.time_ns() // 1_000_000)
COLLECTOR = A.person("collector", "institution")
SEEN = b'{"subject_ref":"p7","rows":[{"at":1000,"values":{"pulse":61}}]}'


@pytest.fixture(autouse=True)
def _clients():
    with clients_closed():
        yield


def inner(body=SEEN, *, method="POST", target="/v1/observations", lifetime_s=60, **how):
    """A request that a collector signed."""
    return InnerRequest.sign(
        method, target, body, COLLECTOR, audience=AUDIENCE, lifetime_s=lifetime_s, **how
    )


def carrying(request):
    """An order with this payload."""
    made = task()
    payload = request if isinstance(request, bytes) else request.encode()
    return type(made)(**{**vars(made), "payload": payload})


def forward(place, allowed="POST /v1/observations"):
    """To a service that is there, or not."""
    return Forward(lambda _: place, allowed, timeout_s=30.0)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]\n",
        b"{}\n",
        b'{"method":"POST","target":"http://elsewhere/","headers":{}}\n',
        b'{"method":"POST","target":"/a b","headers":{}}\n',
        b'{"method":"POST","target":"/","headers":{"a":1}}\n',
        b'{"method":"POST","target":"/","headers":{"pmcb-a":"\\ud800"}}\n',
        b'{"method":"POST","target":"/","headers":[]}\n',
        b'{"method":"POST","target":"/"}\n',
        b'{"method":null,"target":"/","headers":{}}\n',
        b'{"method":"POST","target":"/","headers":{},"to":null}\n',
        b'{"method":"POST","target":"/","headers":{},"url":"http://elsewhere"}\n',
        b"[" * 100_000,
    ],
)
def test_what_is_no_signed_request_is_not_carried(payload):
    """It fails before anything is sent, and nothing of it is repeated."""
    with pytest.raises(InvalidInput, match="signed request"):
        InnerRequest.decode(payload)
    with pytest.raises(OrderFailed, match="BAD_REQUEST"):
        forward(None).run(carrying(payload))


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("DELETE", "/v1/observations"),
        ("POST", "/v1/observations/../admin"),
        ("POST", "/v1/observations?x=1"),
        ("POST", "/metrics"),
    ],
)
def test_other_paths_are_not_carried(method, target):
    """An order reaches what its kind is for, and nothing else of a service."""
    with StubService((200, b"{}")) as stub, pytest.raises(OrderFailed, match="BAD_REQUEST"):
        forward(Place(stub.url)).run(carrying(inner(method=method, target=target)))
    assert not stub.heard


def test_a_request_that_has_expired_is_not_sent():
    """The service would refuse it."""
    old = inner(lifetime_s=1, clock=lambda: NOW_MS - 10**12)
    with StubService((200, b"{}")) as stub, pytest.raises(OrderFailed, match="EXPIRED"):
        forward(Place(stub.url)).run(carrying(old))
    assert not stub.heard


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((403, b'{"error":"FORBIDDEN","message":"p7 is not yours","field":""}'), "FORBIDDEN"),
        ((429, b'{"error":"QUOTA","message":"p7 sent too much","field":""}'), "QUOTA"),
        ((404, b"<html>p7</html>"), "HTTP_404"),
        ((400, b'{"error":"patient p7","message":"","field":""}'), "HTTP_400"),
        ((200, bytes(MAX_PAYLOAD_BYTES + 1)), "TOO_LARGE"),
    ],
)
def test_a_refusal_is_told_by_its_code(answer, code):
    """And by nothing else that the service says."""
    with StubService(answer) as stub, pytest.raises(OrderFailed) as caught:
        forward(Place(stub.url)).run(carrying(inner()))
    assert caught.value.code == code
    assert len(stub.heard) == 1


def test_a_service_that_is_busy_or_hangs_up_is_asked_again():
    """With the very same request: it does not do it twice."""
    with StubService(None, (503, b""), (502, b""), (200, b"receipt")) as stub:
        assert forward(Place(stub.url)).run(carrying(inner())) == b"receipt"
    assert len(stub.heard) == 4
    assert len({headers["pmcb-nonce"] for _, _, headers, _ in stub.heard}) == 1


@pytest.mark.parametrize("place", [None, Place("http://127.0.0.1:9")])
def test_a_service_that_is_away_is_waited_for_and_the_order_comes_again(place, monkeypatch):
    """It does not hold up its server for long."""
    monkeypatch.setattr(_forward, "PATIENCE_S", 0.1)
    with pytest.raises(OutcomeUnknown):
        forward(place).run(carrying(inner()))


def test_nothing_can_be_altered_on_the_way():
    """The signature covers method, path and body; other headers are not carried."""
    signed = inner()
    assert InnerRequest.decode(signed.encode()) == signed
    checker = RequestChecker(network(A), audience=AUDIENCE)

    def caller(request):
        return checker.check(
            SignedRequest(request.method, request.target, request.headers, request.body)
        )

    assert caller(signed).uid == COLLECTOR.uid
    for change in ({"body": b"{}"}, {"target": "/v1/x"}, {"method": "PUT"}):
        altered = InnerRequest(**{**vars(signed), **change})
        with pytest.raises(Unauthenticated):
            caller(altered)
    sneaky = InnerRequest(**{**vars(signed), "headers": {**signed.headers, "Host": "elsewhere"}})
    assert "host" not in InnerRequest.decode(sneaky.encode()).headers


def test_observations_reach_the_intake_once(tmp_path):
    """The collector's own signature counts there; a repeat gets the same receipt."""
    fields = parse_fields(b"- {name: pulse, unit: 1/min, min: 30, max: 220}", "fields.yaml")
    checker = RequestChecker(network(A), audience=AUDIENCE)
    app = intake_application(Intake(tmp_path), checker, A.person("records", "institution"), fields)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        here = IntakeService(f"http://127.0.0.1:{port}", f"{A.msp}/records", "")
        save(tmp_path / "network.json", network(A).with_service(here))
        handler = handlers(Places(network=str(tmp_path / "network.json")))["upload.observation"]
        first, second = (handler.run(carrying(inner())) for _ in range(2))
    finally:
        server.should_exit = True
        thread.join()
    receipts = [json.loads(answer) for answer in (first, second)]
    assert receipts[0]["uid"] == COLLECTOR.uid
    assert receipts[0]["at"] == receipts[1]["at"]


def test_a_machine_that_is_not_there_is_not_waited_for_as_long_as_an_answer(monkeypatch):
    """Nobody takes the connection: the worker has others' orders to run."""
    monkeypatch.setattr(_http, "PATIENCE_S", 0.1)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as stack:
        for _ in range(2):  # one more than it keeps
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
        client = _http.Clients(5.0).of("")
        began = time.monotonic()
        with pytest.raises(httpx.ConnectTimeout):
            client.get("http://{}:{}".format(*full.getsockname()))
        assert time.monotonic() - began < 4
