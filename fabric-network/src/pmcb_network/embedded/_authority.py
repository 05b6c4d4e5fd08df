# SPDX-License-Identifier: Apache-2.0
"""Certificate authorities of the network: each organisation's, and the one for TLS."""

import ipaddress
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ATTRIBUTES = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")  # Fabric CA's extension of attributes
_ROOT_LIFE = timedelta(days=15 * 365)
_LEAF_LIFE = timedelta(days=365)
_LIST_LIFE = timedelta(hours=24)  # Fabric CA's default; no peer looks at it
_SLACK = timedelta(minutes=5)
_TLS_USES = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]


@dataclass(frozen=True, slots=True)
class Authority:
    """A root certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def make(cls, name: str, organization: str, *, now_ms: int) -> "Authority":
        """A new self-signed root."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name, organization, ())
        certificate = (
            _builder(subject, subject, key.public_key(), now_ms, _ROOT_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(issues=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key)

    def issue(
        self,
        key: ec.EllipticCurvePublicKey,
        name: str,
        *,
        now_ms: int,
        units: Sequence[str] = (),
        attributes: Mapping[str, str] | None = None,
        hosts: Sequence[str] = (),
        tls: bool = False,
    ) -> x509.Certificate:
        """A certificate of one year for `key`; `attributes` = `None` leaves the extension out."""
        issuer = self.certificate.subject
        builder = (
            _builder(_name(name, "", units), issuer, key, now_ms, _LEAF_LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(issues=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        if tls:
            builder = builder.add_extension(x509.ExtendedKeyUsage(_TLS_USES), critical=False)
        if hosts:
            names = x509.SubjectAlternativeName([_host(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        if attributes is not None:
            value = json.dumps({"attrs": dict(attributes)}, separators=(",", ":")).encode()
            builder = builder.add_extension(
                x509.UnrecognizedExtension(ATTRIBUTES, value), critical=False
            )
        return builder.sign(self.key, hashes.SHA256())

    def revocation_list(self, revoked: Iterable[tuple[int, int]], *, now_ms: int) -> bytes:
        """A list (PEM) of serial numbers with the times of their revocation, in ms UTC."""
        now = datetime.fromtimestamp(now_ms / 1000, UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now)
            .next_update(now + _LIST_LIFE)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        for serial, revoked_at_ms in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(serial)
                .revocation_date(datetime.fromtimestamp(revoked_at_ms / 1000, UTC))
                .build()
            )
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    @property
    def key_id(self) -> str:
        """The authority key id of what it issues, in hex as Fabric CA writes it."""
        found = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        return found.digest.hex().lstrip("0")


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now_ms: int,
    life: timedelta,
) -> x509.CertificateBuilder:
    start = datetime.fromtimestamp(now_ms / 1000, UTC) - _SLACK
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + life)
    )


def _name(common: str, organization: str, units: Sequence[str]) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units]
    if organization:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, issues: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=issues,
        crl_sign=issues,
        encipher_only=False,
        decipher_only=False,
    )


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def certificate_pem(certificate: x509.Certificate) -> bytes:
    """The certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The private key as PEM, unencrypted: for files of mode 0600 only."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
