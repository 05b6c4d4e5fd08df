# SPDX-License-Identifier: Apache-2.0
"""One organisation's CA: what Fabric CA's cainfo, enroll and register do, without HTTP."""

import asyncio
import base64
import binascii
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec

from ._authority import Authority, certificate_pem
from ._identity import Directory, InvalidIdentity, UnknownIdentity
from ._protos import msp
from ._registrations import (
    UNLIMITED,
    AlreadyRegistered,
    Attribute,
    Registration,
    Registrations,
    digest_chosen,
    digest_random,
    matches,
)

_ID = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_HOST = re.compile(r"[A-Za-z0-9._:*-]{1,253}")
_TYPES = frozenset({"client", "peer", "orderer", "admin"})
_PROFILES = frozenset({"", "tls"})


class CaError(Exception):
    """An answer of Fabric CA's kind: HTTP status, its error code, one sentence."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def _unauthenticated() -> CaError:
    return CaError(401, 20, "Authentication failure")


def _unauthorized() -> CaError:
    return CaError(403, 71, "Authorization failure")


@dataclass(frozen=True, slots=True)
class Call:
    """A request as its token signs it: method, path with query, body."""

    method: str
    path: str
    body: bytes
    authorization: str

    def fields(self) -> Mapping[str, Any]:
        """The JSON object in the body."""
        try:
            found = json.loads(self.body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise CaError(400, 5, "Invalid request body")
        return found


class CertificateAuthority:
    """Registers ids and issues certificates. `name` is what clients call `caname`."""

    def __init__(
        self,
        msp_id: str,
        name: str,
        authority: Authority,
        registrations: Registrations,
        clock: Callable[[], int],
    ) -> None:
        self.name = name
        self._msp_id = msp_id
        self._authority = authority
        self._registrations = registrations
        self._clock = clock
        self._directory = Directory({msp_id: authority.certificate})
        self._registrar = ""

    def admit_registrar(self, name: str, secret: str) -> None:
        """Makes sure that the bootstrap registrar can enrol, any number of times."""
        self._registrar = name
        if self._registrations.find(name) is None:
            # No attributes: its certificate only registers others.
            self._registrations.add(
                Registration(name, "client", (), digest_random(secret), UNLIMITED)
            )

    def info(self, fields: Mapping[str, Any]) -> dict[str, str]:
        """The CA's name and chain."""
        self._check_name(fields)
        chain = certificate_pem(self._authority.certificate)
        return {
            "CAName": self.name,
            "CAChain": base64.b64encode(chain).decode(),
            "IssuerPublicKey": "",
            "IssuerRevocationPublicKey": "",
            "Version": "1.5.15",
        }

    async def enroll(self, call: Call) -> dict[str, Any]:
        """A certificate for whoever knows the id's secret."""
        name, secret = _basic(call.authorization)
        fields = call.fields()
        self._check_name(fields)
        known = self._registrations.find(name)
        if known is None or not await asyncio.to_thread(matches, secret, known.digest):
            raise _unauthenticated()
        request = _csr(_text(fields, "certificate_request"), name)
        profile = _text(fields, "profile")
        if profile not in _PROFILES:
            raise CaError(400, 31, "Invalid profile")
        attributes = _chosen(known, fields.get("attr_reqs"))
        hosts = _hosts(fields.get("hosts"))
        if not self._registrations.use_enrollment(name):
            raise _unauthenticated()
        certificate = self._authority.issue(
            request,
            name,
            now_ms=self._clock(),
            units=(known.type,),
            attributes=attributes,
            hosts=hosts,
            tls=profile == "tls",
        )
        return {
            "Cert": base64.b64encode(certificate_pem(certificate)).decode(),
            "ServerInfo": self.info({}),
        }

    async def register(self, call: Call) -> dict[str, str]:
        """A new id; answers the secret with which it enrols."""
        if self._caller(call) != self._registrar:
            raise _unauthorized()
        fields = call.fields()
        self._check_name(fields)
        name, kind = _text(fields, "id"), _text(fields, "type") or "client"
        left = fields.get("max_enrollments", 0)
        if not _ID.fullmatch(name) or not isinstance(left, int) or left < UNLIMITED:
            raise CaError(400, 5, "Invalid request body")
        if kind not in _TYPES or _text(fields, "affiliation") not in {"", "."}:
            raise _unauthorized()
        attributes = (
            *_attributes(fields.get("attrs")),
            Attribute("hf.EnrollmentID", name, in_certificate=True),
            Attribute("hf.Type", kind, in_certificate=True),
            Attribute("hf.Affiliation", "", in_certificate=True),
        )
        wanted = _text(fields, "secret")
        secret = wanted or secrets.token_urlsafe(24)
        digest = await asyncio.to_thread(digest_chosen, secret) if wanted else digest_random(secret)
        try:
            self._registrations.add(Registration(name, kind, attributes, digest, left or UNLIMITED))
        except AlreadyRegistered:
            raise CaError(409, 74, f"Identity '{name}' is already registered") from None
        return {"secret": secret}

    def _caller(self, call: Call) -> str:
        """The id that signed the call's token."""
        pem, _, signature = call.authorization.partition(".")
        try:
            certificate = base64.b64decode(pem, validate=True)
            signed = base64.b64decode(signature, validate=True)
            identity = msp.SerializedIdentity(mspid=self._msp_id, id_bytes=certificate)
            member = self._directory.member(identity.SerializeToString(), self._clock())
            subject = x509.load_pem_x509_certificate(certificate).subject
        except (binascii.Error, ValueError, UnknownIdentity, InvalidIdentity):
            raise _unauthenticated() from None
        path = base64.b64encode(call.path.encode()).decode()
        body = base64.b64encode(call.body).decode()
        if not member.verifies(signed, f"{call.method}.{path}.{body}.{pem}".encode()):
            raise _unauthenticated()
        return str(subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)

    def _check_name(self, fields: Mapping[str, Any]) -> None:
        if _text(fields, "caname") not in {"", self.name}:
            raise CaError(404, 19, "CA not found")


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name) or ""
    if not isinstance(value, str):
        raise CaError(400, 5, "Invalid request body")
    return value


