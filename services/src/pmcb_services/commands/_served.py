# SPDX-License-Identifier: Apache-2.0
"""Where a service listens: the options that all of them take."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pmcb_services.common import Served

__all__ = ["FILE", "roots_of", "roots_option", "served"]

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

_OPTIONS = (
    click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
    click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one."),
    click.option("--tls-cert", type=FILE, help="Certificate (PEM); needed beyond loopback."),
    click.option("--tls-key", type=FILE, help="Its key (PEM)."),
)


def served(command: Callable[..., object]) -> Callable[..., object]:
    """Give a command these options; it is called with ``place`` in their stead."""

    @wraps(command)
    def with_place(
        *args: Any,
        host: str,
        port: int,
        tls_cert: Path | None,
        tls_key: Path | None,
        **options: Any,
    ) -> object:
        from pmcb_services.common import Served

        return command(*args, place=Served(host, port, tls_cert, tls_key), **options)

    decorated: Callable[..., object] = with_place
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


roots_option = click.option(
    "--tls-ca", type=FILE, help="Root (PEM) of that certificate, for clients."
)


def roots_of(place: Served, tls_ca: Path | None) -> str:
    """What clients of a service trust, as network.json keeps it.

    Raises:
        InputError: a certificate comes without its root, or the other way round.
    """
    from pmcb_client.usage_errors import InputError

    if (place.tls_cert is None) != (tls_ca is None):
        raise InputError("Clients need the root of the TLS certificate: give --tls-ca with it.")
    return "" if tls_ca is None else tls_ca.read_text()
