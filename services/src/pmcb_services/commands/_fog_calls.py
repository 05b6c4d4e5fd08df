# SPDX-License-Identifier: Apache-2.0
"""What commands share that ask an order gateway."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pmcb_client.commands.acting import choose_valid, run
from pmcb_client.terminal import emit

if TYPE_CHECKING:
    from pmcb_client.cli import Settings
    from pmcb_services.fog.client import FogClient

__all__ = ["asked", "emit_order", "institution_option", "order_lines"]

T = TypeVar("T")

institution_option = click.option(
    "--institution", metavar="MSP", default="", help="Whose gateway; needed if there are several."
)


def asked(
    settings: Settings,
    work: Callable[[FogClient], Awaitable[T]],
    *,
    institution: str = "",
    role: str = "",
) -> T:
    """The result of ``work`` with the gateway, as the identity with this role, or as the first."""
    from pmcb_client.network_file import load
    from pmcb_services.fog.client import FogClient

    network = load(settings.home / "network.json")
    identity = choose_valid(settings, network, role)

    async def main() -> T:
        async with FogClient(network, identity, institution=institution) as gateway:
            return await work(gateway)

    return run(main())


def emit_order(settings: Settings, order: dict[str, Any], *, waited: bool = False) -> None:
    """Tell of an order; one that was waited for and is not done ends the command with 1."""
    if order["state"] == "FAILED" and order.get("result"):
        order = {**order, "code": base64.b64decode(order["result"]).decode("ascii", "replace")}
    emit(settings, order, *order_lines(order))
    if waited and order["state"] != "DONE":
        click.get_current_context().exit(1)


def order_lines(order: dict[str, Any]) -> list[str]:
    """An order as people read it."""
    where = f" on {order['server']}" if order["server"] else ""
    why = f": {order['code']}" if "code" in order else ""
    lines = [f"{order['id']} is {order['state']}{where}, attempt {order['attempts']}{why}."]
    if order["state"] == "QUEUED" and order["finish_ms"]:
        lines.append(f"It is to be over at {_time(order['finish_ms'])}.")
    if not order["deadline_feasible"]:
        lines.append("It was not to be over by its deadline when it came.")
    if order["state"] in {"UNKNOWN", "DEAD"}:
        lines.append("An operator decides: `pmcb fog resolve ID confirm|abandon|retry`.")
    return lines


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M:%S.%f")[:-3] + " UTC"
