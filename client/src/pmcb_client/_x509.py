# SPDX-License-Identifier: Apache-2.0
"""Certificates that others wrote."""

import json
from collections.abc import Mapping

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

_ATTRIBUTES = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")


def read_certificate(pem: bytes) -> x509.Certificate:
    """The certificate, of which everything can be read.

    ``cryptography`` reads key, names and extensions when they are asked for, and raises more than
    ``ValueError`` for odd ones.

    Raises:
        ValueError: the bytes are no certificate, or a part of it cannot be read.
    """
    try:
        made = x509.load_pem_x509_certificate(pem)
        read = (made.public_key(), made.subject, made.issuer, made.extensions)
    except (
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    ) as error:
        raise ValueError("no usable certificate") from error
    assert read
    return made


def issued_certificate(der: bytes, root: x509.Certificate) -> x509.Certificate:
    """The certificate, which ``root`` issued; its validity is looked at by the caller.

    Raises:
        ValueError: the bytes are no certificate of that root.
    """
    found = x509.load_der_x509_certificate(der)
    certificate = read_certificate(found.public_bytes(Encoding.PEM))
    try:
        certificate.verify_directly_issued_by(root)
    except (TypeError, InvalidSignature, UnsupportedAlgorithm) as error:
        raise ValueError("issued by somebody else") from error
    return certificate


def attributes(certificate: x509.Certificate) -> Mapping[str, str]:
    """What a Fabric CA certified about its holder; empty for a bootstrap registrar.

    Values that are not texts, and an extension that is not Fabric's JSON, count as absent.
    """
    try:
        extension = certificate.extensions.get_extension_for_oid(_ATTRIBUTES).value
    except x509.ExtensionNotFound:
        return {}
    assert isinstance(extension, x509.UnrecognizedExtension)
    try:
        found = json.loads(extension.value)
    except (ValueError, RecursionError):
        return {}
    certified = found.get("attrs") if isinstance(found, dict) else None
    if not isinstance(certified, dict):
        return {}
    return {name: value for name, value in certified.items() if isinstance(value, str)}


def enrollment_id(certificate: x509.Certificate) -> str:
    """The name under which the CA registered its holder, "" where it names none."""
    name = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    common_name = str(name[0].value) if name else ""
    return attributes(certificate).get("hf.EnrollmentID", common_name)
