# SPDX-License-Identifier: Apache-2.0
"""Health and metrics of a contract's process."""

import asyncio
import json

import prometheus_client
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.chaincode.fake_peer import FakePeer, connect, until
from tests.chaincode.faults import error, silence, twice
from tests.chaincode.notes import Notes
from tests.chaincode.server_process import ask, exchange
from tests.chaincode.wire import dial

from pmcb_chaincode.bridge import (
    ChaincodeMessage,
    ChaincodeServer,
    Metrics,
    Observers,
    Operations,
    ProtocolError,
    ServerConfigError,
    Status,
    _operations,
)

M = ChaincodeMessage
LOOPBACK = "127.0.0.1:0"
LABELS = ("function", "status", "code")


def healthy():
    """What a server that is well says."""
    return {"status": Status.SERVING}


def samples(metrics):
    """All samples that are not 0, by name and label values, read by Prometheus' own parser."""
    found = {}
    for family in text_string_to_metric_families(metrics.exposition().decode()):
        for sample in family.samples:
            if sample.value and not sample.name.endswith(("_created", "_bucket", "_sum")):
                name = sample.name.removeprefix("pmcb_chaincode_")
                labels = [sample.labels[key] for key in LABELS if key in sample.labels]
                found[name, *labels] = sample.value
    return found


@pytest.fixture
async def endpoint():
    """An endpoint on a free port."""
    async with Operations(LOOPBACK, healthy, Metrics()) as running:
        yield running


@pytest.mark.parametrize("address", ["0.0.0.0:0", "192.0.2.1:9443", "peer.example:1", ":1", ""])
def test_operations_beyond_loopback_are_refused(address):
    """Plain HTTP is for this machine's own monitoring."""
    with pytest.raises(ServerConfigError, match="is not a loopback address"):
        Operations(address, healthy, Metrics())


@pytest.mark.parametrize("port", ["", "x", "-1", "99999"])
async def test_port_that_is_none_is_refused(port):
    """The sentence names the address."""
    with pytest.raises(ServerConfigError, match=f"127.0.0.1:{port} for operations"):
        async with Operations(f"127.0.0.1:{port}", healthy, Metrics()):
            pass


async def test_taken_port_is_refused(endpoint):
    """Two processes do not answer for each other."""
    with pytest.raises(ServerConfigError, match="is the port taken"):
        async with Operations(f"127.0.0.1:{endpoint.port}", healthy, Metrics()):
            pass


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET / HTTP/1.1", b"404 Not Found"),
        (b"GET /healthz/ HTTP/1.1", b"404 Not Found"),
        (b"", b"404 Not Found"),
        (b"\xff\x00", b"404 Not Found"),
        (b"POST /metrics HTTP/1.1", b"405 Method Not Allowed"),
        (b"DELETE /healthz HTTP/1.1", b"405 Method Not Allowed"),
        (b"GET /healthz HTTP/1.1", b"200 OK"),
        (b"GET /healthz?verbose=1 HTTP/1.0", b"200 OK"),
    ],
)
async def test_request_is_answered_and_the_connection_ended(endpoint, request_line, status):
    """Two paths, two methods; everything else is told so."""
    answer = await exchange(endpoint.port, request_line + b"\r\nAccept: */*\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 " + status + b"\r\n")
    assert b"\r\nConnection: close\r\n" in answer


async def test_head_is_answered_without_a_body(endpoint):
    """HEAD says as much as GET, less the body."""
    full = await exchange(endpoint.port, b"GET /healthz HTTP/1.1\r\n\r\n")
    head = await exchange(endpoint.port, b"HEAD /healthz HTTP/1.1\r\n\r\n")
    assert full.startswith(head)
    assert full[len(head) :] == b'{"status": "serving"}'


async def test_endless_request_is_hung_up_on(endpoint):
    """A request that does not end within 8 KiB gets no answer."""
    assert await exchange(endpoint.port, b"GET /" + b"x" * 20_000) == b""


