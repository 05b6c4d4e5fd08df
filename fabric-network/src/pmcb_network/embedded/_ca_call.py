# SPDX-License-Identifier: Apache-2.0
"""A call of the CA, and what its body and headers must be; errors are of Fabric CA's kind."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec

from ._registrations import Attribute

_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can write one; UTF-8 cannot
_HOST = re.compile(r"[A-Za-z0-9._:*-]{1,253}")


class CaError(Exception):
    """An answer of Fabric CA's kind: HTTP status, its error code, one sentence."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def unauthenticated() -> CaError:
    """Whoever calls is not known, or no longer: why is not told."""
    return CaError(401, 20, "Authentication failure")


def unauthorized() -> CaError:
    """Whoever calls is known, and may not."""
    return CaError(403, 71, "Authorization failure")


def bad_body() -> CaError:
    """The body is not what the call takes."""
    return CaError(400, 5, "Invalid request body")


@dataclass(frozen=True, slots=True)
class Call:
    """A request as its token signs it: method, path with query, body."""

    method: str
    path: str
    body: bytes
    authorization: str

    def fields(self) -> Mapping[str, Any]:
        """The JSON object in the body; names in lower case, for Fabric CA reads them in any."""
        if not self.body:
            raise CaError(400, 4, "Empty request body")
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise bad_body()
        return {name.lower(): value for name, value in found.items()}

    def credentials(self) -> str:
        """The authorization header."""
        if not self.authorization:
            raise CaError(401, 2, "No authorization header")
        return self.authorization


def text(fields: Mapping[str, Any], name: str) -> str:
    """A text; absent is empty."""
    value = fields.get(name) or ""
    if not isinstance(value, str) or _SURROGATE.search(value):
        raise bad_body()
    return value


def flag(fields: Mapping[str, Any], name: str) -> bool:
    """Yes or no; absent is no."""
    value = fields.get(name)
    if value is not None and not isinstance(value, bool):
        raise bad_body()
    return bool(value)


def basic(authorization: str) -> tuple[str, str]:
    """Id and secret of basic authentication."""
    kind, _, coded = authorization.partition(" ")
    try:
        name, mark, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except ValueError:
        raise unauthenticated() from None
    if kind.lower() != "basic" or not mark:
        raise unauthenticated()
    return name, secret


def requested_key(pem: str, name: str) -> ec.EllipticCurvePublicKey:
    """The key that a certificate request for `name` proves to hold."""
    try:
        request = x509.load_pem_x509_csr(pem.encode())
        key = request.public_key()
        proven = request.is_signature_valid
        names = request.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature, x509.InvalidVersion):
        raise CaError(400, 31, "CSR Decode failed") from None
    if not proven or not isinstance(key, ec.EllipticCurvePublicKey):
        raise CaError(400, 31, "The CSR is not signed by a key on an elliptic curve")
    if [attribute.value for attribute in names] != [name]:
        raise CaError(403, 77, "The CSR subject common name must equal the enrollment ID")
    return key


def hosts(found: object) -> list[str]:
    """The names and addresses that a certificate is for; empty ones are passed over."""
    wanted = [] if found is None else found
    if not isinstance(wanted, list):
        raise bad_body()
    hosts = [host for host in wanted if host != ""]
    if not all(isinstance(host, str) and _HOST.fullmatch(host) for host in hosts):
        raise bad_body()
    return hosts


def attributes(found: object) -> list[Attribute]:
    """The attributes of a registration; `hf.` ones are the CA's own to give."""
    parsed: list[Attribute] = []
    for item in found if isinstance(found, list) else ():
        if not isinstance(item, dict):
            raise bad_body()
        name, value = text(item, "name"), text(item, "value")
        if not name or name.startswith("hf."):
            raise unauthorized()
        parsed.append(Attribute(name, value, item.get("ecert") is True))
    return parsed
