# SPDX-License-Identifier: Apache-2.0
"""Identities on disk, one ``<label>.id`` file each, in the Node SDK's layout."""

import re
import stat
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from pmcb_client._identity_file import (
    ANOTHER_NAME,
    KeyPair,
    Stored,
    not_found,
    read,
    write,
)
from pmcb_client._x509 import attributes, enrollment_id
from pmcb_client.errors import WalletError
from pmcb_client.gateway import Identity, P256Signer

__all__ = ["KeyPair", "Wallet", "WalletIdentity", "registrar_label"]

_LABEL = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class WalletIdentity:
    """An identity and its private key, as ``Wallet.get`` returns them; fit for ``connect``.

    ``earlier`` are the pairs that were renewed, the newest first: what others sealed to an
    announced key opens with the key of that time.
    """

    label: str
    identity: Identity
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)
    earlier: tuple[KeyPair, ...] = ()

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
        return attributes(self.certificate)

    @property
    def enrollment_id(self) -> str:
        """The name under which the CA registered this person."""
        return enrollment_id(self.certificate)

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
        stored = Stored(identity.msp_id, KeyPair(identity.certificate_pem, private_key), ())
        write(self._path(label), stored, passphrase)
        return WalletIdentity(label, identity, private_key)

    def renew(
        self,
        held: WalletIdentity,
        certificate_pem: bytes,
        private_key: ec.EllipticCurvePrivateKey,
        *,
        passphrase: str | None = None,
    ) -> WalletIdentity:
        """Puts a renewed certificate in the place of ``held``, whose key stays among the earlier.

        The file is replaced as a whole: until then the certificate held is there, and in use.

        Raises:
            WalletError: as for `put`.
        """
        stored = Stored(
            held.msp_id,
            KeyPair(certificate_pem, private_key),
            (KeyPair(held.identity.certificate_pem, held.private_key), *held.earlier),
        )
        write(self._path(held.label), stored, passphrase)
        return _identity(held.label, stored)

    def get(self, label: str, *, passphrase: str | None = None) -> WalletIdentity:
        """The identity under ``label``.

        Raises:
            IdentityNotFound: there is none.
            WalletError: others can read the file, it is damaged, its keys need a passphrase or
                another one, a certificate is of another key, the one in use has expired.
        """
        stored = _identity(label, read(self._path(label), label, passphrase))
        expires = stored.certificate.not_valid_after_utc
        if expires.timestamp() * 1000 <= self._clock():
            # A CA renews no expired certificate: only a registrar's secret enrols again.
            raise WalletError(
                f"The certificate of {label} expired on {expires:%Y-%m-%d}.",
                next_step="`pmcb network up`, where the network was started, enrols it again."
                if label == registrar_label(stored.msp_id)
                else ANOTHER_NAME,
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
            raise not_found(label) from None

    def _path(self, label: str) -> Path:
        if self.folder.is_dir() and stat.S_IMODE(self.folder.stat().st_mode) & 0o022:
            raise WalletError(
                f"Others can write into {self.folder}.", next_step=f"Run `chmod 700 {self.folder}`."
            )
        if not _LABEL.fullmatch(label):
            raise WalletError("A label has 1 to 64 letters, digits, dots, dashes or underscores.")
        return self.folder / f"{label}.id"


def registrar_label(msp: str) -> str:
    """The label under which a wallet holds an organisation's registrar."""
    return f"registrar.{msp}"


def _identity(label: str, stored: Stored) -> WalletIdentity:
    identity = Identity(stored.msp_id, stored.pair.certificate_pem)
    return WalletIdentity(label, identity, stored.pair.private_key, stored.earlier)
