# SPDX-License-Identifier: Apache-2.0
"""Which kinds a worker runs, and where their requests go."""

import time
from dataclasses import replace

import pytest
from tests.client.http_identity.people import Ca, network
from tests.services.fog.online.stub_service import StubService, clients_closed
from tests.services.fog.online.test_child import task

from pmcb_client.network_file import ContentStore, IntakeService, RetrievalGateway, save
from pmcb_services.fog.errors import InvalidInput
from pmcb_services.fog.online import InnerRequest, OrderFailed, OutcomeUnknown, _forward
from pmcb_services.fog.online._handlers import handlers
from pmcb_services.fog.online._places import Places

A, B = (Ca(name, time.time_ns() // 1_000_000) for name in ("HospitalAMSP", "HospitalBMSP"))
DIGEST = "ab" * 32


@pytest.fixture(autouse=True)
def _clients():
    with clients_closed():
        yield


def carrying(method, target, *, to=""):
    """An order with a signed request."""
    signer, made = A.person("somebody", "worker"), task()
    signed = InnerRequest.sign(method, target, b"{}", signer, audience="x", lifetime_s=60, to=to)
    return type(made)(**{**vars(made), "payload": signed.encode()})


def test_a_worker_runs_what_it_knows_the_way_to(tmp_path):
    """Without any way it can be tested, and nothing else; a bad file of devices is told at once."""
    (tmp_path / "devices.toml").write_text('["A/pump"]\nurl = "http://127.0.0.1:9"')
    devices = str(tmp_path / "devices.toml")
    assert {*handlers(Places())} == {"compute.test"}
    whole = Places(network="network.json", devices=devices)
    assert {*handlers(whole)} == {
        "compute.test",
        "device.add",
        "device.control",
        "device.remove",
        "retrieval.query",
        "upload.observation",
        "upload.submission",
    }
    with pytest.raises(InvalidInput):
        handlers(Places(devices=str(tmp_path / "none.toml")))


def test_services_are_where_network_json_says_now(tmp_path, monkeypatch):
    """An upload goes to the store, a query to the institution that it names; both may move."""
    monkeypatch.setattr(_forward, "PATIENCE_S", 0.05)
    path = tmp_path / "network.json"
    known = handlers(Places(network=str(path)))
    upload = carrying("PUT", f"/v1/blobs/{DIGEST}")
    query = carrying("POST", "/v1/stores/icu/query", to=B.msp)
    for kind, order in (("upload.submission", upload), ("retrieval.query", query)):
        with pytest.raises(OutcomeUnknown):  # nobody is known yet
            known[kind].run(order)
    with (
        StubService((200, b"a")) as a,
        StubService((200, b"b")) as b,
        StubService((200, b"c")) as c,
    ):
        gateways = (
            RetrievalGateway(a.url, f"{A.msp}/r", ""),
            RetrievalGateway(b.url, f"{B.msp}/r", ""),
        )
        place = replace(network(A, B), retrieval=gateways)
        save(path, replace(place, content=ContentStore(c.url, f"{A.msp}/s", "")))
        assert known["upload.submission"].run(upload) == b"c"
        assert known["retrieval.query"].run(query) == b"b"
        save(path, replace(place, content=ContentStore(a.url, f"{A.msp}/s", "")))
        assert known["upload.submission"].run(upload) == b"a"


def test_an_observation_goes_to_the_intake_of_its_collector(tmp_path, monkeypatch):
    """Each organisation's own; without its word only where there is no other."""
    monkeypatch.setattr(_forward, "PATIENCE_S", 0.05)
    path = tmp_path / "network.json"
    run = handlers(Places(network=str(path)))["upload.observation"].run
    seen, unsaid = (carrying("POST", "/v1/observations", to=to) for to in (B.msp, ""))
    with StubService((200, b"a"), (200, b"a")) as a, StubService((200, b"b")) as b:
        of_a = network(A, B).with_service(IntakeService(a.url, f"{A.msp}/i", ""))
        save(path, of_a)
        assert run(unsaid) == b"a"
        with pytest.raises(OutcomeUnknown):  # another's does not take it
            run(seen)
        save(path, of_a.with_service(IntakeService(b.url, f"{B.msp}/i", "")))
        assert run(seen) == b"b"
        with pytest.raises(OutcomeUnknown):
            run(unsaid)
        assert len(a.heard) == 1


@pytest.mark.parametrize(
    ("kind", "method", "target"),
    [
        ("upload.submission", "GET", f"/v1/blobs/{DIGEST}"),
        ("upload.submission", "PUT", "/v1/blobs/x"),
        ("retrieval.query", "POST", "/v1/stores/icu/insert"),
        ("retrieval.query", "POST", "/v1/stores/a/b/query"),
        ("retrieval.query", "PUT", "/v1/stores/icu/colours/x"),
        ("upload.observation", "POST", "/v1/blobs"),
    ],
)
def test_a_kind_reaches_its_own_paths_only(kind, method, target):
    """Whoever may ask must not write on the same way."""
    with pytest.raises(OrderFailed, match="BAD_REQUEST"):
        handlers(Places(network="network.json"))[kind].run(carrying(method, target))
