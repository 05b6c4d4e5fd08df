# SPDX-License-Identifier: Apache-2.0
"""Observations of the institution's own collectors: once each, and only what fits its fields."""

import hashlib
import json

import httpx
import pytest
from tests.client.http_identity.people import NOW_MS, Ca, network

from pmcb_client.content import ForeignReceipt, Receipt
from pmcb_client.fields import parse_fields
from pmcb_client.http_identity import RequestChecker, SignedRequests
from pmcb_services.intake import AUDIENCE, Intake, intake_application

pytestmark = pytest.mark.anyio

A, B = Ca("HospitalAMSP"), Ca("HospitalBMSP")
RECORDS, WORKER = B.person("records", "institution"), B.person("ward7", "worker")
NETWORK = network(A, B)
FIELDS = parse_fields(
    b"""
- {name: systolic, unit: mmHg, min: 60, max: 260, step: 0.5}
- {name: arm, values: [left, right]}
""",
    "fields.yaml",
)
PATH = "/v1/observations"


@pytest.fixture
def intake(tmp_path):
    """An empty table."""
    return Intake(tmp_path / "institution")


@pytest.fixture
def app(intake):
    """The service."""
    checker = RequestChecker(NETWORK, audience=AUDIENCE, clock=lambda: NOW_MS)
    return intake_application(intake, checker, RECORDS, FIELDS, clock=lambda: NOW_MS)


def observed(**changes):
    """A sound body with what a test changes in it."""
    row = {"at": NOW_MS - 1000, "values": {"systolic [mmHg]": 120.5, "arm": "left"}}
    document = {"subject_ref": "ward7-0012", "rows": [row]} | changes
    return json.dumps(document).encode()


def with_values(values):
    """A sound body but for its values."""
    return observed(rows=[{"at": 1, "values": values}])


async def sent(app, body=None, who=WORKER, audience=AUDIENCE, method="POST", path=PATH):
    """The answer to a request of somebody, of nobody for None."""
    auth = who and SignedRequests(who, audience=audience, clock=lambda: NOW_MS)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        content = observed() if body is None else body
        return await http.request(method, path, content=content, auth=auth)


@pytest.mark.parametrize(
    ("who", "audience", "status", "code", "field"),
    [
        (None, AUDIENCE, 401, "UNAUTHENTICATED", "unsigned"),
        (WORKER, "content", 401, "UNAUTHENTICATED", "signature"),
        (Ca("HospitalBMSP").person("forger", "worker"), AUDIENCE, 401, "UNAUTHENTICATED", None),
        (A.person("guest", "worker"), AUDIENCE, 403, "FORBIDDEN", ""),
        (A.person("records", "institution"), AUDIENCE, 403, "FORBIDDEN", ""),
        (B.person("ann", "receiver"), AUDIENCE, 403, "FORBIDDEN", ""),
        (B.person("judge", "verifier"), AUDIENCE, 403, "FORBIDDEN", ""),
        (B.person("none", ""), AUDIENCE, 403, "FORBIDDEN", ""),
    ],
)
async def test_only_its_own_collectors_are_heard(app, intake, who, audience, status, code, field):
    """Unsigned, for another service, another CA, another organisation, another role."""
    answered = await sent(app, who=who, audience=audience)
    assert (answered.status_code, answered.json()["error"]) == (status, code)
    assert answered.json()["field"] == (field if field is not None else "certificate")
    assert list(intake.records()) == []


