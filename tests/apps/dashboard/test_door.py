# SPDX-License-Identifier: Apache-2.0
"""Nothing is shown but to the browser that opened the printed address."""

import httpx
import pytest
from fastapi import FastAPI

from pmcb_apps.dashboard._door import HEADERS, Door, Key

PORT = 18_701
HOST = f"http://127.0.0.1:{PORT}"


def behind(key: Key) -> httpx.AsyncClient:
    app = FastAPI()

    @app.get("/")
    async def secret() -> str:
        return "secret"

    return httpx.AsyncClient(transport=httpx.ASGITransport(Door(app, key)), base_url=HOST)


async def test_nothing_without_the_cookie():
    """No page, no file, and no word of what is behind; a wrong cookie is none."""
    browser = behind(Key(PORT))
    for path in ("/", "/static/style.css", "/enter", "/enter?token=", "/enter?token=wrong"):
        for cookie in ("", f"pmcb_dashboard_{PORT}=wrong", "é=\x7f;;=", "pmcb_dashboard_1=x"):
            answer = await browser.get(path, headers={b"cookie": cookie.encode()})
            assert answer.status_code == 401
            assert "secret" not in answer.text
            assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", f"127.0.0.1:{PORT + 1}", "", "*"]
)
async def test_a_name_that_somebody_else_points_here_opens_nothing(host: str):
    """Even with the cookie, and even the token is not taken (DNS rebinding)."""
    key = Key(PORT)
    browser = behind(key)
    answer = await browser.get(key.way_in, headers={"host": host})
    assert answer.status_code == 421
    assert (await browser.get(key.way_in)).status_code == 200
    assert (await browser.get("/", headers={"host": host})).status_code == 421


async def test_the_address_works_once():
    """A second browser is not let in by it; the first one's is sent on."""
    key = Key(PORT)
    first, second = behind(key), behind(key)
    way_in = key.way_in
    entered = await first.get(way_in)
    assert entered.status_code == 200
    assert (await first.get("/")).json() == "secret"
    assert (await second.get(way_in)).status_code == 401
    assert (await second.get("/")).status_code == 401
    assert (await first.get(way_in)).headers["location"] == "/"


async def test_the_cookie_stays_with_this_page():
    """No script reads it, no other site sends it, and another port's dashboard has its own."""
    key = Key(PORT)
    cookie = (await behind(key).get(key.way_in)).headers["set-cookie"]
    assert cookie.startswith(f"pmcb_dashboard_{PORT}=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_it_only_shows(method: str):
    """Nothing but reading is taken, whoever asks."""
    key = Key(PORT)
    browser = behind(key)
    await browser.get(key.way_in)
    assert (await browser.request(method, "/")).status_code == 405


async def test_every_answer_forbids_what_pages_do_not_need():
    """No inline script or style, no frame, no other origin; nothing is kept in caches."""
    key = Key(PORT)
    browser = behind(key)
    for path in ("/", key.way_in, "/"):
        headers = (await browser.get(path)).headers
        assert {name: headers[name] for name in HEADERS} == HEADERS
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
