# SPDX-License-Identifier: Apache-2.0
"""The service's side: who sent this request, if anybody of the network did."""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from pmcb_client._x509 import attributes, enrollment_id, issued_certificate, read_certificate
from pmcb_client.network_file import NetworkFile

from ._message import CERTIFICATE, EXPIRES, MSP, NONCE, SIGNATURE, TIME, SignedRequest
from .errors import Unauthenticated

__all__ = ["Caller", "RequestChecker"]

LONGEST_MS = 3_600_000
AHEAD_MS = 60_000  # a caller's clock may go before ours
REMEMBERED = 100_000
CERTIFICATES = 1000
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ALGORITHM = ec.ECDSA(Prehashed(SHA256()))


@dataclass(frozen=True)
class Caller:
    """Who sent a request: a person as the contract knows it."""

    msp_id: str
    enrollment_id: str
    role: str

    @property
    def uid(self) -> str:
        """``msp/enrollment``."""
        return f"{self.msp_id}/{self.enrollment_id}"


class Expected(NamedTuple):
    """What a certificate says, read once: its key, from when to when, which root, and whom."""

    key: object
    serial: int
    not_before: datetime
    not_after: datetime
    root: x509.Certificate
    caller: Caller


class RequestChecker:
    """Checks signatures for one service.

    Organisations, their roots and lists of revoked certificates are those of ``network``, which
    may be replaced at any time (`trust`). A signature holds until it expires; within that time
    its nonce may come again only with the very same request, which services answer as they did.

    Args:
        network: whom to trust.
        audience: the service's name, as callers sign it.
        clock: milliseconds UTC.
    """

    def __init__(
        self, network: NetworkFile, *, audience: str, clock: Callable[[], int] | None = None
    ) -> None:
        self._audience = audience
        self._clock = clock or (lambda: time.time_ns() // 1_000_000)
        self._seen: dict[str, tuple[int, bytes]] = {}
        self._issued: dict[str, Expected] = {}
        self.trust(network)

    def trust(self, network: NetworkFile) -> None:
        """Take over organisations, roots and lists of revoked certificates."""
        self._roots = {org.msp: read_certificate(org.msp_ca.encode()) for org in network.orgs}
        self._revoked = {org.msp: org.revoked() for org in network.orgs}

    def check(self, request: SignedRequest) -> Caller:
        """Who sent the request.

        Raises:
            Unauthenticated: with the reason.
        """
        return self.confirm(request, self.expect(request))

    def expect(self, request: SignedRequest) -> Expected:
        """Who a request says it is from, by its headers alone: somebody known, now.

        A service asks before it reads a body, which may take longer than a signature holds.

        Raises:
            Unauthenticated: with the reason.
        """
        if not request.header(SIGNATURE):
            raise Unauthenticated("unsigned", "The request is not signed.")
        msp_id = request.header(MSP)
        root = self._roots.get(msp_id)
        if root is None:
            raise Unauthenticated("organisation", "The network has no such organisation.")
        issued = self._from_root(request.header(CERTIFICATE), root, msp_id)
        self._check_validity(issued)
        self._check_revoked(issued)
        self._check_time(request)
        return issued

    def confirm(self, request: SignedRequest, expected: Expected) -> Caller:
        """Who sent the request, body and all: whom its headers made expect.

        Raises:
            Unauthenticated: with the reason.
        """
        self._check_revoked(expected)  # while the body came
        digest = request.digest(self._audience)
        self._check_signature(request, expected.key, digest)
        self._remember(request, digest)
        if not _NAME.fullmatch(expected.caller.enrollment_id):
            raise Unauthenticated("certificate", "The certificate names no usable enrolment id.")
        return expected.caller

    def _check_revoked(self, issued: Expected) -> None:
        if issued.serial in self._revoked.get(issued.caller.msp_id, ()):
            raise Unauthenticated(
                "revoked",
                "The certificate was revoked.",
                next_step="Enrol another name: `pmcb id enroll NAME`.",
            )

    def _from_root(self, text: str, root: x509.Certificate, msp_id: str) -> Expected:
        """The certificate; one that was looked at before is remembered, as long as the root is."""
        known = self._issued.get(text)
        if known is not None and known.root is root:
            return known
        try:
            found = issued_certificate(base64.b64decode(text, validate=True), root)
        except ValueError as error:
            message = "The certificate was not issued by the organisation's CA."
            raise Unauthenticated("certificate", message) from error
        if len(self._issued) >= CERTIFICATES:
            self._issued.clear()
        role = attributes(found).get("pmcb.role", "")
        made = Expected(
            found.public_key(),
            found.serial_number,
            found.not_valid_before_utc,
            found.not_valid_after_utc,
            root,
            Caller(msp_id, enrollment_id(found), role),
        )
        self._issued[text] = made
        return made

    def _check_validity(self, issued: Expected) -> None:
        now = datetime.fromtimestamp(self._clock() / 1000, UTC)
        if not issued.not_before <= now <= issued.not_after:
            raise Unauthenticated(
                "certificate",
                "The certificate is not valid now.",
                next_step="Renew it: `pmcb id renew`.",
            )

    def _check_time(self, request: SignedRequest) -> None:
        sent, expires = request.header(TIME), request.header(EXPIRES)
        now_ms = self._clock()
        sound = _is_time(sent) and _is_time(expires)
        if not sound or not 0 < int(expires) - int(sent) <= LONGEST_MS:
            raise Unauthenticated("expired", "The signature's times are no times.")
        if int(sent) > now_ms + AHEAD_MS or int(expires) <= now_ms:
            raise Unauthenticated(
                "expired",
                "The signature holds no more, or not yet.",
                next_step="Compare this machine's clock with the service's.",
            )

    def _check_signature(self, request: SignedRequest, key: object, digest: bytes) -> None:
        try:
            signature = base64.b64decode(request.header(SIGNATURE), validate=True)
            if not isinstance(key, ec.EllipticCurvePublicKey):
                raise InvalidSignature  # noqa: TRY301 - one answer for whatever does not verify
            key.verify(signature, digest, _ALGORITHM)
        except (InvalidSignature, binascii.Error, ValueError) as error:
            message = "The signature is not that of the certificate over this request."
            raise Unauthenticated("signature", message) from error

    def _remember(self, request: SignedRequest, digest: bytes) -> None:
        nonce, now_ms = request.header(NONCE), self._clock()
        if len(self._seen) >= REMEMBERED:
            self._seen.clear()  # only a key's owner can use a nonce twice: a bound, no more
        known = self._seen.get(nonce)
        if not nonce or (known is not None and known[0] > now_ms and known[1] != digest):
            raise Unauthenticated("nonce", "The nonce was used for another request.")
        self._seen[nonce] = (int(request.header(EXPIRES)), digest)


def _is_time(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 15
