# SPDX-License-Identifier: Apache-2.0
"""Where the broker is, and what opens it."""

from __future__ import annotations

import ipaddress
import json
import re
import ssl
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pmcb_client.files import write_private
from pmcb_services.fog.errors import InvalidInput, Unavailable

__all__ = ["Address"]

_URL = re.compile(r"(nats|tls)://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")


@dataclass(frozen=True, kw_only=True)
class Address:
    """A broker, or the members of a cluster.

    Attributes:
        url: ``nats://host:port`` on this machine, ``tls://host:port`` elsewhere; several members
            are separated by commas.
        token: the broker's password.
        tls_ca: roots (PEM) of its TLS certificate; "" for the machine's own.

    >>> Address(url="nats://10.0.0.7:4222", token="secret")
    Traceback (most recent call last):
    pmcb_services.fog.errors.InvalidInput: Beyond this machine a broker needs tls:// and a token.
    """

    url: str
    token: str = field(default="", repr=False)
    tls_ca: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        members = self.url.split(",")
        if not all(map(_URL.fullmatch, members)):
            raise InvalidInput("A broker is given as nats://host:port.", field="broker")
        remote = [each for each in members if not _is_here(each)]
        if remote and not (self.token and all(each.startswith("tls:") for each in remote)):
            raise InvalidInput(
                "Beyond this machine a broker needs tls:// and a token.", field="broker"
            )

    @property
    def tls(self) -> ssl.SSLContext | None:
        """How its TLS certificate is checked; None where there is none."""
        if "tls://" not in self.url:
            return None
        return ssl.create_default_context(cadata=self.tls_ca or None)

    def write(self, path: Path) -> None:
        """Keep it where workers on this machine read it; only this user may (0600)."""
        write_private(path, json.dumps(asdict(self)).encode())

    @classmethod
    def read(cls, path: Path) -> Self:
        """What `write` kept.

        Raises:
            Unavailable: there is none, or it cannot be read.
        """
        try:
            return cls(**json.loads(path.read_bytes()))
        except (OSError, ValueError, TypeError, AttributeError, InvalidInput) as error:
            raise Unavailable(
                "No broker of this machine is known.",
                next_step="Run `pmcb fog serve` first, or name a broker with --broker.",
            ) from error


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
