# SPDX-License-Identifier: Apache-2.0
"""``network.json``: where a network's gateways and CAs are, and whom to trust. No secret in it.

``pmcb network up`` writes it; every other command and service reads it, and nothing else tells
them which kind of network they talk to.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from pmcb_client._services import (
    ContentStore,
    FogGateway,
    IntakeService,
    PublishingService,
    RetrievalCloud,
    RetrievalGateway,
    is_url,
    one_service,
    services_of,
    text_of,
    trusts,
)
from pmcb_client.errors import NetworkFileError
from pmcb_client.files import alone_in, write_atomic

__all__ = [
    "ContentStore",
    "FogGateway",
    "IntakeService",
    "NetworkFile",
    "Organisation",
    "PublishingService",
    "RetrievalCloud",
    "RetrievalGateway",
    "load",
    "parse",
    "renew",
    "save",
    "update",
]

VERSION = 1
_OfAnOrganisation = PublishingService | RetrievalGateway | FogGateway | IntakeService
_LISTS: Mapping[type, str] = {
    PublishingService: "publishing",
    RetrievalGateway: "retrieval",
    FogGateway: "fog",
    IntakeService: "intake",
}


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
class NetworkFile:
    """The whole file; ``kind`` ("embedded" or "fabric") is for display only.

    ``content`` and ``cloud`` are None until such a service was started; ``publishing``,
    ``retrieval``, ``fog`` and ``intake`` hold one service of each organisation that started one.
    """

    kind: str
    channel: str
    chaincode: str
    orgs: tuple[Organisation, ...]
    version: int = VERSION
    content: ContentStore | None = None
    publishing: tuple[PublishingService, ...] = ()
    cloud: RetrievalCloud | None = None
    retrieval: tuple[RetrievalGateway, ...] = ()
    fog: tuple[FogGateway, ...] = ()
    intake: tuple[IntakeService, ...] = ()

    def with_service(self, service: _OfAnOrganisation) -> "NetworkFile":
        """The same with this service in place of the organisation's earlier one of its kind."""
        name = _LISTS[type(service)]
        others = (each for each in getattr(self, name) if each.msp != service.msp)
        changed: Any = {name: (*others, service)}
        return replace(self, **changed)

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
        kind=text_of(document, "kind"),
        channel=text_of(document, "channel"),
        chaincode=text_of(document, "chaincode"),
        orgs=tuple(_organisation(entry, index) for index, entry in enumerate(orgs)),
        content=one_service(ContentStore, document, "content"),
        cloud=one_service(RetrievalCloud, document, "cloud"),
        publishing=services_of(PublishingService, document, "publishing"),
        retrieval=services_of(RetrievalGateway, document, "retrieval"),
        fog=services_of(FogGateway, document, "fog"),
        intake=services_of(IntakeService, document, "intake"),
    )


def save(path: str | Path, network: NetworkFile) -> None:
    """Writes ``network`` to ``path``, whole or not at all; anyone may read it."""
    document = {name: value for name, value in asdict(network).items() if value not in (None, ())}
    text = json.dumps(document, indent=2, sort_keys=True) + "\n"
    write_atomic(Path(path), text.encode(), mode=0o644)


def update(path: str | Path, change: Callable[[NetworkFile], NetworkFile]) -> None:
    """Writes what ``change`` makes of the file; those who do so at once take turns."""
    with alone_in(Path(path).parent):
        save(path, change(load(path)))


def renew(path: str | Path, network: NetworkFile) -> None:
    """Writes ``network`` as it is now; what services have entered since stays as it was."""
    with alone_in(Path(path).parent):
        with suppress(NetworkFileError):  # the first one, or one that nobody could read
            known = load(path)
            network = replace(
                network,
                content=network.content or known.content,
                cloud=network.cloud or known.cloud,
                publishing=network.publishing or known.publishing,
                retrieval=network.retrieval or known.retrieval,
                fog=network.fog or known.fog,
                intake=network.intake or known.intake,
            )
        save(path, network)


def _organisation(entry: object, index: int) -> Organisation:
    where = f"orgs[{index}]"
    if not isinstance(entry, Mapping):
        raise NetworkFileError(f"The network file's '{where}' must be an object.")
    values = {
        field.name: text_of(entry, field.name, where=f"{where}.", empty=field.name == "crl")
        for field in fields(Organisation)
    }
    if not trusts(values["tls_ca"]):
        raise NetworkFileError(f"The network file's '{where}.tls_ca' must be certificates in PEM.")
    if not is_url(values["ca_url"]):
        raise NetworkFileError(f"The network file's '{where}.ca_url' must be https://HOST:PORT.")
    return Organisation(**values)


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
