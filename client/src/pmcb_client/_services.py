# SPDX-License-Identifier: Apache-2.0
"""Where services are reached, as ``network.json`` tells it, and how its entries are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pmcb_client.errors import NetworkFileError

__all__ = [
    "ContentStore",
    "FogGateway",
    "IntakeService",
    "PublishingService",
    "RetrievalCloud",
    "RetrievalGateway",
    "chosen",
    "is_loopback",
    "is_url",
    "one_service",
    "services_of",
    "text_of",
    "trusts",
]

_LOOPBACK = re.compile(r"http://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:|/|$)")
_UID = re.compile(r"[A-Za-z0-9._-]{1,64}/[A-Za-z0-9._-]{1,64}")
_URL = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?/?")


@dataclass(frozen=True)
class _Service:
    """An address, who answers there, and whom to trust about it.

    Attributes:
        url: ``https://host:port``, or http on loopback.
        uid: of the identity that serves.
        tls_ca: roots (one or more) of its TLS certificate as PEM; empty for http.
    """

    url: str
    uid: str
    tls_ca: str

    @property
    def msp(self) -> str:
        """The organisation of whoever serves."""
        return self.uid.partition("/")[0]


class ContentStore(_Service):
    """Where sealed files are kept; ``uid`` signs its receipts.

    Clients never follow an address that a task supplies.
    """


class FogGateway(_Service):
    """Where an institution's orders are taken; requests are signed for ``uid``."""


class IntakeService(_Service):
    """Where an institution takes observations of its collectors; ``uid`` signs its receipts."""


class PublishingService(_Service):
    """Where an institution's releases are asked for; requests are signed for ``uid``."""


class RetrievalCloud(_Service):
    """Where stores of encrypted records lie; requests are signed for ``uid``."""


class RetrievalGateway(_Service):
    """Where an institution's stores are searched; requests are signed for ``uid``."""


S = TypeVar("S", bound=_Service)


def one_service(kind: type[S], document: Mapping[object, object], key: str) -> S | None:
    """The entry under a key, None where there is none.

    Raises:
        NetworkFileError: names the part of it that cannot be.
    """
    entry = document.get(key)
    return None if entry is None else _read(kind, entry, key)


def services_of(kind: type[S], document: Mapping[object, object], key: str) -> tuple[S, ...]:
    """The entries under a key, at most one of each organisation.

    Raises:
        NetworkFileError: names the part that cannot be.
    """
    entries = document.get(key, [])
    if not isinstance(entries, list | tuple):
        raise NetworkFileError(f"The network file's '{key}' must be a list.")
    found = tuple(_read(kind, each, f"{key}[{index}]") for index, each in enumerate(entries))
    if len({service.msp for service in found}) != len(found):
        raise NetworkFileError(f"The network file's '{key}' names an organisation twice.")
    return found


def chosen(services: Iterable[S], institution: str, *, what: str, start: str) -> S:
    """The service of an institution.

    Args:
        services: of one kind.
        institution: MSP id; "" where there is only one.
        what: the kind is called, in the singular.
        start: the command that starts one.

    Raises:
        NetworkFileError: there is no such service, or several.
    """
    known = {service.msp: service for service in services}
    if not known:
        raise NetworkFileError(
            f"The network file names no {what}.",
            next_step=f"An institution starts one: `{start}`.",
        )
    if institution in known or (not institution and len(known) == 1):
        return known[institution or next(iter(known))]
    raise NetworkFileError(
        f"There are {what}s of {', '.join(sorted(known))}.",
        next_step="Choose one with --institution MSP.",
    )


def text_of(
    document: Mapping[object, object], key: str, *, where: str = "", empty: bool = False
) -> str:
    """The text under a key.

    Raises:
        NetworkFileError: there is none, or something else.
    """
    value = document.get(key)
    written = isinstance(value, str) and value.replace("\n", "").isprintable()
    if not written or not (value or empty):
        raise NetworkFileError(f"The network file's '{where}{key}' must be a text.")
    return str(value)


def trusts(roots: str) -> bool:
    """Whether a TLS connection can be opened that trusts these roots."""
    import ssl

    try:
        ssl.create_default_context(cadata=roots)
    except (ssl.SSLError, ValueError):
        return False
    return "BEGIN CERTIFICATE" in roots


def is_url(url: str) -> bool:
    """Whether it is an address of a host, with a port that there is."""
    found = _URL.fullmatch(url)
    return found is not None and int(found["port"] or 0) < 2**16


def is_loopback(url: str) -> bool:
    """Whether what is sent there without TLS stays on this machine."""
    return _LOOPBACK.match(url) is not None


def _read(kind: type[S], entry: object, where: str) -> S:
    if not isinstance(entry, Mapping):
        raise NetworkFileError(f"The network file's '{where}' must be an object.")
    url, uid = (text_of(entry, key, where=f"{where}.") for key in ("url", "uid"))
    tls_ca = text_of(entry, "tls_ca", where=f"{where}.", empty=True)
    sound = trusts(tls_ca) if url.startswith("https:") else is_loopback(url) and not tls_ca
    if not is_url(url) or not sound:
        message = f"The network file's '{where}.url' must be https, or http to itself."
        raise NetworkFileError(message)
    if not _UID.fullmatch(uid):
        raise NetworkFileError(f"The network file's '{where}.uid' must be written MSP/NAME.")
    return kind(url, uid, tls_ca)
