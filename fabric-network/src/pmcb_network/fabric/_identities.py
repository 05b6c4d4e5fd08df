# SPDX-License-Identifier: Apache-2.0
"""Who the nodes are: identities that the organisation's CA issues, as folders Fabric reads."""

import asyncio
import json
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from pmcb_client.enrolment import CaClient, Enrolment
from pmcb_client.errors import CaRefused
from pmcb_client.files import write_atomic
from pmcb_client.gateway import Identity, P256Signer

from ._ca_settings import REGISTRAR, tls_names
from ._layout import IdentityFolder, Layout
from ._topology import Kind, Node, Organisation

ADMIN = "admin"
_REGISTERED = 74  # Fabric CA's number for an id that it knows already


class Registrar:
    """The registrar's credentials, made from what enrolling gave."""

    def __init__(self, msp: str, enrolment: Enrolment) -> None:
        self.identity = Identity(msp, enrolment.certificate_pem)
        self.signer = P256Signer(enrolment.private_key)


def registrar_secret(layout: Layout, org: str) -> str:
    """The secret of an organisation's registrar; made when first asked for."""
    path = layout.registrar(org)
    try:
        return str(json.loads(path.read_bytes())["secret"])
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        secret = secrets.token_hex(20)
        write_atomic(path, json.dumps({"id": REGISTRAR, "secret": secret}).encode(), mode=0o600)
        return secret


def ca_name(org: str) -> str:
    """The name of an organisation's CA."""
    return f"ca-{org}"


def publish_msp(layout: Layout, org: Organisation) -> None:
    """The organisation's public MSP folder, from its CA's certificate."""
    write_msp(layout, org.msp, (layout.node(org.ca.id).data / "ca-cert.pem").read_bytes())


def write_msp(layout: Layout, org: str, root: bytes) -> None:
    """The public MSP folder of an organisation, of this host or another."""
    _msp_folder(layout.msp(org), root)


def _msp_folder(folder: Path, root: bytes) -> None:
    """Roots, and the rule that a certificate's organisational unit says what its owner is."""
    units = {
        f"{kind.capitalize()}OUIdentifier": {
            "Certificate": "cacerts/ca.pem",
            "OrganizationalUnitIdentifier": kind,
        }
        for kind in ("client", "peer", "admin", "orderer")
    }
    _write(folder / "cacerts" / "ca.pem", root)
    _write(folder / "tlscacerts" / "ca.pem", root)
    document = {"NodeOUs": {"Enable": True, **units}}
    _write(folder / "config.yaml", json.dumps(document, indent=1).encode())


async def enrol(layout: Layout, org: Organisation, nodes: Sequence[Node]) -> None:
    """Identities of the organisation's nodes and administrator, those that are not there yet."""
    root = layout.root_certificate(org.msp).read_bytes()
    wanted: list[tuple[str, str, IdentityFolder, list[str]]] = [
        (node.id, node.kind.value, layout.identity(node), tls_names(node))
        for node in nodes
        if node.kind is not Kind.CA
    ]
    wanted.append((ADMIN, "admin", layout.admin(org.msp), ["localhost"]))
    missing = [each for each in wanted if not each[2].path.exists()]
    if not missing:
        return
    url = f"https://{layout.address(org.ca)}"
    async with CaClient(url, root, ca_name(org.msp)) as ca:
        made = await ca.enroll(REGISTRAR, registrar_secret(layout, org.msp))
        registrar = Registrar(org.msp, made)
        await asyncio.gather(*(_one(ca, registrar, root, *each) for each in missing))


async def _one(
    ca: CaClient, registrar: Registrar, root: bytes, name: str, kind: str,
    folder: IdentityFolder, hosts: list[str],
) -> None:  # fmt: skip
    """Register and enrol twice: to sign, and for TLS. The folder appears whole or not at all."""
    made = IdentityFolder(folder.path.with_name(f".{folder.path.name}.new"))
    shutil.rmtree(made.path, ignore_errors=True)
    kept = folder.path.with_name(f".{folder.path.name}.secret")
    secret = _secret(kept)
    try:
        await ca.register(registrar, name, {}, type=kind, max_enrollments=-1, secret=secret)
    except CaRefused as error:
        if error.code != _REGISTERED:  # by a run that was ended before this one
            raise
    member = await ca.enroll(name, secret)
    tls = await ca.enroll(name, secret, hosts=hosts, profile="tls")
    _msp_folder(made.msp, root)
    _write(made.certificate, member.certificate_pem)
    _write(made.msp / "keystore" / "key.pem", _key_pem(member))
    _write(made.tls_certificate, tls.certificate_pem)
    _write(made.tls_key, _key_pem(tls))
    made.path.rename(folder.path)
    kept.unlink()


def _secret(path: Path) -> str:
    """Kept before anybody is registered with it: a run that is ended here loses nothing."""
    if not path.exists():
        _write(path, secrets.token_hex(20).encode())
    return path.read_text()


def _key_pem(enrolment: Enrolment) -> bytes:
    key = enrolment.private_key
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, content, mode=0o600)
