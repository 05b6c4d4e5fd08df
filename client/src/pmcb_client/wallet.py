# SPDX-License-Identifier: Apache-2.0
"""Identities on disk, one ``<label>.id`` file each, in the Node SDK's layout."""

import json
import os
import re
import stat
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pmcb_client._key_encryption import encrypt_private_key
from pmcb_client.errors import IdentityNotFound, WalletError
from pmcb_client.files import write_private
from pmcb_client.gateway import Identity, P256Signer

__all__ = ["Wallet", "WalletIdentity"]

_LABEL = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ATTRIBUTES = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")
_ANOTHER_NAME = "A name is enrolled once; enrol another one: `pmcb id enroll NAME`."


@dataclass(frozen=True)
class WalletIdentity:
    """An identity and its private key, as ``Wallet.get`` returns them; fit for ``connect``."""

    label: str
    identity: Identity
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def msp_id(self) -> str:
        """The organisation."""
        return self.identity.msp_id

    @cached_property
    def signer(self) -> P256Signer:
        """Signs as this identity."""
        return P256Signer(self.private_key)

    @cached_property
    def certificate(self) -> x509.Certificate:
        """The certificate, parsed."""
        return x509.load_pem_x509_certificate(self.identity.certificate_pem)

    @cached_property
    def attributes(self) -> Mapping[str, str]:
        """What the CA certified about this person; empty for a bootstrap registrar.

        Values that are not texts, and an extension that is not Fabric's JSON, count as absent.
        """
        try:
            extension = self.certificate.extensions.get_extension_for_oid(_ATTRIBUTES).value
        except x509.ExtensionNotFound:
            return {}
        assert isinstance(extension, x509.UnrecognizedExtension)
        try:
            found = json.loads(extension.value)
        except ValueError:
            return {}
        attributes = found.get("attrs") if isinstance(found, dict) else None
        if not isinstance(attributes, dict):
            return {}
        return {name: value for name, value in attributes.items() if isinstance(value, str)}

    @property
    def enrollment_id(self) -> str:
        """The name under which the CA registered this person."""
        name = self.certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        common_name = str(name[0].value) if name else ""
        return self.attributes.get("hf.EnrollmentID", common_name)

    @property
    def role(self) -> str:
        """``pmcb.role``, or empty."""
        return self.attributes.get("pmcb.role", "")

    @property
    def uid(self) -> str:
        """``msp/enrollment``: the person, whatever certificate it uses."""
        return f"{self.msp_id}/{self.enrollment_id}"


class Wallet:
    """A folder of identities that only its owner can read.

    ::

        wallet = Wallet(home / "wallet")
        wallet.put("receiver1", Identity("HospitalAMSP", enrolled.certificate_pem),
                   enrolled.private_key)
        me = wallet.get("receiver1")           # me.identity, me.signer, me.uid, me.role

    ``clock`` gives milliseconds UTC and decides what has expired.
    """

    def __init__(self, folder: str | Path, *, clock: Callable[[], int] | None = None) -> None:
        self.folder = Path(folder)
        self._clock = clock or (lambda: time.time_ns() // 1_000_000)

    def put(
        self,
        label: str,
        identity: Identity,
        private_key: ec.EllipticCurvePrivateKey,
        *,
        passphrase: str | None = None,
    ) -> WalletIdentity:
        """Stores an identity, replacing one of the same label; a passphrase encrypts its key.

        Raises:
            WalletError: a bad label, or a certificate of another key.
        """
        path = self._path(label)
        stored = WalletIdentity(label, identity, private_key)
        _check_pair(stored, path)
        if passphrase == "":
            raise WalletError("A passphrase has at least one character.")
        document = {
            "version": 1,
            "mspId": identity.msp_id,
            "type": "X.509",
            "credentials": {
                "certificate": identity.certificate_pem.decode(),
                "privateKey": _key_pem(private_key, passphrase),
            },
        }
        write_private(path, json.dumps(document).encode())
        return stored

    def get(self, label: str, *, passphrase: str | None = None) -> WalletIdentity:
        """The identity under ``label``.

        Raises:
            IdentityNotFound: there is none.
            WalletError: others can read the file, it is damaged, its key needs a passphrase or
                another one, its certificate is of another key or has expired.
        """
        path = self._path(label)
        document = _read(path, label)
        identity, key_pem = _parts(document, path)
        stored = WalletIdentity(label, identity, _load_key(key_pem, passphrase, path))
        _check_pair(stored, path)
        expires = stored.certificate.not_valid_after_utc
        if expires.timestamp() * 1000 <= self._clock():
            raise WalletError(
                f"The certificate of {label} expired on {expires:%Y-%m-%d}.",
                next_step=_ANOTHER_NAME,
            )
        return stored

    def list(self) -> list[str]:
        """The labels, sorted."""
        return sorted(path.stem for path in self.folder.glob("*.id") if _LABEL.fullmatch(path.stem))

    def remove(self, label: str) -> None:
        """Deletes the identity under ``label``, its key with it.

        Raises:
            IdentityNotFound: there is none.
        """
        try:
            self._path(label).unlink()
        except FileNotFoundError:
            raise _not_found(label) from None

    def _path(self, label: str) -> Path:
        if self.folder.is_dir() and stat.S_IMODE(self.folder.stat().st_mode) & 0o022:
            raise WalletError(
                f"Others can write into {self.folder}.", next_step=f"Run `chmod 700 {self.folder}`."
            )
        if not _LABEL.fullmatch(label):
            raise WalletError("A label has 1 to 64 letters, digits, dots, dashes or underscores.")
        return self.folder / f"{label}.id"


def _read(path: Path, label: str) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read()
    except FileNotFoundError:
        raise _not_found(label) from None
    if mode & 0o077:
        raise WalletError(
            f"Others can read or change {path}.", next_step=f"Run `chmod 600 {path}`."
        )
    try:
        document = json.loads(text)
    except ValueError:
        raise _damaged(path) from None
    if not isinstance(document, dict) or document.get("version") != 1:
        raise _damaged(path)
    return document


def _parts(document: Mapping[str, object], path: Path) -> tuple[Identity, bytes]:
    credentials = document.get("credentials")
    if not isinstance(credentials, dict):
        raise _damaged(path)
    parts = (document.get("mspId"), credentials.get("certificate"), credentials.get("privateKey"))
    match parts:
        case (str(msp_id), str(certificate), str(private_key)):
            identity = Identity(msp_id, certificate.encode())
        case _:
            raise _damaged(path)
    try:
        x509.load_pem_x509_certificate(identity.certificate_pem)
    except ValueError:
        raise _damaged(path) from None
    return identity, private_key.encode()


def _not_found(label: str) -> IdentityNotFound:
    return IdentityNotFound(
        f"The wallet holds no identity '{label}'.",
        next_step="`pmcb id list` shows the labels; `pmcb id enroll NAME` adds one.",
    )


def _damaged(path: Path) -> WalletError:
    return WalletError(f"{path} is not an identity file.", next_step=_ANOTHER_NAME)


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
        raise WalletError(f"The key in {path} is not a P-256 key.", next_step=_ANOTHER_NAME)
    return key


def _check_pair(stored: WalletIdentity, path: Path) -> None:
    if stored.certificate.public_key() != stored.private_key.public_key():
        raise WalletError(
            f"The certificate in {path} does not match its key.", next_step=_ANOTHER_NAME
        )
