# SPDX-License-Identifier: Apache-2.0
"""Requests drawn from each service's own OpenAPI document never meet a defect.

Whatever is sent, by whomever, unsigned too: the answer is a success, or a refusal in the one shape
of all services; nothing ends the service, and its log holds no trace of a defect.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings

from pmcb_client.http_identity import SignedRequests
from pmcb_services.publishing._service import audience as of_publishing
from pmcb_services.retrieval.cloud._wire import audience as of_cloud
from pmcb_services.retrieval.worker import audience as of_gateway

from .conftest import ROLES, Site

EXAMPLES = max(4, settings().max_examples // 25)
SLOW_S = 10.0


def audience(site: Site, service: str) -> str:
    named = {"cloud": of_cloud, "query-gateway": of_gateway, "publishing": of_publishing}
    return named[service](site.people["institution"].uid) if service in named else service


def operations(url: str) -> Iterator[Any]:
    document = httpx.get(f"{url}/openapi.json").json()
    drawn: Any = schemathesis.openapi.from_dict(document)
    for found in drawn.get_all_operations():
        yield found.ok()


def answered(http: httpx.Client, case: Any, auth: httpx.Auth | None) -> httpx.Response:
    """The same bytes that ``requests`` would send, signed or not."""
    drawn = case.as_transport_kwargs(base_url=str(http.base_url))
    drawn = {key: drawn[key] for key in drawn if key in {"method", "url", "params", "json", "data"}}
    sent: Any = requests.Request(**drawn).prepare()
    kind = str(sent.headers.get("Content-Type", "application/json"))
    body = sent.body or b""
    content = body if isinstance(body, bytes) else str(body).encode()
    return http.request(
        sent.method, sent.url, content=content, headers={"Content-Type": kind}, auth=auth
    )


def judge(answer: httpx.Response, *, signed: bool) -> None:
    assert answer.status_code < 500, (answer.request.method, answer.request.url, answer.text)
    if not signed:
        assert answer.status_code >= 400
    if answer.status_code >= 400:
        assert set(answer.json()) == {"error", "message", "field"}
        assert "Traceback" not in answer.text


def draw(http: httpx.Client, operation: Any, auth: httpx.Auth | None) -> set[int]:
    """Send what the document allows, and what it does not; the statuses that came back."""
    met: set[int] = set()

    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def sent(case: Any) -> None:
        answer = answered(http, case, auth)
        met.add(answer.status_code)
        judge(answer, signed=auth is not None)

    sent()
    return met


@pytest.mark.timeout(300)
@pytest.mark.parametrize("service", ["content", "cloud", "query-gateway", "publishing", "intake"])
def test_no_request_that_can_be_drawn_meets_a_defect(site: Site, service: str):
    """Every operation, as every role and unsigned; afterwards the service is as it was."""
    url, name = site.urls[service], audience(site, service)
    signed = [SignedRequests(site.people[role], audience=name) for role in ROLES]
    met: set[int] = set()
    with httpx.Client(base_url=url, timeout=SLOW_S) as http:
        for operation in operations(url):
            for auth in (*signed, None):
                met |= draw(http, operation, auth)
        assert http.get("/healthz").text == "ok\n"
    assert {401} < met, "nothing was signed as it should be"
    assert "defect" not in (site.logs / f"{service}.log").read_text()
