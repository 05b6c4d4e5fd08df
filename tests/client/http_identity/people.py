# SPDX-License-Identifier: Apache-2.0
"""Two organisations with a CA of one key each, and people whom they certified."""

import datetime as dt
import json
from dataclasses import replace

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from pmcb_client.gateway import Identity
from pmcb_client.network_file import NetworkFile, Organisation
from pmcb_client.wallet import WalletIdentity

NOW_MS = 1_800_000_000_000
_DAY = dt.timedelta(days=1)


class Ca:
    """A root, and what it issues."""

    def __init__(self, msp: str, now_ms: int = NOW_MS) -> None:
        self.msp = msp
        self.now = dt.datetime.fromtimestamp(now_ms / 1000, dt.UTC)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.root = self._issue(msp, self.key, self.key, {}, serial=1, is_ca=True)

    def person(self, name: str, role: str = "receiver", *, days: int = 1, serial: int = 7):
        """Somebody with a valid certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        attributes = {"hf.EnrollmentID": name, "pmcb.role": role}
        made = self._issue(name, key, self.key, attributes, serial=serial, days=days)
        pem = made.public_bytes(Encoding.PEM)
        return WalletIdentity(name, Identity(self.msp, pem), key)

    def crl(self, *serials: int) -> str:
        """A list of revoked certificates."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.root.subject)
        builder = builder.last_update(self.now).next_update(self.now + _DAY)
        for serial in serials:
            revoked = x509.RevokedCertificateBuilder().serial_number(serial)
            builder = builder.add_revoked_certificate(revoked.revocation_date(self.now).build())
        return builder.sign(self.key, SHA256()).public_bytes(Encoding.PEM).decode()

    def _issue(self, name, key, signer, attributes, *, serial, days=1, is_ca=False):
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, self.msp)])
        value = json.dumps({"attrs": attributes}).encode()
        oid = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(serial)
            .not_valid_before(self.now - 30 * _DAY)
            .not_valid_after(self.now + days * _DAY)
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(x509.UnrecognizedExtension(oid, value), critical=False)
            .sign(signer, SHA256())
        )


def network(*cas: Ca) -> NetworkFile:
    """Where these organisations are."""
    orgs = []
    for ca in cas:
        pem = ca.root.public_bytes(Encoding.PEM).decode()
        place = "localhost:1"
        orgs.append(Organisation(ca.msp, place, pem, "", pem, f"https://{place}", "ca"))
    return NetworkFile("embedded", "pmcb", "pmcb", tuple(orgs))


def with_list(made: NetworkFile, ca: Ca, *serials: int) -> NetworkFile:
    """The same, after its CA revoked certificates."""
    return replace(made.with_list(ca.msp, ca.crl(*serials)))