def _basic(authorization: str) -> tuple[str, str]:
    kind, _, coded = authorization.partition(" ")
    try:
        name, mark, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except ValueError:
        raise _unauthenticated() from None
    if kind.lower() != "basic" or not mark:
        raise CaError(401, 2, "No authorization header")
    return name, secret


def _csr(pem: str, name: str) -> ec.EllipticCurvePublicKey:
    """The key that a certificate request proves to hold."""
    try:
        request = x509.load_pem_x509_csr(pem.encode())
        key = request.public_key()
        proven = request.is_signature_valid
        names = request.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature):
        raise CaError(400, 31, "CSR Decode failed") from None
    if not proven or not isinstance(key, ec.EllipticCurvePublicKey):
        raise CaError(400, 31, "The CSR is not signed by a key on an elliptic curve")
    if [attribute.value for attribute in names] != [name]:
        raise CaError(403, 77, "The CSR subject common name must equal the enrollment ID")
    return key


def _hosts(found: object) -> list[str]:
    """The names and addresses that a certificate is for; empty ones are passed over."""
    wanted = [] if found is None else found
    if not isinstance(wanted, list):
        raise CaError(400, 5, "Invalid request body")
    hosts = [host for host in wanted if host != ""]
    if not all(isinstance(host, str) and _HOST.fullmatch(host) for host in hosts):
        raise CaError(400, 5, "Invalid request body")
    return hosts


def _attributes(found: object) -> list[Attribute]:
    """The attributes of a registration; `hf.` ones are the CA's own to give."""
    parsed: list[Attribute] = []
    for item in found if isinstance(found, list) else ():
        if not isinstance(item, dict):
            raise CaError(400, 5, "Invalid request body")
        name, value = _text(item, "name"), _text(item, "value")
        if not name or name.startswith("hf."):
            raise _unauthorized()
        parsed.append(Attribute(name, value, item.get("ecert") is True))
    return parsed


def _chosen(known: Registration, wanted: object) -> dict[str, str] | None:
    """What the certificate says: the attributes asked for, or by default those marked for it."""
    held = {attribute.name: attribute.value for attribute in known.attributes}
    if not isinstance(wanted, list) or not wanted:
        default = {item.name: item.value for item in known.attributes if item.in_certificate}
        return default or None
    chosen: dict[str, str] = {}
    for item in wanted:
        name = _text(item, "name") if isinstance(item, dict) else ""
        if name in held:
            chosen[name] = held[name]
        elif not (isinstance(item, dict) and item.get("optional") is True):
            raise CaError(400, 0, f"The following required attributes are missing: {name}")
    return chosen
