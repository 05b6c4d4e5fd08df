# SPDX-License-Identifier: Apache-2.0
"""``pmcb fog adapter`` as it runs: over HTTP, killed, stopped, and asked by a fog worker."""

import base64
import json
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pytest
from tests.services.fog.adapter.pump import PUMP, TOKEN, Pump
from tests.services.fog.online.stub_service import clients_closed
from tests.services.fog.online.test_child import task

from pmcb_services.fog.online import _device
from pmcb_services.fog.online._adapters import Adapter
from pmcb_services.fog.online._device import DeviceControl
from pmcb_services.fog.online._handler import OrderFailed, OutcomeUnknown

SOUND = {"order": "o-1", "epoch": 1, "device": PUMP, "command": "dose", "payload": "NSBtbA=="}


class Running:
    """An adapter in a process of its own."""

    def __init__(self, process, url):
        self.process, self.url = process, f"{url}/v1/commands"

    def post(self, token=TOKEN, content=None, **changed):
        """An attempt of the order, as changed."""
        body = json.dumps({**SOUND, **changed}).encode() if content is None else content
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.post(self.url, content=body, headers=headers, timeout=20)

    def end(self, number):
        """By this signal; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(20)


def command(folder, pump):
    """The same home each time."""
    words = ["--home", str(folder / "home"), "--json", "fog", "adapter", "--devices"]
    return [sys.executable, "-P", "-m", "pmcb_client", *words, str(pump.file)]


@contextmanager
def running(folder, pump):
    """The command, until it is killed."""
    with (
        (folder / "adapter.log").open("ab") as log,
        subprocess.Popen(command(folder, pump), stdout=subprocess.PIPE, stderr=log) as process,
    ):
        assert process.stdout is not None
        try:
            yield Running(process, json.loads(process.stdout.readline())["url"])
        finally:
            process.kill()


def asking(url, name="slow", size=4):
    """A process that asks for a command with so many bytes, and fails without its answer."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    script = (
        "import base64, httpx\n"
        f"payload = base64.b64encode(bytes({size})).decode()\n"
        f"body = {{**{SOUND!r}, 'command': {name!r}, 'payload': payload}}\n"
        f"assert httpx.post({url!r}, json=body, headers={headers!r}).content == b'given'\n"
    )
    return subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)


def until(pump, effects, *, within_s=20.0):
    """Wait for so many."""
    ends = time.monotonic() + within_s
    while len(pump.effects) < effects:
        assert time.monotonic() < ends
        time.sleep(0.01)


def control(url, command="dose", **how):
    """What a fog worker's handler makes of it."""
    made = vars(task("rerun"))
    about = {"kind": "device.control", "subject": PUMP, "command": command, "payload": b"5 ml"}
    adapter = Adapter(url, token=TOKEN, dedup=True)
    return DeviceControl({PUMP: adapter}).run(type(task())(**{**made, **about, **how}))


