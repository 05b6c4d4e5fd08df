# SPDX-License-Identifier: Apache-2.0
"""Certificates from a Fabric CA: the same calls against fabric-ca-server and the embedded CA."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from pmcb_client._ca_protocol import (
    CaConnection,
    authorization_token,
    certificate_request,
    crl_in,
    not_a_ca,
    pem_in,
    revoked_in,
    text_in,
)
from pmcb_client._x509 import read_certificate
from pmcb_client.errors import CaUnavailable, InvalidEnrolmentId, InvalidRevocation
from pmcb_client.gateway import Credentials
from pmcb_client.revocation import Revocation, RevocationReason

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
        self._name = ca_name
        self._ca = CaConnection(url, root_ca, timeout_s=timeout_s, transport=transport)

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
        await self._ca.close()

    async def info(self) -> CaInfo:
        """Who this CA is."""
        result = await self._ca.post("cainfo", {"caname": self._name}, "say who it is")
        return CaInfo(
            name=text_in(result, "CAName"),
            chain_pem=pem_in(result, "CAChain"),
            version=text_in(result, "Version"),
        )

    async def enroll(
        self, id: str, secret: str, *, hosts: Sequence[str] = (), profile: str = ""
    ) -> Enrolment:
        """A certificate for ``id``, over a P-256 key that is made here.

        No attribute is asked for by name: then the certificate carries all that were registered
        for enrolment certificates, ``hf.EnrollmentID`` among them.

        Args:
            id: the enrolment id.
            secret: what registering it gave.
            hosts: names and addresses in the certificate, for TLS.
            profile: the CA's signing profile, ``tls`` for a TLS certificate.

        Raises:
            InvalidEnrolmentId: ``id`` is not 1 to 64 of ``A-Za-z0-9._-``.
        """
        _check_id(id)
        purpose = f"enrol {id}"
        return await self._certify(
            "enroll", purpose, id, basic=(id, secret), hosts=hosts, profile=profile
        )

    async def reenroll(self, held: Credentials) -> Enrolment:
        """One more certificate for whoever ``held`` is, over a new P-256 key that is made here.

        It carries the same attributes. The certificate held stays valid until it expires or is
        revoked; a CA takes neither an expired nor a revoked one.
        """
        certificate = x509.load_pem_x509_certificate(held.identity.certificate_pem)
        (attribute,) = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        name = str(attribute.value)
        return await self._certify("reenroll", f"renew {name}", name, signed_by=held)

    async def _certify(
        self,
        call: str,
        purpose: str,
        id: str,
        *,
        basic: tuple[str, str] | None = None,
        signed_by: Credentials | None = None,
        hosts: Sequence[str] = (),
        profile: str = "",
    ) -> Enrolment:
        key = ec.generate_private_key(ec.SECP256R1())
        body = {
            "certificate_request": certificate_request(id, key),
            "caname": self._name,
            **({"hosts": list(hosts)} if hosts else {}),
            **({"profile": profile} if profile else {}),
        }
        result = await self._ca.post(call, body, purpose, basic=basic, signed_by=signed_by)
        certificate_pem = pem_in(result, "Cert")
        try:
            certificate = read_certificate(certificate_pem)
        except ValueError:
            raise not_a_ca(purpose) from None
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
        type: str = "client",
        secret: str = "",
    ) -> str:
        """Makes ``id`` known to the CA; the answer is the secret that enrols it.

        Args:
            registrar: an identity that may register.
            id: the new enrolment id.
            attributes: go into its certificates, ``pmcb.role`` among them.
            max_enrollments: how often the secret may be used; -1 without limit.
            type: what it is: a node (``peer``, ``orderer``), an ``admin``, or a ``client``.
            secret: chosen by the caller; by default the CA makes one.

        Raises:
            InvalidEnrolmentId: ``id`` is not 1 to 64 of ``A-Za-z0-9._-``.
        """
        _check_id(id)
        body = {
            "id": id,
            "type": type,
            "affiliation": "",
            "max_enrollments": max_enrollments,
            "attrs": [
                {"name": name, "value": value, "ecert": True}
                for name, value in sorted(attributes.items())
            ],
            "caname": self._name,
            **({"secret": secret} if secret else {}),
        }
        result = await self._ca.post("register", body, f"register {id}", signed_by=registrar)
        return text_in(result, "secret")

    async def revoke(
        self,
        registrar: Credentials,
        id: str = "",
        *,
        serial: str = "",
        aki: str = "",
        reason: str = RevocationReason.UNSPECIFIED,
    ) -> Revocation:
        """Ends all certificates of ``id`` and its enrolment, or one certificate; not undone.

        The CA refuses the revoked at once, an embedded network's peers too. Fabric's peers refuse
        them once the channel's configuration carries the list in the answer.

        Args:
            registrar: an identity that may revoke; everybody may revoke themselves.
            id: whose certificates; or, beside ``serial``, to whom it must belong.
            serial: a certificate's serial number in hex; needs ``aki``.
            aki: its authority key id in hex.
            reason: one of ``RevocationReason``.

        Raises:
            InvalidRevocation: neither an id nor a whole certificate, or another reason.
        """
        if reason not in set(RevocationReason):
            raise InvalidRevocation(
                f"A reason is one of {', '.join(RevocationReason)}.",
            )
        if bool(serial) != bool(aki) or not (id or serial):
            raise InvalidRevocation(
                "Name an enrolment id, or a certificate by serial number and authority key id."
            )
        named = {"id": id, "serial": serial, "aki": aki}
        body = {
            **{key: value for key, value in named.items() if value},
            "reason": str(reason),
            "gencrl": True,
            "caname": self._name,
        }
        whose = id or "the certificate"
        result = await self._ca.post("revoke", body, f"revoke {whose}", signed_by=registrar)
        certificates = revoked_in(result, "RevokedCerts")
        # A CA lists only when it has revoked something.
        crl_pem = crl_in(result, "CRL") if certificates else await self.gencrl(registrar)
        return Revocation(certificates, crl_pem)

    async def gencrl(self, registrar: Credentials) -> bytes:
        """The list (PEM) of every certificate that this CA revoked, signed by it."""
        result = await self._ca.post(
            "gencrl", {"caname": self._name}, "list what it revoked", signed_by=registrar
        )
        return crl_in(result, "CRL")


def _check_id(id: str) -> None:
    if not _ID.fullmatch(id):
        raise InvalidEnrolmentId(
            "An enrolment id has 1 to 64 letters, digits, dots, dashes or underscores."
        )
