# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a request, one thing at a time: whose it is, of what, when, how much."""

import base64
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import httpx
from tests.client.http_identity.people import Ca
from tests.security.conftest import TOKEN, B, Site
from tests.security.doors import SLOW_S, Door

from pmcb_client.http_identity import SignedRequest, SignedRequests
from pmcb_client.wallet import WalletIdentity

MARK = "marker~of~a~forger"
"""Stands wherever a forger may write: no log tells it."""

Told = tuple[int, str, str]
"""Status, code and field of a refusal."""


@dataclass(frozen=True)
class Sent:
    """A request as it goes on the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def to(self, url: str) -> httpx.Response:
        """Its answer."""
        # one connection each: a service may end the one on which too much was said
        return httpx.request(
            self.method,
            f"{url}{self.path}",
            headers=self.headers,
            content=self.body,
            timeout=SLOW_S,
        )


def sound(door: Door, who: WalletIdentity | None = None, *, audience: str = "") -> Sent:
    """What the door takes from its owner; signed by somebody, for some service."""
    meant = replace(door, audience=audience or door.audience)
    request = httpx.Request(door.method, f"{door.url}{door.path}", content=door.body)
    return _sent(door, next(meant.auth(who).auth_flow(request)))


def forged(site: Site, door: Door) -> Iterator[tuple[str, Sent, Told]]:
    """Requests of whoever may not send them; what each is, and what it hears."""
    good = sound(door)
    bare = replace(good, headers={"host": good.headers["host"], "x-pmcb": MARK})
    if not door.audience:
        for said in ("", "Bearer", f"Bearer {MARK}", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x"):
            headers = {**bare.headers, "authorization": said}
            yield said, replace(bare, headers=headers), (401, "UNAUTHENTICATED", "")
        return
    yield "unsigned", bare, _not("unsigned")
    yield from _changed(good)
    yield "of an earlier hour", _at(door, -3600), _not("expired")
    yield "of a later hour", _at(door, 3600), _not("expired")
    yield "for another service", sound(door, audience=f"{door.audience}x"), _not("signature")
    yield "of a CA of one's own", sound(door, _made_up(door.owner)), _not("certificate")
    stranger = site.people["guest" if door.owner.msp_id == B else "institution"]
    yield "under another's certificate", _borrowed(door, stranger), _not("signature")
    for name in door.strangers:
        yield f"of {name}", sound(door, site.people[name]), door.refused


def _changed(good: Sent) -> Iterator[tuple[str, Sent, Told]]:
    """After it was signed."""
    for name, change, reason in (
        ("another body", {"body": good.body + MARK.encode()}, "signature"),
        ("another query", {"path": f"{good.path}?{MARK}"}, "signature"),
        ("a match", {"headers": {**good.headers, "if-match": MARK}}, "signature"),
        ("an organisation", {"headers": {**good.headers, "pmcb-msp": MARK}}, "organisation"),
        ("another one", {"headers": {**good.headers, "pmcb-msp": "HospitalAMSP"}}, "certificate"),
        ("no certificate", {"headers": {**good.headers, "pmcb-certificate": MARK}}, "certificate"),
        ("a time", {"headers": {**good.headers, "pmcb-time": MARK}}, "expired"),
        ("a nonce", {"headers": {**good.headers, "pmcb-nonce": MARK}}, "signature"),
        ("a signature", {"headers": {**good.headers, "pmcb-signature": MARK}}, "signature"),
    ):
        yield name, replace(good, **change), _not(reason)


def _not(reason: str) -> Told:
    return 401, "UNAUTHENTICATED", reason


def _at(door: Door, shift_s: int) -> Sent:
    """As signed some seconds from now."""
    now_ms = time.time_ns() // 10**6 + shift_s * 1000
    auth = SignedRequests(door.owner, audience=door.audience, clock=lambda: now_ms)
    request = httpx.Request(door.method, f"{door.url}{door.path}", content=door.body)
    return _sent(door, next(auth.auth_flow(request)))


def _sent(door: Door, signed: httpx.Request) -> Sent:
    headers = {name: text for name, text in signed.headers.items() if name != "content-length"}
    return Sent(door.method, door.path, headers, door.body)


def _made_up(owner: WalletIdentity) -> WalletIdentity:
    """The same name, role and organisation, as anybody can write them into a certificate."""
    ca = Ca(owner.msp_id, time.time_ns() // 10**6)
    found: WalletIdentity = ca.person(owner.enrollment_id, owner.role)
    return found


def _borrowed(door: Door, signer: WalletIdentity) -> Sent:
    """Signed by one, with the certificate of another, as it stands on the ledger."""
    good, other = sound(door), sound(door, signer)
    return replace(good, headers={**good.headers, **_only(other, "pmcb-signature")})


def _only(sent: Sent, *names: str) -> dict[str, str]:
    return {name: sent.headers[name] for name in names}


def again(door: Door, first: Sent) -> Sent:
    """Another request under the nonce of one that was taken, signed anew."""
    body = first.body + b" "
    digest = SignedRequest(first.method, first.path, first.headers, body).digest(door.audience)
    signature = base64.b64encode(door.owner.signer(digest)).decode()
    return replace(first, headers={**first.headers, "pmcb-signature": signature}, body=body)


def flooded(door: Door) -> bytes:
    """What a service says to a head without end, until it ends the connection."""
    with dialled(door) as wire:
        with suppress(OSError):  # it was ended while we still sent
            wire.sendall(f"{door.method} {door.path} HTTP/1.1\r\nhost: x\r\nx: ".encode())
            for _ in range(2**10):
                wire.sendall(MARK.encode() * 2**7)
        return rest(wire)


def dialled(door: Door) -> socket.socket:
    """A connection of one's own."""
    place = urlsplit(door.url)
    return socket.create_connection((place.hostname or "", place.port or 0), SLOW_S)


def rest(wire: socket.socket) -> bytes:
    """All that is said before the connection ends."""
    heard = b""
    with suppress(ConnectionError):
        while part := wire.recv(2**16):
            heard += part
    return heard