SECRET = 173.25


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", ""),
        (b"\xff", ""),
        (b"[" * 100_000, ""),
        (b'{"subject_ref": "a", "subject_ref": "b", "rows": []}', ""),
        (b"[]", ""),
        (observed(more=SECRET), ""),
        (observed(subject_ref=""), "subject_ref"),
        (observed(subject_ref="a" * 201), "subject_ref"),
        (observed(subject_ref="a\nb"), "subject_ref"),
        (observed(subject_ref=SECRET), "subject_ref"),
        (observed(rows=[]), "rows"),
        (observed(rows={"at": 1}), "rows"),
        (observed(rows=[{"at": 1}]), "rows.0.values"),
        (observed(rows=[{"at": "1", "values": {"systolic": SECRET}}]), "rows.0.at"),
        (observed(rows=[{"at": -1, "values": {"systolic": SECRET}}]), "rows.0.at"),
        (observed(rows=[{"at": True, "values": {"systolic": SECRET}}]), "rows.0.at"),
        (observed(rows=[{"at": 1, "values": {}, "unit": SECRET}]), "rows.0.values"),
        (with_values({"pulse": SECRET}), "rows.0"),
        (with_values({"": SECRET}), "rows.0"),
        (with_values({"systolic [kPa]": SECRET}), "rows.0.systolic"),
        (with_values({"arm [mmHg]": "left"}), "rows.0.arm"),
        (with_values({"systolic": SECRET, "systolic [mmHg]": SECRET}), "rows.0.systolic"),
        (with_values({"systolic": 300 + SECRET}), "rows.0.systolic"),
        (with_values({"systolic": SECRET}), "rows.0.systolic"),
        (with_values({"systolic": str(SECRET)}), "rows.0.systolic"),
        (with_values({"systolic": True}), "rows.0.values"),
        (with_values({"systolic": None}), "rows.0.values"),
        (with_values({"systolic": [SECRET]}), "rows.0.values"),
        (
            b'{"subject_ref": "a", "rows": [{"at": 1, "values": {"systolic": NaN}}]}',
            "rows.0.values",
        ),
        (
            b'{"subject_ref": "a", "rows": [{"at": 1, "values": {"systolic": 1e999}}]}',
            "rows.0.values",
        ),
        (b'{"subject_ref": "\\ud800", "rows": [{"at": 1, "values": {"arm": "left"}}]}', None),
        (with_values({"arm": f"{SECRET}"}), "rows.0.arm"),
        (observed(rows=[{"at": NOW_MS + 600_000, "values": {"arm": "left"}}]), "rows.0.at"),
        (observed(rows=[{"at": at, "values": {"arm": "left"}} for at in (2, 2)]), "rows.1.at"),
    ],
)
async def test_what_does_not_fit_is_refused_with_its_place(app, intake, body, field):
    """Never with a value, and nothing of it is kept."""
    answered = await sent(app, body)
    assert (answered.status_code, answered.json()["error"]) == (400, "BAD_REQUEST")
    assert set(answered.json()) == {"error", "message", "field"}
    if field is not None:
        assert answered.json()["field"] == field
    assert str(SECRET) not in answered.text
    assert list(intake.records()) == []


async def test_a_body_that_is_too_large_is_refused(app):
    """One MiB is the most."""
    answered = await sent(app, b" " * 2**20 + observed())
    assert (answered.status_code, answered.json()["error"]) == (413, "TOO_LARGE")


async def test_without_fields_no_observations_are_taken(intake):
    """There is no such path then; health is told all the same."""
    checker = RequestChecker(NETWORK, audience=AUDIENCE, clock=lambda: NOW_MS)
    app = intake_application(intake, checker, RECORDS, None, clock=lambda: NOW_MS)
    assert (await sent(app)).json()["error"] == "NOT_FOUND"
    assert (await sent(app, who=None, method="GET", path="/readyz")).text == "ok\n"


async def test_an_observation_sent_twice_is_one(app, intake):
    """Every receipt is the institution's word for these bytes, and tells of the first time."""
    digest = hashlib.sha256(observed()).hexdigest()
    receipts = []
    for who in (WORKER, WORKER, RECORDS):
        answered = await sent(app, who=who)
        assert answered.status_code == 200
        how = {"digest": digest, "uid": who.uid}
        receipts.append(Receipt.checked(answered.json(), NETWORK, store=RECORDS.uid, **how))
        with pytest.raises(ForeignReceipt):
            Receipt.checked(answered.json(), NETWORK, store=WORKER.uid, **how)
    assert {(one.size, one.at) for one in receipts} == {(len(observed()), NOW_MS)}
    (record,) = intake.records()
    assert (record.source, record.at) == (f"observation/{digest}", NOW_MS - 1000)
    assert record.values == {"systolic": 120.5, "arm": "left"}
    assert intake.summary().observations == 1


async def test_a_subject_is_one_subject_in_all_observations(app, intake, tmp_path):
    """Whoever it is about stands nowhere but in the collector's own books."""
    for body in (observed(), with_values({"arm": "left"}), observed(subject_ref="ward7-0013")):
        await sent(app, body)
    subjects = [record.subject for record in intake.records()]
    assert len(subjects) == 3
    assert subjects[0] == subjects[1] != subjects[2]
    assert b"ward7" not in (tmp_path / "institution/intake.sqlite3").read_bytes()


async def test_a_table_that_cannot_be_written_is_no_refusal(app, tmp_path):
    """The collector may try again later."""
    path = tmp_path / "institution/intake.sqlite3"
    path.unlink()
    path.mkdir()
    answered = await sent(app)
    assert (answered.status_code, answered.json()["error"]) == (503, "STORE_UNAVAILABLE")
    assert (await sent(app, who=None, method="GET", path="/readyz")).status_code == 503


async def test_the_openapi_document_tells_of_the_body(app):
    """What a client needs to know is there."""
    path = app.openapi()["paths"][PATH]["post"]
    schema = path["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["required"]) == {"subject_ref", "rows"}
    assert set(schema["properties"]["rows"]["items"]["required"]) == {"at", "values"}
    assert "$ref" not in json.dumps(schema)
