# SPDX-License-Identifier: Apache-2.0
"""Keys and certificates of the network, made at the first start and read at the next ones."""

import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pmcb_client.files import write_atomic
from pmcb_network._files import make_folder
from pmcb_network.errors import FolderUnusable

from ._authority import Authority, certificate_pem, key_pem

HOSTS = ("localhost", "127.0.0.1", "::1")
REGISTRAR = "registrar"
_REGISTRAR_FILE = "registrar.secret"


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Organization:
    """One organisation: its CA, its peer's identity, its registrar's secret, its CA's database."""

    msp_id: str
    ca: Authority
    peer: Pair
    registrar_secret: str
    database: Path


@dataclass(frozen=True, slots=True)
class Tls:
    """The TLS root, and the one certificate that all servers show."""

    ca_pem: bytes
    certificate_file: Path
    key_file: Path


@dataclass(frozen=True, slots=True)
class Material:
    """All that the network's folder holds beside the ledger."""

    organizations: tuple[Organization, ...]
    tls: Tls


def load(folder: Path, orgs: Sequence[str], *, clock: Callable[[], int]) -> Material:
    """Reads the material, making what is missing.

    Raises:
        FolderUnusable: the folder was made for other organisations, or a file is damaged.
    """
    settings = folder / "settings.json"
    try:
        if settings.exists():
            known = json.loads(settings.read_bytes())["orgs"]
            if known != list(orgs):
                raise FolderUnusable(
                    f"the network in {folder} was made for {', '.join(known)}",
                    next_step="use another folder for other organisations",
                )
        else:
            write_atomic(
                settings, json.dumps({"version": 1, "orgs": list(orgs)}).encode(), mode=0o600
            )
        return Material(
            tuple(_organization(folder / "orgs" / msp_id, msp_id, clock()) for msp_id in orgs),
            _tls(folder / "tls"),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = getattr(error, "strerror", None) or f"a file is damaged ({type(error).__name__})"
        raise FolderUnusable(
            f"the network's files in {folder} cannot be read or written: {reason}",
            next_step="pmcb network reset makes new ones",
        ) from error


def _organization(folder: Path, msp_id: str, now_ms: int) -> Organization:
    make_folder(folder)
    root = _pair(
        folder / "ca.pem",
        lambda: _as_pair(Authority.make(f"ca.{msp_id}", msp_id, now_ms=now_ms)),
    )
    ca = Authority(root.certificate, root.key)

    def peer() -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        name = f"peer0.{msp_id}"
        return Pair(ca.issue(key.public_key(), name, now_ms=now_ms, units=("peer",)), key)

    secret = folder / _REGISTRAR_FILE
    if not secret.exists():
        write_atomic(secret, secrets.token_urlsafe(24).encode(), mode=0o600)
    return Organization(
        msp_id,
        ca,
        _renewed(folder / "peer.pem", peer, now_ms),
        secret.read_text(),
        folder / "ca.db",
    )


def registrar_secret(folder: Path, msp_id: str) -> str:
    """The secret with which the organisation's registrar enrols, once `load` has made it."""
    return (folder / "orgs" / msp_id / _REGISTRAR_FILE).read_text()


def _renewed(path: Path, make: Callable[[], Pair], now_ms: int) -> Pair:
    """The pair in the file, made anew within thirty days of its end."""
    pair = _pair(path, make)
    if pair.certificate.not_valid_after_utc.timestamp() - now_ms / 1000 < 30 * 86_400:
        path.unlink()
        pair = _pair(path, make)
    return pair


def _tls(folder: Path) -> Tls:
    """TLS lives by the wall clock: the clients' libraries know no other."""
    make_folder(folder)
    now_ms = time.time_ns() // 1_000_000
    root = _pair(
        folder / "ca.pem", lambda: _as_pair(Authority.make("tls-ca", "PMCB", now_ms=now_ms))
    )
    ca = Authority(root.certificate, root.key)

    def server() -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        return Pair(
            ca.issue(key.public_key(), "localhost", now_ms=now_ms, hosts=HOSTS, tls=True), key
        )

    pair = _renewed(folder / "server.both.pem", server, now_ms)
    write_atomic(folder / "server.pem", certificate_pem(pair.certificate), mode=0o600)
    write_atomic(folder / "server.key", key_pem(pair.key), mode=0o600)
    return Tls(certificate_pem(ca.certificate), folder / "server.pem", folder / "server.key")


def _as_pair(authority: Authority) -> Pair:
    return Pair(authority.certificate, authority.key)


def _pair(path: Path, make: Callable[[], Pair]) -> Pair:
    """Key and certificate from one file, so that a kill never leaves one without the other."""
    if not path.exists():
        made = make()
        write_atomic(path, key_pem(made.key) + certificate_pem(made.certificate), mode=0o600)
    raw = path.read_bytes()
    key = serialization.load_pem_private_key(raw, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(path.name)
    return Pair(x509.load_pem_x509_certificate(raw), key)
