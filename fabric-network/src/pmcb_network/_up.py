# SPDX-License-Identifier: Apache-2.0
"""What `pmcb network up` looks at before it starts anything, and how it serves in front."""

import re
from pathlib import Path
from typing import Any

from pmcb_client.network_file import parse

from ._launch import Places, check_health, serving, state
from ._log import set_up
from ._process import running
from .embedded import ORGS, EmbeddedNetwork
from .embedded._ports import choose, names_of
from .embedded._serve import NOT_A_BLOCKCHAIN, run
from .errors import NetworkError, StartFailed
from .introduce import introduce

__all__ = ["NOT_A_BLOCKCHAIN", "already", "check_address", "check_ports", "foreground", "where"]

_ADDRESS = re.compile(r"[A-Za-z0-9.-]+:[0-9]{1,5}")


class BadAddress(NetworkError):
    """Not `HOST:PORT`."""

    exit_code = 2


def check_address(text: str) -> None:
    """Raises `BadAddress` unless the text is `HOST:PORT`."""
    if not _ADDRESS.fullmatch(text) or not 0 < int(text.rpartition(":")[2]) < 65536:
        raise BadAddress("a chaincode server's address is HOST:PORT, as in 127.0.0.1:20040")


def already(places: Places) -> dict[str, Any] | None:
    """The state of a healthy network that runs already; `None` when none runs.

    Raises:
        StartFailed: one runs but does not answer.
    """
    process = running(places.record)
    if process is None:
        return None
    network = serving(places)
    advice = "stop it with: pmcb network down; then start it again"
    if network is None:
        raise StartFailed(
            f"process {process.pid} holds the network but does not serve", next_step=advice
        )
    try:
        check_health(places, network)
    except StartFailed as error:
        raise StartFailed(f"process {process.pid} runs, but {error}", next_step=advice) from error
    return state(places)


def check_ports(places: Places, port_base: int | None) -> None:
    """Raises `PortBusy`, naming the port, before anything is started."""
    choose(places.folder, names_of(ORGS), port_base)


def where(found: dict[str, Any]) -> str:
    """The gateways in words."""
    return ", ".join(f"{org['msp']} at {org['gateway']}" for org in found["orgs"])


def foreground(
    places: Places, *, chaincode: str | None, port_base: int | None, within_s: float
) -> None:
    """Serves in this process until Ctrl-C or SIGTERM."""
    set_up(None)

    async def ready(network: EmbeddedNetwork) -> None:
        described = parse(network.network_file)
        await introduce(places.home, described, network.registrars, within_s=within_s)

    run(Path(places.folder), chaincode=chaincode, ports=port_base, ready=ready)
