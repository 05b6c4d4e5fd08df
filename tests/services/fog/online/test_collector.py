# SPDX-License-Identifier: Apache-2.0
"""Readings of devices: checked, kept, and handed on until the intake answers for them."""

import asyncio
import base64
import json
import sqlite3
import time
from hashlib import sha256

import httpx
import pytest
from tests.client.http_identity.people import Ca, network
from tests.services.fog.online.waiting import until

from pmcb_client.content import Receipt
from pmcb_client.errors import NetworkFileError
from pmcb_client.fields import parse_fields
from pmcb_services.fog.errors import Conflict, InvalidInput, Unavailable
from pmcb_services.fog.online._buffer import Buffer, Counts
from pmcb_services.fog.online._collector import Collector
from pmcb_services.fog.online._collector_app import collector_application, read_tokens
from pmcb_services.fog.online._inner import InnerRequest
from pmcb_services.fog.online._reading import read_reading
from pmcb_services.fog.online._tasks import end

pytestmark = pytest.mark.anyio

NOW_MS = time.time_ns() // 1_000_000
A, B = Ca("HospitalAMSP", NOW_MS), Ca("HospitalBMSP", NOW_MS)
COLLECTOR, INTAKE = A.person("collector", "institution"), A.person("records", "institution")
FIELDS = parse_fields(
    b"""
- {name: systolic, unit: mmHg, min: 50, max: 260, step: 1}
- {name: temp, unit: "\xc2\xb0C", min: 30, max: 45, step: 0.1}
- {name: posture, values: [seated, lying]}
""",
    "fields.yaml",
)
TOKEN = "0123456789abcdef"


def sent(values, *, subject="p7", at=1000):
    """As a device sends it."""
    return json.dumps({"subject_ref": subject, "at": at, "values": values}).encode()


