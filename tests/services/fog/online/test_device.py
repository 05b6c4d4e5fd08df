# SPDX-License-Identifier: Apache-2.0
"""Commands to devices: done once, or known not to be known."""

import base64
import json
from dataclasses import replace

import pytest
from tests.services.fog.online.stub_service import StubService, clients_closed
from tests.services.fog.online.test_child import task

from pmcb_services.fog.errors import InvalidInput
from pmcb_services.fog.online import _device
from pmcb_services.fog.online._adapters import Adapter, read_adapters
from pmcb_services.fog.online._device import DeviceControl
from pmcb_services.fog.online._handler import LeaseShort, OrderFailed, OutcomeUnknown

PUMP = "HospitalAMSP/pump-3"


@pytest.fixture(autouse=True)
def _clients():
    with clients_closed():
        yield


def command(on_unknown="hold", *, left_s=10.0):
    """5 ml."""
    made = task(on_unknown, left_s=left_s)
    how = {"kind": "device.control", "subject": PUMP, "command": "dose", "payload": b"5 ml"}
    return type(made)(**{**vars(made), **how})


def control(url, **how):
    """A device behind this adapter."""
    return DeviceControl({PUMP: Adapter(url, **how)})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "TOML"),
        ('"HospitalAMSP/pump-3" = 1', "pump-3"),
        ('["HospitalAMSP/pump-3"]', "url"),
        ('["HospitalAMSP/pump-3"]\nurl = "pump-3:80"', "url"),
        ('["HospitalAMSP/pump-3"]\nurl = "http://p"\ndedup = "yes"', "url"),
        ('["HospitalAMSP/pump-3"]\nurl = "http://p"\nuri = "x"', "dedup, tls_ca, token, url"),
        ('["HospitalAMSP/pump-3"]\nurl = "https://p"\ntls_ca = "none.pem"', "tls_ca"),
        ('["HospitalAMSP/pump-3"]\nurl = "http://10.0.4.3/v1/commands"', "needs https"),
    ],
)
def test_a_file_of_adapters_is_checked(text, said, tmp_path):
    """The device to blame is named."""
    (tmp_path / "devices.toml").write_text(text)
    with pytest.raises(InvalidInput, match=said):
        read_adapters(tmp_path / "devices.toml")


def test_a_file_of_adapters_is_read(tmp_path):
    """And no token is shown by whoever prints an adapter."""
    (tmp_path / "root.pem").write_text("PEM")
    (tmp_path / "devices.toml").write_text(
        f'["{PUMP}"]\nurl = "https://10.0.4.3:8443/commands"\ntoken = "secret"\n'
        'tls_ca = "root.pem"\ndedup = true\n'
    )
    adapters = read_adapters(tmp_path / "devices.toml")
    assert adapters == {PUMP: Adapter("https://10.0.4.3:8443/commands", "secret", "PEM", True)}
    assert "secret" not in repr(adapters)


def test_a_device_that_nobody_knows_is_told():
    """An order cannot name an address."""
    with pytest.raises(OrderFailed, match="UNKNOWN_DEVICE"):
        DeviceControl({}).run(command())


def test_an_adapter_of_an_organisation_takes_what_no_other_is_for():
    """A device that is added is in nobody's file; one with an adapter of its own stays there."""
    with StubService((200, b"all")) as ward, StubService((200, b"own"), (200, b"own")) as own:
        known = {"HospitalAMSP": Adapter(ward.url), PUMP: Adapter(own.url)}
        added = replace(command(), kind="device.add", subject="HospitalAMSP/bed-9", command="add")
        assert DeviceControl(known).run(added) == b"all"
        assert DeviceControl(known).run(command()) == b"own"
        with pytest.raises(OrderFailed, match="UNKNOWN_DEVICE"):
            DeviceControl(known).run(replace(added, subject="HospitalA/bed-9"))


