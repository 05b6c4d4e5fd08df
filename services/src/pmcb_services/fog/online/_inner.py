# SPDX-License-Identifier: Apache-2.0
"""A submitter's own signed request: the fog carries it to a service, and cannot alter it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import httpx

from pmcb_client.http_identity import SignedRequests
from pmcb_client.http_identity._message import EXPIRES
from pmcb_client.orders import envelope
from pmcb_services.fog.errors import InvalidInput

if TYPE_CHECKING:
    from pmcb_client.wallet import WalletIdentity

__all__ = ["InnerRequest"]

LONGEST_S = 3600
TIME_DIGITS = 15
"""No service takes a time of more digits for one."""

_CARRIED = ("content-type", "if-match")


@dataclass(frozen=True, kw_only=True)
class InnerRequest:
    """The payload of orders that end as a request to another service.

    Attributes:
        method, target: as they are signed.
        headers: of the signature, and the body's type; others are not carried.
        body: all its bytes.
        to: MSP id of the institution whose service it is for; "" where there is only one.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    to: str = ""

    @classmethod
    def sign(
        cls,
        method: str,
        target: str,
        body: bytes,
        identity: WalletIdentity,
        *,
        audience: str,
        lifetime_s: int,
        content_type: str = "application/json",
        to: str = "",
        clock: Callable[[], int] | None = None,
    ) -> Self:
        """Sign a request that somebody else sends, before ``lifetime_s`` (1 .. 3600) are over."""
        auth = SignedRequests(identity, audience=audience, lifetime_s=lifetime_s, clock=clock)
        plain = httpx.Request(
            method,
            f"http://service{target}",
            content=body,
            headers={"content-type": content_type},
        )
        signed = next(auth.auth_flow(plain))
        return cls(method=method, target=target, headers=_kept(signed.headers), body=body, to=to)

    @property
    def expires_ms(self) -> int:
        """Milliseconds UTC until which the signature holds; 0 where it tells no such time."""
        expires = self.headers.get(EXPIRES.lower(), "")
        is_time = expires.isascii() and expires.isdecimal() and len(expires) <= TIME_DIGITS
        return int(expires) if is_time else 0

    def encode(self) -> bytes:
        """As it travels: a line of JSON, then the body."""
        return envelope(self.method, self.target, self.headers, self.body, to=self.to)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """What `encode` made.

        Raises:
            InvalidInput: it is no such request.
        """
        line, _, body = data.partition(b"\n")
        try:
            said = json.loads(line.decode("ascii"))
        except (ValueError, RecursionError):
            said = None
        if not _is_request(said):
            raise InvalidInput("It carries no signed request.", field="payload")
        return cls(
            method=said["method"],
            target=said["target"],
            headers=_kept(said["headers"]),
            body=body,
            to=said.get("to", ""),
        )


def _is_request(said: object) -> bool:
    """Whether this is the line before a body; what runs orders has no pydantic: 13 MiB, 0.2 s."""
    if not isinstance(said, dict) or {*said} | {"to"} != {"method", "target", "headers", "to"}:
        return False
    headers = said["headers"]
    if not isinstance(headers, dict):
        return False
    texts = (said["method"], said["target"], said.get("to", ""), *headers, *headers.values())
    are_texts = all(isinstance(each, str) and each.isascii() for each in texts)
    return are_texts and re.fullmatch("/[!-~]*", said["target"]) is not None


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that are carried, in lower case."""
    named = {name.lower(): value for name, value in headers.items()}
    return {
        name: value for name, value in named.items() if name.startswith("pmcb-") or name in _CARRIED
    }
