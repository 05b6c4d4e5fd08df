# SPDX-License-Identifier: Apache-2.0
"""Certificates from a network's own CAs, with any enrolment id and role.

A Fabric CA gives an enrolment id one role; here somebody may be a receiver and a verifier.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from pmcb_client.gateway import Identity, P256Signer

ATTRIBUTES = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")


def issue(ca: Any, msp: str, name: str, role: str, now_ms: int) -> tuple[Identity, P256Signer]:
    """A person's identity and signer; ``ca`` has a ``certificate`` and a ``key``."""
    key = ec.generate_private_key(ec.SECP256R1())
    start = datetime.fromtimestamp(now_ms / 1000, UTC) - timedelta(minutes=5)
    named = {"attrs": {"hf.EnrollmentID": name, "pmcb.role": role}}
    certificate = (
        x509.CertificateBuilder()
        .subject_name(
            x509.Name(
                [
                    x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, "client"),
                    x509.NameAttribute(x509.NameOID.COMMON_NAME, name),
                ]
            )
        )
        .issuer_name(ca.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key()), critical=False
        )
        .add_extension(
            x509.UnrecognizedExtension(ATTRIBUTES, json.dumps(named).encode()), critical=False
        )
        .sign(ca.key, hashes.SHA256())
    )
    return Identity(msp, certificate.public_bytes(Encoding.PEM)), P256Signer(key)
