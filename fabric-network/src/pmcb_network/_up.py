# SPDX-License-Identifier: Apache-2.0
"""What `pmcb network up` looks at before it starts anything, and how it serves in front."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pmcb_client.network_file import parse

from ._launch import Places, check_health, serving, state
from ._log import set_up
from ._process import running
from .embedded import ORGS, EmbeddedNetwork
from .embedded._ports import choose, names_of
from .embedded._serve import NOT_A_BLOCKCHAIN, run
from .embedded.chaincode import check_address
from .errors import StartFailed, WrongKind
from .fabric._folder import folder_of, is_there
from .introduce import introduce

__all__ = [
    "NOT_A_BLOCKCHAIN",
    "already",
    "check_address",
    "check_kind",
    "check_ports",
    "foreground",
    "where",
]

_NAMES = {"embedded": "the embedded one", "fabric": "Fabric"}


def check_kind(places: Places, *, embedded: bool, fabric: bool) -> str:
    """The kind of the network that is there, else of the one that is asked for.

    Raises:
        WrongKind: one of the other kind is there, or both are asked for.
    """
    if embedded and fabric:
        raise WrongKind("a network is either embedded or Fabric")
    there = "fabric" if is_there(folder_of(places)) else ""
    if not there and (places.folder / "ledger").exists():
        there = "embedded"
    asked = "embedded" if embedded else "fabric" if fabric else ""
    if there and asked and there != asked:
        raise WrongKind(
            f"the network in {places.folder} is {_NAMES[there]}",
            next_step="remove it with: pmcb network reset; or use another --home",
        )
    return there or asked or "embedded"


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
    places: Places,
    *,
    chaincode: str | None,
    port_base: int | None,
    within_s: float,
    started: Callable[[], None],
) -> None:
    """Serves in this process until Ctrl-C or SIGTERM; `started` is called once it answers."""
    set_up(None)

    async def ready(network: EmbeddedNetwork) -> None:
        described = parse(network.network_file)
        await introduce(places.home, described, network.registrars, within_s=within_s)
        started()

    run(Path(places.folder), chaincode=chaincode, ports=port_base, ready=ready)