def test_a_command_that_would_run_again_needs_an_adapter_that_drops_repeats():
    """The gateway's word that it does is not enough: the adapter's own file must say so too."""
    with StubService((200, b"given"), (200, b"given")) as stub:
        with pytest.raises(OrderFailed, match="NO_DEDUP"):
            control(stub.url).run(command("rerun"))
        assert not stub.heard
        assert control(stub.url, dedup=True).run(command("rerun")) == b"given"


@pytest.mark.parametrize(("status", "code"), [(409, "HTTP_409"), (400, "HTTP_400")])
def test_what_an_adapter_refuses_was_not_done(status, code):
    """An epoch of the past, or a command that it does not know."""
    with StubService((status, b"")) as stub, pytest.raises(OrderFailed, match=code):
        control(stub.url).run(command())
    assert len(stub.heard) == 1


@pytest.mark.parametrize("answer", [None, (500, b""), (503, b"")])
def test_what_is_not_answered_may_have_been_done(answer):
    """It is asked once, and never again by itself."""
    with StubService(answer) as stub, pytest.raises(OutcomeUnknown):
        control(stub.url).run(command())
    assert len(stub.heard) == 1


def test_an_adapter_that_drops_repeats_is_asked_again():
    """With the same order id."""
    with StubService(None, (500, b""), (200, b"given")) as stub:
        assert control(stub.url, dedup=True).run(command()) == b"given"
    assert {json.loads(body)["order"] for *_, body in stub.heard} == {"o"}
    assert len(stub.heard) == 3


def test_an_adapter_that_is_away_was_not_reached(monkeypatch):
    """Nobody took the connection: that is known, and told."""
    monkeypatch.setattr(_device, "PATIENCE_S", 0.2)
    with pytest.raises(OrderFailed, match="DEVICE_AWAY"):
        control("http://127.0.0.1:9").run(command())


@pytest.mark.parametrize("status", [401, 403, 408, 413, 429])
def test_what_an_earlier_attempt_may_have_done_is_not_denied(status, monkeypatch):
    """By one that does not get to the device: nobody there looked for the order."""
    monkeypatch.setattr(_device, "PATIENCE_S", 0.2)
    second = replace(command(), attempt=2)
    for url, made in (("http://127.0.0.1:9", control), ("", lambda _: DeviceControl({}))):
        with pytest.raises(OutcomeUnknown):
            made(url).run(second)
    with StubService((status, b"")) as stub, pytest.raises(OutcomeUnknown):
        control(stub.url).run(second)
    with StubService((404, b"no such page")) as stub, pytest.raises(OutcomeUnknown):
        control(stub.url).run(second)
    word = b'{"error": "NO_DEVICE", "message": "", "field": ""}'
    with StubService((404, word)) as stub, pytest.raises(OrderFailed, match="NO_DEVICE"):
        control(stub.url).run(second)
    with StubService((500, b""), (status, b"")) as stub, pytest.raises(OutcomeUnknown):
        control(stub.url, dedup=True).run(command())
    with StubService((status, b"")) as stub, pytest.raises(OrderFailed, match=f"HTTP_{status}"):
        control(stub.url).run(command())


def test_a_doubt_outlives_the_lease(monkeypatch):
    """What may have been done stays unknown, also where no time is left to ask again."""
    with StubService(None) as stub, pytest.raises(OutcomeUnknown):
        control(stub.url, dedup=True).run(command(left_s=0.6))
    assert stub.heard
    with StubService(None) as stub, pytest.raises(LeaseShort):
        control(stub.url, dedup=True).run(command(left_s=0.3))
    assert not stub.heard


def test_an_adapter_hears_what_it_needs():
    """Order and epoch with which it drops repeats and refuses what is late; its token."""
    with StubService((200, b"given")) as stub:
        control(stub.url, token="secret").run(command())
    [(method, _, headers, body)] = stub.heard
    assert (method, headers["authorization"]) == ("POST", "Bearer secret")
    assert json.loads(body) == {
        "order": "o",
        "epoch": 1,
        "device": PUMP,
        "command": "dose",
        "payload": base64.b64encode(b"5 ml").decode(),
    }
