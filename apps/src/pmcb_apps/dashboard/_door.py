# SPDX-License-Identifier: Apache-2.0
"""Who is let in: a browser that was given the printed address, and no other page or machine.

The address holds a token that works once. It is exchanged for a cookie that scripts cannot read
and other sites cannot send. A request must name this server's own address, so that a name which
somebody else points at loopback opens nothing (DNS rebinding).
"""

from __future__ import annotations

import hmac
import secrets
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["ENTER", "HEADERS", "Door", "Key"]

ENTER = "/enter"

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8">{head}<title>PMCB dashboard</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<main><h1>PMCB dashboard</h1><p>{said}</p></main></html>"
)
_SHUT = (
    "Open the address that <code>pmcb dashboard</code> printed. It works once; to have another, "
)
_SHUT += "run the command again."


class Key:
    """What opens one run of the dashboard.

    Args:
        port: on which the server listens on loopback.
    """

    def __init__(self, port: int) -> None:
        self.hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"})
        # Cookies know no ports: two dashboards of one machine must not take each other's.
        self._name = f"pmcb_dashboard_{port}"
        self._cookie = secrets.token_urlsafe(32)
        self._token = secrets.token_urlsafe(32)

    @property
    def way_in(self) -> str:
        """Path and query that open it, once."""
        return f"{ENTER}?token={self._token}"

    def opens(self, cookies: str) -> bool:
        """Whether a request's cookies hold this run's."""
        try:
            found = SimpleCookie(cookies).get(self._name)
        except CookieError:
            return False
        return found is not None and _same(found.value, self._cookie)

    def use(self, token: str) -> bool:
        """Take the token; no other one is taken after it."""
        fits = bool(self._token) and _same(token, self._token)
        if fits:
            self._token = ""
        return fits

    def hand_to(self, answer: Response) -> None:
        """Put the cookie into an answer."""
        answer.set_cookie(self._name, self._cookie, httponly=True, samesite="strict", path="/")


class Door:
    """Stands before an application.

    Args:
        app: what is behind it.
        key: what opens it.
    """

    def __init__(self, app: ASGIApp, key: Key) -> None:
        self._app = app
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # a web socket: nothing here speaks that
            await send({"type": "websocket.close", "code": 1008})
            return
        answer = self._answer(scope)
        if answer is not None:
            await answer(scope, receive, _hardened(send))
            return
        await self._app(scope, receive, _hardened(send))

    def _answer(self, scope: Scope) -> Response | None:
        """The answer to whoever may not pass, or has just come; None for everybody else."""
        headers = Headers(scope=scope)
        if headers.get("host", "") not in self._key.hosts:
            return _page("This address is not the dashboard's.", HTTPStatus.MISDIRECTED_REQUEST)
        if scope["method"] not in {"GET", "HEAD"}:
            said = "The dashboard only shows: what acts is a command, which signs."
            return _page(said, HTTPStatus.METHOD_NOT_ALLOWED)
        known = self._key.opens(headers.get("cookie", ""))
        if scope["path"] == ENTER:
            return RedirectResponse("/", HTTPStatus.SEE_OTHER) if known else self._enter(scope)
        return None if known else _page(_SHUT, HTTPStatus.UNAUTHORIZED)

    def _enter(self, scope: Scope) -> Response:
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if not self._key.use(given):
            return _page(_SHUT, HTTPStatus.UNAUTHORIZED)
        # A page that leads on, not a redirect: a strict cookie is not sent along a redirect that
        # began on another site, as a link in a message does.
        head = '<meta http-equiv="refresh" content="0; url=/">'
        answer = HTMLResponse(_PAGE.format(head=head, said='<a href="/">Go on</a>'))
        self._key.hand_to(answer)
        return answer


def _same(given: str, kept: str) -> bool:
    return hmac.compare_digest(given.encode(), kept.encode())


def _page(said: str, status: HTTPStatus) -> Response:
    return HTMLResponse(_PAGE.format(head="", said=said), status)


def _hardened(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            added = [(name.lower().encode(), text.encode()) for name, text in HEADERS.items()]
            kept = [pair for pair in message["headers"] if pair[0] != b"cache-control"]
            message = {**message, "headers": [*kept, *added]}
        await send(message)

    return sending