def test_a_fog_worker_and_an_adapter_understand_each_other(tmp_path, monkeypatch):
    """Done, refused and of the past; and what does not fit is named and changes nothing."""
    monkeypatch.setattr(_device, "PATIENCE_S", 0.2)
    pump = Pump(tmp_path)
    with running(tmp_path, pump) as adapter, clients_closed():
        assert control(adapter.url) == control(adapter.url, epoch=2) == b"given 5 ml"
        with pytest.raises(OrderFailed, match="STALE_EPOCH"):
            control(adapter.url)
        with pytest.raises(OrderFailed, match="REFUSED"):
            control(adapter.url, "refuse", order="o-2")
        with pytest.raises(OutcomeUnknown):
            control(adapter.url, "crash", order="o-3")
        before = pump.effects
        assert before == [f"o 1 {PUMP} dose", f"o-3 1 {PUMP} crash"]
        for answer, status, code in (
            (adapter.post(token="x" * 20), 401, "UNAUTHENTICATED"),
            (adapter.post(token=""), 401, "UNAUTHENTICATED"),
            (adapter.post(content=b""), 400, "BAD_REQUEST"),
            (adapter.post(content=b"[]"), 400, "BAD_REQUEST"),
            (adapter.post(content=b'{"order": "a", "order": "b"}'), 400, "BAD_REQUEST"),
            (adapter.post(epoch="1"), 400, "BAD_REQUEST"),
            (adapter.post(epoch=-1), 400, "BAD_REQUEST"),
            (adapter.post(order="o 1"), 400, "BAD_REQUEST"),
            (adapter.post(device="pump"), 400, "BAD_REQUEST"),
            (adapter.post(command="do\n"), 400, "BAD_REQUEST"),
            (adapter.post(payload="5 ml"), 400, "BAD_REQUEST"),
            (adapter.post(payload="5 mé"), 400, "BAD_REQUEST"),
            (adapter.post(more=1), 400, "BAD_REQUEST"),
            (adapter.post(content=bytes(12 * 2**20 + 1)), 413, "TOO_LARGE"),
            (adapter.post(device="HospitalBMSP/pump"), 404, "NO_DEVICE"),
        ):
            assert (answer.status_code, answer.json()["error"]) == (status, code)
        assert pump.effects == before
        large = base64.b64encode(b"0" * 8 * 2**20).decode()
        assert adapter.post(order="o-4", command="deaf", payload=large).status_code == 200
        health = httpx.get(adapter.url.replace("/v1/commands", "/readyz"))
        assert health.text == "ok\n"
        assert adapter.end(signal.SIGTERM) == 0
    assert "5 ml" not in (tmp_path / "adapter.log").read_text()


def test_killed_between_an_effect_and_its_answer_it_does_not_do_it_again(tmp_path):
    """It does not know, and says so; what it had answered it still answers."""
    pump = Pump(tmp_path)
    with running(tmp_path, pump) as adapter:
        done = adapter.post(order="o-0")
        with asking(adapter.url, "held") as caller:
            until(pump, 2)
            adapter.end(signal.SIGKILL)
            assert caller.wait(20) != 0, "nobody answered"
    pump.release()
    with running(tmp_path, pump) as adapter:
        again = adapter.post(order="o-0")
        assert (again.status_code, again.content) == (done.status_code, done.content)
        unknown = adapter.post(command="held", epoch=2, payload="AAAAAA==")
        assert (unknown.status_code, unknown.json()["error"]) == (500, "UNKNOWN")
    assert pump.effects == [f"o-0 1 {PUMP} dose", f"o-1 1 {PUMP} held"]


def test_killed_it_leaves_no_program_with_half_a_payload(tmp_path):
    """One that reads late reads all of it."""
    pump = Pump(tmp_path)
    with running(tmp_path, pump) as adapter:
        with asking(adapter.url, "count", 2**20):
            until(pump, 1)
            adapter.end(signal.SIGKILL)
        ends = time.monotonic() + 20
        while not (tmp_path / "counted").exists() or not (tmp_path / "counted").read_text():
            assert time.monotonic() < ends
            time.sleep(0.01)
    assert int((tmp_path / "counted").read_text()) == 2**20


def test_told_to_end_it_ends_what_it_began(tmp_path):
    """However often; whoever asked hears how it went. No second adapter was let in before."""
    pump = Pump(tmp_path)
    with running(tmp_path, pump) as adapter:
        second = command(tmp_path, pump)
        done = subprocess.run(second, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "Another adapter" in json.loads(done.stdout)["message"]
        with asking(adapter.url) as caller:
            until(pump, 1)
            adapter.process.send_signal(signal.SIGINT)
            time.sleep(0.1)
            assert adapter.end(signal.SIGINT) == 0
            assert caller.wait(20) == 0
    assert pump.effects == [f"o-1 1 {PUMP} slow"]


def test_files_that_are_no_certificate_are_named_before_anything_is_served(tmp_path):
    """As any service names them."""
    pump = Pump(tmp_path)
    tls = ["--tls-cert", str(pump.file), "--tls-key", str(pump.program)]
    done = subprocess.run(
        [*command(tmp_path, pump), *tls], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert json.loads(done.stdout)["message"].startswith("adapter.toml and pump.sh are no")
