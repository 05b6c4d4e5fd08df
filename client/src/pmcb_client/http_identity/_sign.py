# SPDX-License-Identifier: Apache-2.0
"""The caller's side: an `httpx` authentication that signs every request."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING

import httpx
from cryptography.hazmat.primitives.serialization import Encoding

from ._message import CERTIFICATE, EXPIRES, MSP, NONCE, SIGNATURE, TIME, SignedRequest

if TYPE_CHECKING:
    from pmcb_client.wallet import WalletIdentity

__all__ = ["SignedRequests"]

LIFETIME_S = 60
NONCE_BYTES = 16


class SignedRequests(httpx.Auth):
    """Signs requests as an identity of the wallet, for one service.

    A request that is sent again, byte for byte, carries a new signature: services answer repeats
    of what they did already.

    Args:
        identity: who calls.
        audience: the service, and the store behind it where there are several.
        lifetime_s: seconds for which a signature holds, 1 .. 3600.
        clock: milliseconds UTC.
    """

    requires_request_body = True

    def __init__(
        self,
        identity: WalletIdentity,
        *,
        audience: str,
        lifetime_s: int = LIFETIME_S,
        clock: Callable[[], int] | None = None,
    ) -> None:
        if not 1 <= lifetime_s <= 3600:
            raise ValueError("lifetime_s must be from 1 to 3600")
        self._identity = identity
        certificate = identity.certificate.public_bytes(Encoding.DER)
        self._certificate = base64.b64encode(certificate).decode()
        self._audience = audience
        self._lifetime_ms = lifetime_s * 1000
        self._clock = clock or (lambda: time.time_ns() // 1_000_000)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the headers that say who calls, and the signature over them."""
        target = request.url.raw_path.decode("ascii")
        request.headers.update(
            self.headers(request.method, target, request.headers, request.content)
        )
        yield request

    def headers(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> dict[str, str]:
        """Who calls, and the signature over a request.

        Args:
            method: in capitals.
            target: path with query, as it stands in the request line.
            headers: that the request has.
            body: all its bytes.
        """
        now_ms = self._clock()
        added = {
            CERTIFICATE: self._certificate,
            MSP: self._identity.msp_id,
            TIME: str(now_ms),
            EXPIRES: str(now_ms + self._lifetime_ms),
            NONCE: secrets.token_hex(NONCE_BYTES),
        }
        signed = SignedRequest(method, target, {**headers, **added}, body)
        signature = self._identity.signer(signed.digest(self._audience))
        return {**added, SIGNATURE: base64.b64encode(signature).decode()}
