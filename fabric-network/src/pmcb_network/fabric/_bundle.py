# SPDX-License-Identifier: Apache-2.0
"""What an organisation's host hands to the others: certificates, and the channel. No key."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, load_pem_x509_certificate

from pmcb_network.errors import BundleRefused

_VERSION = 1
_MAX_BYTES = 16 * 2**20
_TEXTS = ("msp", "topology", "governance", "root", "block")


@dataclass(frozen=True)
class OrdererCertificates:
    """By which an orderer signs, and by which others know its connections."""

    identity: Certificate
    tls: Certificate


@dataclass(frozen=True)
class Bundle:
    """An organisation's public material.

    Attributes:
        msp: whose it is.
        topology, governance: SHA-256, in hex, of what its network was made from.
        root: its CA's certificate.
        orderers: by the names of its orderers.
        block: the channel's first block; empty where it was not there yet.
    """

    msp: str
    topology: str
    governance: str
    root: Certificate
    orderers: Mapping[str, OrdererCertificates]
    block: bytes

    def dump(self) -> bytes:
        """As a file; certificates are written anew, so that nothing else can be beside them."""
        document = {
            "version": _VERSION,
            "msp": self.msp,
            "topology": self.topology,
            "governance": self.governance,
            "root": pem(self.root),
            "orderers": {
                name: {"identity": pem(each.identity), "tls": pem(each.tls)}
                for name, each in self.orderers.items()
            },
            "block": base64.b64encode(self.block).decode(),
        }
        return json.dumps(document, indent=1, sort_keys=True).encode()


def read(path: Path) -> Bundle:
    """The bundle in a file.

    Raises:
        BundleRefused: it cannot be read, or is none.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise BundleRefused(f"the bundle {path.name} cannot be read: {error.strerror}") from error
    if len(content) > _MAX_BYTES:
        raise BundleRefused(f"{path.name} is too large to be an organisation's bundle")
    return parse(content)


def parse(content: bytes) -> Bundle:
    """The bundle in a file.

    Raises:
        BundleRefused: it is none, or its certificates are not all of one CA.
    """
    try:
        document: Any = json.loads(content)
        version = document["version"]
        if version == _VERSION:
            texts = {key: _text(document[key]) for key in _TEXTS}
            orderers = {
                name: (certificate(each["identity"]), certificate(each["tls"]))
                for name, each in document["orderers"].items()
            }
            root, block = (
                certificate(texts["root"]),
                base64.b64decode(texts["block"], validate=True),
            )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BundleRefused("that file is not an organisation's bundle") from error
    if version != _VERSION:
        raise BundleRefused(f"this release reads bundles of version {_VERSION} only")
    msp = texts["msp"]
    for each in (root, *(one for pair in orderers.values() for one in pair)):
        _check_issued(each, root, msp)
    return Bundle(
        msp, texts["topology"], texts["governance"], root,
        {name: OrdererCertificates(*pair) for name, pair in orderers.items()}, block,
    )  # fmt: skip


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def certificate(text: str | bytes) -> Certificate:
    """The certificate in PEM."""
    return load_pem_x509_certificate(text if isinstance(text, bytes) else text.encode())


def pem(one: Certificate) -> str:
    """A certificate as text."""
    return one.public_bytes(Encoding.PEM).decode()


def fingerprint(one: Certificate) -> str:
    """SHA-256 of the certificate, as ``openssl x509 -fingerprint -sha256`` shows it."""
    return one.fingerprint(SHA256()).hex(":").upper()


def _check_issued(one: Certificate, root: Certificate, msp: str) -> None:
    try:
        one.verify_directly_issued_by(root)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise BundleRefused(f"a certificate in the bundle is not of {msp}'s CA") from error
