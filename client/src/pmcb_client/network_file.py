# SPDX-License-Identifier: Apache-2.0
"""``network.json``: where a network's gateways and CAs are, and whom to trust. No secret in it.

``pmcb network up`` writes it; every other command and service reads it, and nothing else tells
them which kind of network they talk to.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from pmcb_client.errors import NetworkFileError
from pmcb_client.files import write_atomic

__all__ = ["NetworkFile", "Organisation", "load", "parse", "save"]

VERSION = 1


@dataclass(frozen=True)
class Organisation:
    """One organisation: its MSP id, its addresses, and its certificates as PEM texts.

    Attributes:
        msp: MSP id.
        gateway: ``host:port`` of its peer's gateway.
        msp_ca: root of its members' certificates.
        crl: revoked certificates; empty when there are none.
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


@dataclass(frozen=True)
class NetworkFile:
    """The whole file; ``kind`` ("embedded" or "fabric") is for display only."""

    kind: str
    channel: str
    chaincode: str
    orgs: tuple[Organisation, ...]
    version: int = VERSION

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
    except ValueError:
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
    )


def save(path: str | Path, network: NetworkFile) -> None:
    """Writes ``network`` to ``path``, whole or not at all; anyone may read it."""
    document = json.dumps(asdict(network), indent=2, sort_keys=True) + "\n"
    write_atomic(Path(path), document.encode(), mode=0o644)


def _organisation(entry: object, index: int) -> Organisation:
    where = f"orgs[{index}]"
    if not isinstance(entry, Mapping):
        raise NetworkFileError(f"The network file's '{where}' must be an object.")
    values = {
        field.name: _text(entry, field.name, where=f"{where}.", may_be_empty=field.name == "crl")
        for field in fields(Organisation)
    }
    return Organisation(**values)


def _text(
    document: Mapping[object, object], key: str, *, where: str = "", may_be_empty: bool = False
) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not (value or may_be_empty):
        raise NetworkFileError(f"The network file's '{where}{key}' must be a text.")
    return value
