# SPDX-License-Identifier: Apache-2.0
"""A CA's calls on the wire: tokens, certificate requests, answers."""

import base64
import json
import ssl
from collections.abc import Mapping

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, Hash

from pmcb_client._words import one_line
from pmcb_client.errors import CaRefused, CaUnavailable
from pmcb_client.gateway import Credentials
from pmcb_client.revocation import RevokedCertificate


class CaConnection:
    """HTTPS to one CA; see ``CaClient`` for the arguments."""

    def __init__(
        self,
        url: str,
        root_ca: bytes | str,
        *,
        timeout_s: float,
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        roots = root_ca.decode() if isinstance(root_ca, bytes) else root_ca
        if "BEGIN CERTIFICATE" not in roots:  # an empty text would mean the system's roots
            raise ValueError("root_ca must be one or more certificates in PEM.")
        try:
            trust = ssl.create_default_context(cadata=roots)
        except ssl.SSLError:
            raise ValueError("root_ca must be one or more certificates in PEM.") from None
        host = httpx.URL(url).host
        self._http = httpx.AsyncClient(
            base_url=url,
            verify=trust,
            timeout=timeout_s,
            transport=transport,
            # A proxy's localhost is another machine.
            trust_env=not (host in {"localhost", "::1"} or host.startswith("127.")),
        )

    async def close(self) -> None:
        """Ends the connections."""
        await self._http.aclose()

    async def post(
        self,
        call: str,
        document: Mapping[str, object],
        purpose: str,
        *,
        basic: tuple[str, str] | None = None,
        signed_by: Credentials | None = None,
    ) -> Mapping[str, object]:
        """The result of a call; ``purpose`` completes "refused to"."""
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
        except httpx.RequestError:  # an encoding that is none, say
            raise not_a_ca(purpose) from None
        return _answered(response, purpose)


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


def certificate_request(id: str, key: ec.EllipticCurvePrivateKey) -> str:
    """A request (PEM) for a certificate of ``id`` over ``key``."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, id)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


def _answered(response: httpx.Response, purpose: str) -> Mapping[str, object]:
    """The result in an answer."""
    try:
        document = response.json()
    except (ValueError, RecursionError):
        raise not_a_ca(purpose) from None
    if not isinstance(document, dict):
        raise not_a_ca(purpose)
    result = document.get("result")
    if response.is_success and document.get("success") is True and isinstance(result, dict):
        return result
    errors = document.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        raise not_a_ca(purpose)
    code = first.get("code")
    raise CaRefused(
        f"The CA refused to {purpose}: {one_line(str(first.get('message')))}",
        code=code if isinstance(code, int) else 0,
    )


def text_in(result: Mapping[str, object], key: str) -> str:
    """A text of the result."""
    value = result.get(key)
    if not isinstance(value, str):
        raise CaUnavailable(f"The CA's answer lacks '{key}'.")
    return value


def pem_in(result: Mapping[str, object], key: str) -> bytes:
    """What stands as base64 in the result."""
    try:
        return base64.b64decode(text_in(result, key), validate=True)
    except ValueError:
        raise CaUnavailable(f"The CA's answer has no base64 in '{key}'.") from None


def crl_in(result: Mapping[str, object], key: str) -> bytes:
    """A revocation list (PEM) of the result."""
    crl_pem = pem_in(result, key)
    try:
        x509.load_pem_x509_crl(crl_pem)
    except ValueError:
        raise CaUnavailable(f"The CA's answer has no revocation list in '{key}'.") from None
    return crl_pem


def revoked_in(result: Mapping[str, object], key: str) -> tuple[RevokedCertificate, ...]:
    """The certificates that the result names as revoked; the CA says null for none."""
    match result.get(key):
        case None:
            return ()
        case list(found) if all(isinstance(one, dict) for one in found):
            return tuple(
                RevokedCertificate(text_in(one, "Serial"), text_in(one, "AKI")) for one in found
            )
        case _:
            raise CaUnavailable(f"The CA's answer lacks '{key}'.")


def not_a_ca(purpose: str) -> CaUnavailable:
    """The answer is none of a Fabric CA."""
    return CaUnavailable(f"What answered to '{purpose}' is not a Fabric CA.")


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
