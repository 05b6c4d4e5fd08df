# SPDX-License-Identifier: Apache-2.0
"""What a gateway does not serve, in one shape of errors, and what of it is written down."""

import json
from dataclasses import replace

import httpx
import pytest
from tests.scenarios.site import identity_of
from tests.services.retrieval.gateway.ward import STORE

from pmcb_client.errors import NetworkFileError
from pmcb_client.http_identity import SignedRequests
from pmcb_client.network_file import RetrievalGateway
from pmcb_services.retrieval.errors import InputError, UnknownStore
from pmcb_services.retrieval.worker import RetrievalClient, audience

pytestmark = pytest.mark.anyio

BAD = [
    ("query", {"ranges": {"HR": [90, 60]}}, 422, "EMPTY_RANGE", "HR"),
    ("query", {"ranges": {"HR": [float("nan"), None]}}, 422, "NOT_A_NUMBER", "HR"),
    ("query", {"ranges": {"HR": [0, float("inf")]}}, 422, "NOT_A_NUMBER", "HR"),
    ("query", {"ranges": {"HR": ["60", 90]}}, 422, "NOT_A_NUMBER", "HR"),
    ("query", {"ranges": {"HR": [True, 90]}}, 422, "NOT_A_NUMBER", "HR"),
    ("query", {"ranges": {"HR": 60}}, 422, "NOT_A_NUMBER", "HR"),
    ("query", {"ranges": {"Pulse": [60, 90]}}, 422, "UNKNOWN_ATTRIBUTE", "Pulse"),
    ("query", {}, 422, "NO_RANGE", ""),
    ("query", {"ranges": {"HR": [60, 90]}, "minimum": -1}, 422, "BAD_MINIMUM", "minimum"),
    ("query", {"ranges": {"HR": [60, 90]}, "minimum": 1.5}, 422, "BAD_MINIMUM", "minimum"),
    ("query", {"ranges": [], "minimum": 1}, 400, "BAD_REQUEST", "ranges"),
    ("query", {"range": {}}, 400, "BAD_REQUEST", ""),
    ("query", '{"ranges": {"HR": [1, 2], "HR": [3, 4]}}', 400, "BAD_REQUEST", ""),
    ("query", "{", 400, "BAD_REQUEST", ""),
    ("analyse", {"ranges": {"HR": [60, 90]}, "colour": "x"}, 422, "UNKNOWN_ATTRIBUTE", "colour"),
    ("profile", {"colour": "x", "bins": 1}, 422, "BAD_MINIMUM", "bins"),
    ("patient", {"patient": "ann"}, 422, "NOT_A_NUMBER", "patient"),
    (
        "insert",
        {"rows": [[80, 120]], "carried": {"patient": [1]}},
        422,
        "WRONG_ATTRIBUTE_COUNT",
        "",
    ),
    ("insert", {"rows": [[300, 120, 36]], "carried": {"patient": [1]}}, 422, "OUT_OF_DOMAIN", "HR"),
    ("insert", {"rows": [[-1, 120, 36]], "carried": {"patient": [1]}}, 422, "OUT_OF_DOMAIN", "HR"),
    ("insert", {"rows": [[80, 120, 36.63]], "carried": {"patient": [1]}}, 422, "OFF_GRID", "Temp"),
    (
        "insert",
        {"rows": [[80, None, 36]], "carried": {"patient": [1]}},
        422,
        "MISSING_VALUE",
        "SBP",
    ),
    ("insert", {"rows": [[80, 120, 36]]}, 422, "MISSING_VALUE", "patient"),
    ("delete", {"ids": [4711]}, 404, "UNKNOWN_RECORD", "ids"),
    ("delete", {"ids": [1, 1]}, 422, "DUPLICATE_RECORD", "ids"),
    ("delete", {"ids": [0.5]}, 422, "NOT_A_NUMBER", "ids"),
]


async def test_bad_input_is_named_and_written_down(ward):
    """By status, code and field; nothing is done, and no value of a record is told."""
    before = await ward.owns.status(STORE)
    for mode, body, status, code, field in BAD:
        answer = await post(ward, ward.institution, mode, body)
        document = answer.json()
        said = (answer.status_code, document["error"], document["field"])
        assert said == (status, code, field), (mode, body)
        assert not {"300", "36.63"} & {each.rstrip(".") for each in document["message"].split()}
    answer = await post(ward, ward.institution, "insert", b"x" * (2**24 + 1))
    assert (answer.status_code, answer.json()["error"]) == (413, "TOO_LARGE")
    after = await ward.owns.status(STORE)
    assert (after["live"], after["version"]) == (before["live"], before["version"])
    lines = [(line["event"], line["outcome"]) for line in ward.trail().lines()]
    assert lines[: len(BAD)] == [(mode, code) for mode, _, _, code, _ in BAD]


async def test_an_unsigned_or_unknown_caller_is_told_nothing(ward):
    """Not even whether there is such a store; a request for another gateway counts as unsigned."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(ward.app), base_url="http://localhost"
    ) as http:
        for store in (STORE, "none"):
            answer = await http.get(f"/v1/stores/{store}/schema")
            assert (answer.status_code, answer.json()["error"]) == (401, "UNAUTHENTICATED")
        assert (await http.get("/healthz")).text == "ok\n"
        assert (await http.get("/readyz")).text == "ok\n"
        assert "pmcb_requests" in (await http.get("/metrics")).text
    other = await post(ward, ward.institution, "query", {}, to="HospitalAMSP/other")
    assert other.status_code == 401
    for call in (ward.owns.status("none"), ward.owns.query("../x", {"HR": (1, 2)})):
        with pytest.raises((UnknownStore, InputError)):
            await call


async def test_a_gateway_is_found_in_the_network_file(ward):
    """None, or several and none named: said before anything is sent."""
    file, identity = ward.world.place.file, identity_of(ward.worker)
    with pytest.raises(NetworkFileError, match="no query gateway"):
        RetrievalClient(file, identity)
    two = [RetrievalGateway("http://localhost", f"Hospital{x}MSP/g", "") for x in "AB"]
    with pytest.raises(NetworkFileError, match="HospitalAMSP, HospitalBMSP"):
        RetrievalClient(replace(file, retrieval=tuple(two)), identity)


async def post(ward, who, mode, body, *, to=None):
    """A signed request whose body may be anything."""
    auth = SignedRequests(
        identity_of(who), audience=audience(to or ward.institution.uid), clock=ward.world.now
    )
    content = json.dumps(body) if isinstance(body, dict) else body
    transport = httpx.ASGITransport(ward.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        base_url="http://localhost/v1", transport=transport, auth=auth
    ) as http:
        return await http.post(f"/stores/{STORE}/{mode}", content=content)
