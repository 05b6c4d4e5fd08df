# SPDX-License-Identifier: Apache-2.0
"""``network.json``: where a network's gateways and CAs are, and whom to trust. No secret in it.

``pmcb network up`` writes it; every other command and service reads it, and nothing else tells
them which kind of network they talk to.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from pmcb_client.errors import NetworkFileError
from pmcb_client.files import write_atomic

__all__ = ["ContentStore", "NetworkFile", "Organisation", "load", "parse", "renew", "save"]

VERSION = 1
_LOOPBACK = re.compile(r"http://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:|/|$)")
_UID = re.compile(r"[A-Za-z0-9._-]{1,64}/[A-Za-z0-9._-]{1,64}")
_URL = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?/?")


@dataclass(frozen=True)
class Organisation:
    """One organisation: its MSP id, its addresses, and its certificates as PEM texts.

    Attributes:
        msp: MSP id.
        gateway: ``host:port`` of its peer's gateway.
        msp_ca: root of its members' certificates.
        crl: the CA's list of revoked certificates, as of when it was written; may be empty.
        tls_ca: roots (one or more) of the TLS certificates of gateway and CA.
        ca_url: ``https://host:port`` of its CA.
        ca_name: the CA's name at that address.
    """

    msp: str
    gateway: str
    msp_ca: str
    crl: str
    tls_ca: str
    ca_url: str
    ca_name: str

    def revoked(self) -> frozenset[int]:
        """The serial numbers on the list.

        Raises:
            NetworkFileError: it is no list, or not signed by ``msp_ca``.
        """
        if not self.crl:
            return frozenset()
        return frozenset(_listed(self.crl, self.msp_ca, self.msp))


@dataclass(frozen=True)
class ContentStore:
    """Where sealed files are kept. Clients never follow an address that a task supplies.

    Attributes:
        url: ``https://host:port``, or http on loopback.
        uid: of the identity that signs its receipts.
        tls_ca: roots (one or more) of its TLS certificate as PEM; empty for http.
    """

    url: str
    uid: str
    tls_ca: str


@dataclass(frozen=True)
class NetworkFile:
    """The whole file; ``kind`` ("embedded" or "fabric") is for display only.

    ``content`` is None until a content store was started.
    """

    kind: str
    channel: str
    chaincode: str
    orgs: tuple[Organisation, ...]
    version: int = VERSION
    content: ContentStore | None = None

    def with_list(self, msp: str, crl: str) -> "NetworkFile":
        """The same with another list of the organisation ``msp``."""
        orgs = (replace(org, crl=crl) if org.msp == msp else org for org in self.orgs)
        return replace(self, orgs=tuple(orgs))

    def org(self, msp: str) -> Organisation:
        """The organisation ``msp``.

        Raises:
            NetworkFileError: the network has no such organisation.
        """
        for organisation in self.orgs:
            if organisation.msp == msp:
                return organisation
        known = ", ".join(organisation.msp for organisation in self.orgs)
        raise NetworkFileError(
            f"The network file names no gateway of {msp}; it has {known}.",
            next_step="Use an identity of one of these organisations (--as LABEL).",
        )


def load(path: str | Path) -> NetworkFile:
    """Reads ``path``.

    Raises:
        NetworkFileError: the file is missing or unreadable, or a key is missing or of another
            type; the message names the key.
    """
    try:
        document = json.loads(Path(path).read_bytes())
    except FileNotFoundError:
        raise NetworkFileError(f"There is no network file at {path}.") from None
    except OSError as error:
        raise NetworkFileError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError):
        raise NetworkFileError(f"{path} is not a JSON document.") from None
    return parse(document)


def parse(document: object) -> NetworkFile:
    """The network that a JSON document describes; unknown keys are left to later versions.

    Raises:
        NetworkFileError: as for ``load``.
    """
    if not isinstance(document, Mapping):
        raise NetworkFileError("A network file holds one JSON object.")
    version = document.get("version")
    if version != VERSION:
        raise NetworkFileError(f"This release reads network files of version {VERSION} only.")
    orgs = document.get("orgs")
    if not isinstance(orgs, list | tuple) or not orgs:
        raise NetworkFileError("The network file's 'orgs' must be a list of at least one.")
    return NetworkFile(
        kind=_text(document, "kind"),
        channel=_text(document, "channel"),
        chaincode=_text(document, "chaincode"),
        orgs=tuple(_organisation(entry, index) for index, entry in enumerate(orgs)),
        content=_content(document.get("content")),
    )


def save(path: str | Path, network: NetworkFile) -> None:
    """Writes ``network`` to ``path``, whole or not at all; anyone may read it."""
    document = {name: value for name, value in asdict(network).items() if value is not None}
    text = json.dumps(document, indent=2, sort_keys=True) + "\n"
    write_atomic(Path(path), text.encode(), mode=0o644)


def renew(path: str | Path, network: NetworkFile) -> None:
    """Writes ``network`` as it is now; what services have entered since stays as it was."""
    with suppress(NetworkFileError):  # the first one, or one that nobody could read
        network = replace(network, content=network.content or load(path).content)
    save(path, network)


def _organisation(entry: object, index: int) -> Organisation:
    where = f"orgs[{index}]"
    if not isinstance(entry, Mapping):
        raise NetworkFileError(f"The network file's '{where}' must be an object.")
    values = {
        field.name: _text(entry, field.name, where=f"{where}.", empty=field.name == "crl")
        for field in fields(Organisation)
    }
    if not _trusts(values["tls_ca"]):
        raise NetworkFileError(f"The network file's '{where}.tls_ca' must be certificates in PEM.")
    if not _is_url(values["ca_url"]):
        raise NetworkFileError(f"The network file's '{where}.ca_url' must be https://HOST:PORT.")
    return Organisation(**values)


def _content(entry: object) -> ContentStore | None:
    if entry is None:
        return None
    if not isinstance(entry, Mapping):
        raise NetworkFileError("The network file's 'content' must be an object.")
    url, uid = (_text(entry, key, where="content.") for key in ("url", "uid"))
    tls_ca = _text(entry, "tls_ca", where="content.", empty=True)
    sound = _trusts(tls_ca) if url.startswith("https:") else _LOOPBACK.match(url) and not tls_ca
    if not _is_url(url) or not sound:
        raise NetworkFileError("The network file's 'content.url' must be https, or http to itself.")
    if not _UID.fullmatch(uid):
        raise NetworkFileError("The network file's 'content.uid' must be written MSP/NAME.")
    return ContentStore(url, uid, tls_ca)


def _text(
    document: Mapping[object, object], key: str, *, where: str = "", empty: bool = False
) -> str:
    value = document.get(key)
    written = isinstance(value, str) and value.replace("\n", "").isprintable()
    if not written or not (value or empty):
        raise NetworkFileError(f"The network file's '{where}{key}' must be a text.")
    return str(value)


def _trusts(roots: str) -> bool:
    """Whether a TLS connection can be opened that trusts these roots."""
    import ssl

    try:
        ssl.create_default_context(cadata=roots)
    except (ssl.SSLError, ValueError):
        return False
    return "BEGIN CERTIFICATE" in roots


def _is_url(url: str) -> bool:
    found = _URL.fullmatch(url)
    return found is not None and int(found["port"] or 0) < 2**16


def _listed(crl: str, root: str, msp: str) -> Iterator[int]:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    from pmcb_client._x509 import read_certificate

    try:
        listed = x509.load_pem_x509_crl(crl.encode())
        key = read_certificate(root.encode()).public_key()
        genuine = listed.is_signature_valid(key)  # type: ignore[arg-type]  # other keys: TypeError
    except (ValueError, TypeError, UnsupportedAlgorithm):
        genuine = False
    if not genuine:
        raise NetworkFileError(f"The network file's 'crl' of {msp} is no list of its CA.")
    return (revoked.serial_number for revoked in listed)
