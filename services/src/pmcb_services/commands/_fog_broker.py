# SPDX-License-Identifier: Apache-2.0
"""Where the broker is: the options of what connects to one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._served import FILE

if TYPE_CHECKING:
    from pmcb_services.fog.online import Address

__all__ = ["broker_options"]

_OPTIONS = (
    click.option(
        "--broker",
        metavar="URL",
        envvar="PMCB_FOG_BROKER",
        help="tls://host:port of a NATS cluster, several with commas. Else this machine's.",
    ),
    click.option(
        "--broker-token",
        type=FILE,
        envvar="PMCB_FOG_BROKER_TOKEN",
        help="A file with its password.",
    ),
    click.option(
        "--broker-ca", type=FILE, envvar="PMCB_FOG_BROKER_CA", help="Root (PEM) of its certificate."
    ),
)


def broker_options(command: Callable[..., object]) -> Callable[..., object]:
    """Give a command these options; it is called with ``cluster`` (or None) in their stead."""

    @wraps(command)
    def with_cluster(
        *args: Any,
        broker: str | None,
        broker_token: Path | None,
        broker_ca: Path | None,
        **options: Any,
    ) -> object:
        return command(*args, cluster=_cluster(broker, broker_token, broker_ca), **options)

    decorated: Callable[..., object] = with_cluster
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def _cluster(url: str | None, token: Path | None, ca: Path | None) -> Address | None:
    from pmcb_services.fog.online import Address

    if url is None:
        return None
    password = "" if token is None else token.read_text().strip()
    return Address(url=url, token=password, tls_ca="" if ca is None else ca.read_text())
