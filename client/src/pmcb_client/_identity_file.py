# SPDX-License-Identifier: Apache-2.0
"""One identity's file: the Node SDK's layout, and beside it the keys that were renewed.

``{"version": 1, "mspId", "type": "X.509", "credentials": {"certificate", "privateKey"}}``, and
``"earlier": [{"certificate", "privateKey"}]``, the newest first, once there are any.
"""

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pmcb_client._key_encryption import encrypt_private_key
from pmcb_client._x509 import read_certificate
from pmcb_client.errors import IdentityNotFound, WalletError
from pmcb_client.files import write_private

ANOTHER_NAME = "A name is enrolled once; enrol another one: `pmcb id enroll NAME`."


@dataclass(frozen=True)
class KeyPair:
    """A certificate (PEM) with its private key."""

    certificate_pem: bytes
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)


@dataclass(frozen=True)
class Stored:
    """What a file holds: the organisation, the pair in use, and earlier ones."""

    msp_id: str
    pair: KeyPair
    earlier: tuple[KeyPair, ...]


def write(path: Path, stored: Stored, passphrase: str | None) -> None:
    """Writes the file, whole or not at all; a passphrase encrypts every key.

    Raises:
        WalletError: a certificate of another key, or an empty passphrase.
    """
    _check_pair(stored.pair, path)
    if passphrase == "":
        raise WalletError("A passphrase has at least one character.")
    document: dict[str, object] = {
        "version": 1,
        "mspId": stored.msp_id,
        "type": "X.509",
        "credentials": _credentials(stored.pair, passphrase),
    }
    if stored.earlier:
        document["earlier"] = [_credentials(pair, passphrase) for pair in stored.earlier]
    write_private(path, json.dumps(document).encode())


def read(path: Path, label: str, passphrase: str | None) -> Stored:
    """What the file holds.

    Raises:
        IdentityNotFound: there is no file.
        WalletError: others can read it, it is damaged, its keys need a passphrase or another one,
            a certificate is of another key.
    """
    document = _document(path, label)
    msp_id, earlier = document.get("mspId"), document.get("earlier", [])
    if not isinstance(msp_id, str) or not isinstance(earlier, list):
        raise _damaged(path)
    first, *others = (
        _pair(credentials, passphrase, path)
        for credentials in (document.get("credentials"), *earlier)
    )
    return Stored(msp_id, first, tuple(others))


def not_found(label: str) -> IdentityNotFound:
    """There is no file of this label."""
    return IdentityNotFound(
        f"The wallet holds no identity '{label}'.",
        next_step="`pmcb id list` shows the labels; `pmcb id enroll NAME` adds one.",
    )


def _document(path: Path, label: str) -> Mapping[str, object]:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read()
    except FileNotFoundError:
        raise not_found(label) from None
    if mode & 0o077:
        raise WalletError(
            f"Others can read or change {path}.", next_step=f"Run `chmod 600 {path}`."
        )
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise _damaged(path) from None
    if not isinstance(document, dict) or document.get("version") != 1:
        raise _damaged(path)
    return document


def _credentials(pair: KeyPair, passphrase: str | None) -> dict[str, str]:
    return {
        "certificate": pair.certificate_pem.decode(),
        "privateKey": _key_pem(pair.private_key, passphrase),
    }


def _pair(credentials: object, passphrase: str | None, path: Path) -> KeyPair:
    match credentials:
        case {"certificate": str(certificate), "privateKey": str(private_key)}:
            pass
        case _:
            raise _damaged(path)
    try:
        certificate_pem, key_pem = certificate.encode(), private_key.encode()
        read_certificate(certificate_pem)
    except ValueError:
        raise _damaged(path) from None
    pair = KeyPair(certificate_pem, _load_key(key_pem, passphrase, path))
    _check_pair(pair, path)
    return pair


def _damaged(path: Path) -> WalletError:
    return WalletError(f"{path} is not an identity file.", next_step=ANOTHER_NAME)


def _key_pem(private_key: ec.EllipticCurvePrivateKey, passphrase: str | None) -> str:
    if passphrase is not None:
        return encrypt_private_key(private_key, passphrase.encode()).decode()
    return private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _load_key(pem: bytes, passphrase: str | None, path: Path) -> ec.EllipticCurvePrivateKey:
    encrypted = b"BEGIN ENCRYPTED PRIVATE KEY" in pem
    if encrypted and passphrase is None:
        raise WalletError(f"The key in {path} needs its passphrase.")
    try:
        key = serialization.load_pem_private_key(
            pem, passphrase.encode() if encrypted and passphrase is not None else None
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if encrypted:
            raise WalletError(f"This passphrase does not open the key in {path}.") from None
        raise _damaged(path) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise WalletError(f"The key in {path} is not a P-256 key.", next_step=ANOTHER_NAME)
    return key


def _check_pair(pair: KeyPair, path: Path) -> None:
    certificate = x509.load_pem_x509_certificate(pair.certificate_pem)
    if certificate.public_key() != pair.private_key.public_key():
        raise WalletError(
            f"The certificate in {path} does not match its key.", next_step=ANOTHER_NAME
        )