async def test_request_in_pieces_is_put_together(endpoint):
    """TCP cuts where it likes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
    writer.write(b"GET /healthz HT")
    await until(lambda: [one for one in endpoint._open if one.get_protocol()._request])
    writer.write(b"TP/1.1\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_silent_connection_is_hung_up_on(monkeypatch):
    """Whoever says nothing does not hold a connection for ever."""
    monkeypatch.setattr(_operations, "_REQUEST_S", 0.01)
    async with Operations(LOOPBACK, healthy, Metrics()) as endpoint:
        assert await exchange(endpoint.port, b"") == b""
        await until(lambda: not endpoint._open)


async def test_leaving_does_not_wait_for_a_silent_connection():
    """A process that ends is not held up by whoever is connected."""
    async with Operations(LOOPBACK, healthy, Metrics()) as endpoint:
        _, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
        await until(lambda: endpoint._open)
    writer.close()


async def test_health_follows_the_servers_life():
    """503 before it serves and while it drains, 200 between, with a word for people."""
    peer = FakePeer()
    server = ChaincodeServer(Notes(), "notes:1", LOOPBACK)
    leave = asyncio.Event()

    async def serve_until_told():
        async with server:
            await leave.wait()

    async with Operations(LOOPBACK, lambda: {"status": server.status}, Metrics()) as endpoint:
        assert await ask(endpoint.port, "/healthz") == (503, '{"status": "starting"}')
        serving = asyncio.create_task(serve_until_told())
        await until(lambda: server.port)
        async with dial(peer, server.port):
            await peer.ready.wait()
            assert await ask(endpoint.port, "/healthz") == (200, '{"status": "serving"}')
            peer.holding = True
            peer.start("read", "k")
            await until(lambda: peer.held)
            leave.set()
            await asyncio.sleep(0)
            assert await ask(endpoint.port, "/healthz") == (503, '{"status": "draining"}')
            peer.release()
            await serving


async def test_metrics_are_served_in_prometheus_format():
    """Its own parser reads them; the type of content says which version."""
    metrics = Metrics.of_process()
    metrics.answered("read", 200, "", seconds=0.003)
    async with Operations(LOOPBACK, healthy, metrics) as endpoint:
        answer = await exchange(endpoint.port, b"GET /metrics HTTP/1.1\r\n\r\n")
    head, _, body = answer.decode().partition("\r\n\r\n")
    assert "Content-Type: text/plain; version=0.0.4; charset=utf-8" in head
    assert f"Content-Length: {len(body)}" in head
    families = {family.name: family for family in text_string_to_metric_families(body)}
    assert families["process_cpu_seconds"].samples[0].value > 0
    buckets = {
        sample.labels["le"]: sample.value
        for sample in families["pmcb_chaincode_transaction_seconds"].samples
        if sample.name.endswith("_bucket")
    }
    assert (buckets["0.0025"], buckets["0.005"], buckets["+Inf"]) == (0, 1, 1)


async def test_every_outcome_is_counted_under_bounded_names():
    """By function, status and code; whatever a caller names that is no function is ""."""
    peer, metrics = FakePeer({"k": b"1"}), Metrics()
    session = connect(peer, Notes(), call_timeout_s=0.01, observers=Observers(metrics))
    for _ in range(2):
        await peer.call("read", "k")
    for number in range(20):
        await peer.call(f"made_up_{number}")
    await peer.call("refuse_late", "k")
    await peer.call("cancel_itself")
    peer.at(M.GET_STATE, 4, error)
    peer.at(M.GET_STATE, 5, silence)
    for _ in range(2):
        await peer.call("read", "k")
    await session.close()
    assert samples(metrics) == {
        ("transactions_total", "read", "200", ""): 2,
        ("transactions_total", "", "400", "UNKNOWN_FUNCTION"): 20,
        ("transactions_total", "refuse_late", "403", "SUSPENDED"): 1,
        ("transactions_total", "cancel_itself", "500", "INTERNAL"): 1,
        ("transactions_total", "read", "500", "PEER_ERROR"): 2,
        ("transaction_seconds_count", "read"): 4,
        ("transaction_seconds_count", ""): 20,
        ("transaction_seconds_count", "refuse_late"): 1,
        ("transaction_seconds_count", "cancel_itself"): 1,
        ("peer_errors_total",): 2,
    }


async def test_what_is_open_and_runs_is_shown_while_it_does():
    """Gauges rise and fall; transactions cut off by the end of their stream are no answers."""
    metrics = Metrics()
    peers = [FakePeer(), FakePeer()]
    sessions = [connect(peer, Notes(), observers=Observers(metrics)) for peer in peers]
    for peer in peers:
        peer.holding = True
        peer.start("read", "k")
    await asyncio.sleep(0)
    assert samples(metrics) == {("sessions",): 2, ("transactions_running",): 2}
    await sessions[0].close()
    await sessions[0].close()
    assert samples(metrics) == {("sessions",): 1, ("transactions_running",): 1}
    await sessions[1].close()
    assert samples(metrics) == {}


async def test_stray_messages_are_counted():
    """Replies without a call, and messages without a place."""
    peer, metrics = FakePeer(), Metrics()
    session = connect(peer, Notes(), observers=Observers(metrics))
    peer.at(M.GET_STATE, 1, twice)
    await peer.call("read", "k")
    for kind in (M.READY, M.PUT_STATE):
        with pytest.raises(ProtocolError):
            session.receive(M(type=kind))
    found = samples(metrics)
    assert found["unmatched_replies_total",] == 1
    assert found["unexpected_messages_total",] == 2
    await session.close()


async def test_importing_and_serving_leave_the_global_registry_alone():
    """Two contracts in one process count apart; a host's own metrics see neither."""
    first, second = Metrics(), Metrics()
    first.answered("read", 200, "", seconds=0.1)
    assert samples(second) == {}
    assert "pmcb" not in prometheus_client.generate_latest().decode()


async def test_health_tells_the_status_as_json(endpoint):
    """A body that a script can read."""
    status, body = await ask(endpoint.port, "/healthz")
    assert (status, json.loads(body)) == (200, {"status": "serving"})
