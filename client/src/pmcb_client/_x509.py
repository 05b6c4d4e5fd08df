# SPDX-License-Identifier: Apache-2.0
"""Certificates that others wrote."""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm


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
