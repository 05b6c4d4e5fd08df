# SPDX-License-Identifier: Apache-2.0
"""Certificates from a Fabric CA: the same calls against fabric-ca-server and the embedded CA."""

import base64
import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, Hash

from pmcb_client.errors import CaRefused, CaUnavailable, InvalidEnrolmentId
from pmcb_client.gateway import Credentials

__all__ = ["CaClient", "CaInfo", "Enrolment", "authorization_token"]

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Enrolment:
    """What enrolling gives: a certificate (PEM) and the key that never left this process."""

    certificate_pem: bytes
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)


@dataclass(frozen=True)
class CaInfo:
    """A CA's name, its certificate chain (PEM) and its version."""

    name: str
    chain_pem: bytes
    version: str


class CaClient:
    """A certificate authority of one organisation.

    ::

        async with CaClient(org.ca_url, org.tls_ca, org.ca_name) as ca:
            secret = await ca.register(registrar, "receiver1", {"pmcb.role": "receiver"})
            enrolled = await ca.enroll("receiver1", secret)
        wallet.put("receiver1", Identity(org.msp, enrolled.certificate_pem), enrolled.private_key)

    Args:
        url: ``https://host:port``.
        root_ca: roots (PEM) that the CA's TLS certificate must chain to.
        ca_name: which CA, where several live at one address.
        timeout_s: how long one call may take.
        transport: replaces the network, in tests.

    Raises:
        ValueError: ``root_ca`` holds no certificate.

    Every call raises ``CaRefused`` when the CA says no, and ``CaUnavailable`` when it does not
    answer, or not as a CA does.
    """

    def __init__(
        self,
        url: str,
        root_ca: bytes | str,
        ca_name: str,
        *,
        timeout_s: float = _TIMEOUT_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        roots = root_ca.decode() if isinstance(root_ca, bytes) else root_ca
        if "BEGIN CERTIFICATE" not in roots:  # an empty text would mean the system's roots
            raise ValueError("root_ca must be one or more certificates in PEM.")
        try:
            trust = ssl.create_default_context(cadata=roots)
        except ssl.SSLError:
            raise ValueError("root_ca must be one or more certificates in PEM.") from None
        self._name = ca_name
        host = httpx.URL(url).host
        self._http = httpx.AsyncClient(
            base_url=url,
            verify=trust,
            timeout=timeout_s,
            transport=transport,
            # A proxy's localhost is another machine.
            trust_env=not (host in {"localhost", "::1"} or host.startswith("127.")),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the connections."""
        await self._http.aclose()

    async def info(self) -> CaInfo:
        """Who this CA is."""
        result = await self._post("cainfo", {"caname": self._name}, "say who it is")
        return CaInfo(
            name=_text(result, "CAName"),
            chain_pem=_pem(result, "CAChain"),
            version=_text(result, "Version"),
        )

    async def enroll(self, id: str, secret: str) -> Enrolment:
        """A certificate for ``id``, over a P-256 key that is made here.

        No attribute is asked for by name: then the certificate carries all that were registered
        for enrolment certificates, ``hf.EnrollmentID`` among them.

        Raises:
            InvalidEnrolmentId: ``id`` is not 1 to 64 of ``A-Za-z0-9._-``.
        """
        _check_id(id)
        key = ec.generate_private_key(ec.SECP256R1())
        body = {"certificate_request": _request(id, key), "caname": self._name}
        result = await self._post("enroll", body, f"enrol {id}", basic=(id, secret))
        certificate_pem = _pem(result, "Cert")
        try:
            certificate = x509.load_pem_x509_certificate(certificate_pem)
        except ValueError:
            raise _not_a_ca("enrol") from None
        if certificate.public_key() != key.public_key():
            raise CaUnavailable("The CA answered with a certificate over another key.")
        return Enrolment(certificate_pem, key)

    async def register(
        self,
        registrar: Credentials,
        id: str,
        attributes: Mapping[str, str],
        max_enrollments: int = 1,
        *,
        secret: str = "",
    ) -> str:
        """Makes ``id`` known to the CA; the answer is the secret that enrols it.

        Args:
            registrar: an identity that may register.
            id: the new enrolment id.
            attributes: go into its certificates, ``pmcb.role`` among them.
            max_enrollments: how often the secret may be used; -1 without limit.
            secret: chosen by the caller; by default the CA makes one.

        Raises:
            InvalidEnrolmentId: ``id`` is not 1 to 64 of ``A-Za-z0-9._-``.
        """
        _check_id(id)
        body = {
            "id": id,
            "type": "client",
            "affiliation": "",
            "max_enrollments": max_enrollments,
            "attrs": [
                {"name": name, "value": value, "ecert": True}
                for name, value in sorted(attributes.items())
            ],
            "caname": self._name,
            **({"secret": secret} if secret else {}),
        }
        result = await self._post("register", body, f"register {id}", signed_by=registrar)
        return _text(result, "secret")

    async def _post(
        self,
        call: str,
        document: Mapping[str, object],
        purpose: str,
        *,
        basic: tuple[str, str] | None = None,
        signed_by: Credentials | None = None,
    ) -> Mapping[str, object]:
        body = json.dumps(document).encode()
        request = self._http.build_request(
            "POST",
            f"/api/v1/{call}",
            content=body,
            headers={"Content-Type": "application/json"},
        )
        if signed_by is not None:
            target = request.url.raw_path.decode()
            token = authorization_token(signed_by, "POST", target, body)
            request.headers["Authorization"] = token
        auth = httpx.BasicAuth(*basic) if basic else None
        try:
            response = await self._http.send(request, auth=auth)
        except httpx.TransportError as error:
            raise CaUnavailable(
                f"No CA that the network file vouches for answers at {self._http.base_url.host}:"
                f"{self._http.base_url.port}."
            ) from error
        return _result(response, purpose)


def authorization_token(signed_by: Credentials, method: str, target: str, body: bytes) -> str:
    """``C.S``: the certificate, and a signature over ``METHOD.b64(target).b64(body).C``.

    Args:
        signed_by: whose certificate and key.
        method: upper case, as sent.
        target: path and query, as sent.
        body: the request's body.
    """
    certificate = _b64(signed_by.identity.certificate_pem)
    message = f"{method}.{_b64(target.encode())}.{_b64(body)}.{certificate}"
    digest = Hash(SHA256())
    digest.update(message.encode())
    return f"{certificate}.{_b64(signed_by.signer(digest.finalize()))}"


def _request(id: str, key: ec.EllipticCurvePrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, id)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


def _check_id(id: str) -> None:
    if not _ID.fullmatch(id):
        raise InvalidEnrolmentId(
            "An enrolment id has 1 to 64 letters, digits, dots, dashes or underscores."
        )


def _result(response: httpx.Response, purpose: str) -> Mapping[str, object]:
    try:
        document = response.json()
    except ValueError:
        raise _not_a_ca(purpose) from None
    if not isinstance(document, dict):
        raise _not_a_ca(purpose)
    result = document.get("result")
    if response.is_success and document.get("success") is True and isinstance(result, dict):
        return result
    errors = document.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        raise _not_a_ca(purpose)
    code = first.get("code")
    raise CaRefused(
        f"The CA refused to {purpose}: {' '.join(str(first.get('message')).split())}",
        code=code if isinstance(code, int) else 0,
    )


def _text(result: Mapping[str, object], key: str) -> str:
    value = result.get(key)
    if not isinstance(value, str):
        raise CaUnavailable(f"The CA's answer lacks '{key}'.")
    return value


def _pem(result: Mapping[str, object], key: str) -> bytes:
    try:
        return base64.b64decode(_text(result, key), validate=True)
    except ValueError:
        raise CaUnavailable(f"The CA's answer has no base64 in '{key}'.") from None


def _not_a_ca(purpose: str) -> CaUnavailable:
    return CaUnavailable(f"What answered to '{purpose}' is not a Fabric CA.")


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
