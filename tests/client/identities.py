# SPDX-License-Identifier: Apache-2.0
"""Certificates for a wallet, made without a CA."""

import datetime as dt
import json

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from pmcb_client.gateway import Identity

EXPIRES = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
BEFORE_MS = int(EXPIRES.timestamp() * 1000) - 1
KEY = ec.generate_private_key(ec.SECP256R1())
ATTRIBUTES = {"hf.EnrollmentID": "receiver1", "pmcb.role": "receiver"}


def certificate(key=KEY, attributes=ATTRIBUTES, common_name="cn"):
    """A certificate (PEM) with Fabric's attribute extension."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(EXPIRES - dt.timedelta(days=365))
        .not_valid_after(EXPIRES)
    )
    if attributes is not None:
        packed = {"attrs": attributes}
        value = attributes if isinstance(attributes, bytes) else json.dumps(packed).encode()
        oid = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, value), critical=False)
    return builder.sign(key, SHA256()).public_bytes(serialization.Encoding.PEM)


IDENTITY = Identity("HospitalAMSP", certificate())
