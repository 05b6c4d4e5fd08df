# SPDX-License-Identifier: Apache-2.0
"""Bodies are taken from people who are known, however long those take."""

import httpx
import pytest
from fastapi import Depends
from tests.client.http_identity.people import NOW_MS, Ca, network

from pmcb_client.http_identity import RequestChecker, SignedRequests
from pmcb_services.common import SignedCaller, application

pytestmark = pytest.mark.anyio
A = Ca("HospitalAMSP")
ANN = A.person("ann")
PARTS = [b"first half", b"second half"]


class Clock:
    """Milliseconds that a test moves on."""

    now_ms = NOW_MS

    def __call__(self):
        return self.now_ms


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def http(clock):
    """The way to a service that takes 100 bytes."""

    async def ready():
        return ""

    app = application("files", version="1", ready=ready)
    checker = RequestChecker(network(A), audience="files", clock=clock)
    caller = SignedCaller(checker, body_bytes=100)

    @app.put("/v1/file", dependencies=[Depends(caller)])
    async def put() -> dict[str, str]:
        return {}

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://files") as made:
        yield made


def headers(who=ANN):
    """Of a request that is signed now."""
    signed = SignedRequests(who, audience="files", clock=lambda: NOW_MS)
    return signed.headers("PUT", "/v1/file", {}, b"".join(PARTS))


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({}, "unsigned"),
        (headers(Ca("HospitalAMSP").person("ann")), "certificate"),
        (headers(A.person("late", days=-1)), "certificate"),
        ({**headers(), "PMCB-Expires": str(NOW_MS)}, "expired"),
    ],
    ids=["nobody", "a stranger", "who is not any more", "too late"],
)
async def test_of_people_who_are_not_known_no_byte_is_read(http, sent, reason):
    """They are told so at once."""
    read = []

    async def body():
        for part in PARTS:
            read.append(part)
            yield part

    answer = await http.put("/v1/file", content=body(), headers=sent)
    assert (answer.status_code, answer.json()["field"]) == (401, reason)
    assert read == []


async def test_a_body_may_take_longer_than_its_signature_holds(http, clock):
    """What counts is when it was begun; begun later it is refused."""

    async def body():
        yield PARTS[0]
        clock.now_ms += 120_000
        yield PARTS[1]

    assert (await http.put("/v1/file", content=body(), headers=headers())).status_code == 200
    answer = await http.put("/v1/file", content=body(), headers=headers())
    assert (answer.status_code, answer.json()["field"]) == (401, "expired")


async def test_a_body_that_is_another_than_was_signed_is_refused(http):
    """Whoever its headers are from."""
    answer = await http.put("/v1/file", content=b"another", headers=headers())
    assert (answer.status_code, answer.json()["field"]) == (401, "signature")
