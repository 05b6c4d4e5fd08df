# SPDX-License-Identifier: Apache-2.0
"""Requests drawn from a service's own OpenAPI document, sent by whomever, unsigned too."""

from collections.abc import Iterator
from typing import Any

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SLOW_S = 60.0  # a planner may have to start first
BUSY = {"DRAINING", "UNAVAILABLE"}
"""As an operator wished, and where a plan takes longer than it may on a busy machine."""

EXAMPLES = max(10, settings().max_examples // 10)


def draw(http: httpx.Client, callers: list[httpx.Auth]) -> set[int]:
    """Send what the document allows, and what it does not; the statuses that came back."""
    return set().union(*(_draw(http, each, callers) for each in _operations(http)))


def _operations(http: httpx.Client) -> Iterator[Any]:
    document: Any = schemathesis.openapi.from_dict(http.get("/openapi.json").json())
    for found in document.get_all_operations():
        yield found.ok()


def _draw(http: httpx.Client, operation: Any, callers: list[httpx.Auth]) -> set[int]:
    met: set[int] = set()

    @given(case=operation.as_strategy(), caller=st.integers(0, len(callers) - 1))
    @settings(
        max_examples=EXAMPLES,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def sent(case: Any, caller: int) -> None:
        for auth in (callers[caller], None):
            answer = _answered(http, case, auth)
            met.add(answer.status_code)
            _judge(answer, signed=auth is not None)

    sent()
    return met


def _answered(http: httpx.Client, case: Any, auth: httpx.Auth | None) -> httpx.Response:
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


def _judge(answer: httpx.Response, *, signed: bool) -> None:
    """A success or a refusal in the one shape of all services; no defect, and not away."""
    if answer.status_code >= 400:
        assert set(answer.json()) == {"error", "message", "field"}
        assert "Traceback" not in answer.text
    away = answer.status_code >= 500 and answer.json()["error"] not in BUSY
    assert not away, (answer.request.method, answer.request.url, answer.text)
    assert signed or answer.status_code >= 400