def reading(values, **how):
    """As it is kept."""
    return read_reading(sent(values, **how), FIELDS, now_ms=NOW_MS)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", ""),
        (b"[]", ""),
        (sent({"systolic": 120}, at=-1), "at"),
        (sent({"systolic": 120}, at=10**16), "at"),
        (sent({"systolic": 120}, subject="a\nb"), "subject_ref"),
        (sent({}), "values"),
        (sent({"pulse": 77}), "values"),
        (sent({"systolic": 777}), "systolic"),
        (sent({"systolic": "777"}), "systolic"),
        (sent({"systolic [hPa]": 777}), "systolic"),
        (sent({"systolic": 120, "systolic [mmHg]": 77}), "systolic"),
        (sent({"posture": "Karl 777"}), "posture"),
        (sent({"posture [cm]": "seated"}), "posture"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(body, field):
    """No value is repeated."""
    with pytest.raises(InvalidInput) as caught:
        read_reading(body, FIELDS, now_ms=NOW_MS)
    assert caught.value.field == field
    assert "77" not in str(caught.value)
    assert "Karl" not in str(caught.value)


def test_readings_come_in_the_fields_units_and_steps():
    """16 kPa are 120.01 mmHg, kept as 120; 98.65 Fahrenheit are 37.03 Celsius, kept as 37.0."""
    found = reading({"systolic [kPa]": 16, "temp [°F]": 98.65, "posture": "seated"})
    assert found.values == {"systolic": 120, "temp": 37.0, "posture": "seated"}


def test_batches_hold_one_subject_in_the_order_of_time(tmp_path):
    """Of a field that was told twice at one time the first value stands."""
    buffer = Buffer(tmp_path / "buffer.sqlite3")
    buffer.take(reading({"systolic": 121}, at=2000))
    buffer.take(reading({"temp": 37.0}, at=1000))
    buffer.take(reading({"systolic": 130}, subject="p8"))
    buffer.take(reading({"systolic": 122, "temp": 36.5}, at=2000))
    buffer.pack()
    buffer.pack()
    bodies = {json.loads(batch.body)["subject_ref"]: batch for batch in buffer.batches()}
    assert json.loads(bodies["p7"].body)["rows"] == [
        {"at": 1000, "values": {"temp": 37.0}},
        {"at": 2000, "values": {"systolic": 121, "temp": 36.5}},
    ]
    assert len(bodies) == 2
    assert bodies["p7"].digest == sha256(bodies["p7"].body).hexdigest()
    assert buffer.counts() == Counts(0, 2, {})


def test_a_buffer_that_fails_takes_nothing(tmp_path):
    """The device is told, and keeps its reading."""
    path = tmp_path / "buffer.sqlite3"
    buffer = Buffer(path)
    assert path.stat().st_mode & 0o077 == 0
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE readings")
    with pytest.raises(Unavailable):
        buffer.take(reading({"systolic": 121}))


class Gateway:
    """Ends every order as it is told, by its number."""

    def __init__(self, *script):
        self.script = list(script)
        self.orders = {}

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass

    async def submit(self, order):
        """Take it, or not."""
        if isinstance(self.script[0], Exception):
            raise self.script.pop(0)
        known = self.orders.setdefault(order["id"], order)
        assert known == order, "the same order is the same"

    async def outcome(self, name, *, within_s):
        """As the script says."""
        state, result = self.script.pop(0)
        payload = base64.b64decode(self.orders[name]["payload"])
        data = result(InnerRequest.decode(payload)) if callable(result) else result
        return {"state": state, "result": base64.b64encode(data).decode()}


def receipt(request, *, by=INTAKE):
    """The intake's."""
    digest = sha256(request.body).hexdigest()
    made = Receipt.sign(digest, len(request.body), COLLECTOR.uid, NOW_MS, by)
    return json.dumps(made.as_document()).encode()


def foreign(request):
    """Another institution's."""
    return receipt(request, by=B.person("records", "institution"))


def collector(buffer, gateway):
    """Of hospital A."""
    return Collector(buffer, lambda: network(A, B), COLLECTOR, lambda: gateway)


@pytest.fixture
def buffer(tmp_path):
    """With one reading."""
    made = Buffer(tmp_path / "buffer.sqlite3")
    made.take(reading({"systolic": 121}))
    return made


@pytest.mark.parametrize(
    "script",
    [
        [("QUEUED", b""), ("UNKNOWN", b""), ("DEAD", b""), ("DONE", receipt)],
        [Unavailable("away"), ("DONE", receipt)],
    ],
)
async def test_what_is_open_is_asked_for_again(buffer, script):
    """By the very same order, until the receipt is there."""
    gateway = Gateway(*script)
    while gateway.script:
        assert sum((buffer.counts().readings, buffer.counts().batches)) == 1
        try:
            await collector(buffer, gateway).round()
        except Unavailable:
            continue
    assert buffer.counts() == Counts(0, 0, {})
    [order] = gateway.orders.values()
    assert InnerRequest.decode(base64.b64decode(order["payload"])).to == A.msp  # whose intake


@pytest.mark.parametrize(
    "first",
    [
        ("FAILED", b"EXPIRED"),
        ("FAILED", b"UNKNOWN_KIND"),
        ("CANCELLED", b""),
        ("DONE", b""),
        ("DONE", b'{"store": 1}'),
        ("DONE", foreign),
        Conflict("another's"),
    ],
)
async def test_without_a_genuine_receipt_another_order_is_made(buffer, first):
    """With the same observation, which the intake takes once."""
    gateway = Gateway(first, ("DONE", receipt))
    await collector(buffer, gateway).round()
    assert buffer.counts().batches == 1
    await collector(buffer, gateway).round()
    assert buffer.counts() == Counts(0, 0, {})


async def test_what_the_intake_refuses_is_kept_aside(buffer):
    """It is not sent for ever; whoever looks into it finds the code."""
    gateway = Gateway(("FAILED", b"BAD_REQUEST"))
    for _ in range(3):
        await collector(buffer, gateway).round()
    assert buffer.counts() == Counts(0, 0, {"BAD_REQUEST": 1})


async def test_a_gateway_that_nobody_knows_yet_is_waited_for(buffer):
    """The collector goes on taking readings; it looks again."""
    gateway = Gateway(("DONE", receipt))
    found = [NetworkFileError("none"), Unavailable("away"), gateway]

    def look():
        one = found.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    made = Collector(buffer, lambda: network(A, B), COLLECTOR, look, every_s=0.01)
    task = asyncio.create_task(made.run())
    await until(lambda: buffer.counts() == Counts(0, 0, {}), "the receipt")
    await end(task)


@pytest.mark.parametrize(
    "text", ["[", 'pump = "short"', "pump = 1", f'a = "{TOKEN}"\nb = "{TOKEN}"']
)
def test_a_file_of_tokens_is_checked(text, tmp_path):
    """No token is repeated in what is said."""
    (tmp_path / "tokens.toml").write_text(text)
    with pytest.raises(InvalidInput) as caught:
        read_tokens(tmp_path / "tokens.toml")
    assert "short" not in str(caught.value)


@pytest.mark.parametrize(
    ("token", "body", "status"),
    [
        ("", sent({"systolic": 121}), 401),
        ("Bearer ", sent({"systolic": 121}), 401),
        (f"Bearer {TOKEN}x", sent({"systolic": 121}), 401),
        (f"Bearer {TOKEN}", b"{}", 422),
        (f"Bearer {TOKEN}", b" " * 70_000, 413),
        (f"Bearer {TOKEN}", sent({"systolic": 121}), 202),
    ],
)
async def test_devices_hand_in_with_their_tokens(tmp_path, token, body, status):
    """What is answered with 202 is on the disk."""
    buffer = Buffer(tmp_path / "buffer.sqlite3")
    (tmp_path / "tokens.toml").write_text(f'pump-3 = "{TOKEN}"')
    app = collector_application(buffer, FIELDS, read_tokens(tmp_path / "tokens.toml"))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://c") as client:
        answer = await client.post("/v1/readings", content=body, headers={"Authorization": token})
        assert (await client.get("/readyz")).status_code == 200
    assert answer.status_code == status
    assert buffer.counts().readings == (status == 202)
    assert status == 202 or set(answer.json()) == {"error", "message", "field"}
