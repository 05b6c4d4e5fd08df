# SPDX-License-Identifier: Apache-2.0
"""`pmcb network` where the network is Fabric."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ._settings import Settings, tell

if TYPE_CHECKING:
    from pmcb_network._launch import Places


def up(
    settings: Settings, places: "Places", preset: str | None, topology: Path | None,
    governance: Path | None, port_base: int | None, host: str | None, *,
    wait_s: float, say: Callable[[str], None],
) -> None:  # fmt: skip
    """Bring it up, or what of it is down."""
    from pmcb_network import _up
    from pmcb_network.fabric import _control

    found = _control.up(
        places,
        preset_name=preset,
        topology=topology,
        governance=governance,
        port_base=port_base,
        host=host,
        within_s=wait_s,
        say=say,
    )
    sentence = f"The network runs in {len(found['nodes'])} processes: {_up.where(found)}."
    tell(settings, {"state": "running", **found}, sentence)


def down(settings: Settings, places: "Places", say: Callable[[str], None]) -> None:
    """Stop every node; everything they hold is kept."""
    from pmcb_network.fabric import _control

    stopped, killed = _control.down(places, say)
    how = f" {killed} did not end by themselves and were killed." if killed else ""
    sentence = (
        f"The network's {stopped} processes stopped.{how}" if stopped else "No network runs here."
    )
    document: dict[str, object] = {"state": "stopped", "stopped": stopped, "killed": killed}
    tell(settings, document, sentence)


def status(ctx: click.Context, places: "Places") -> None:
    """Show every node. Exit code 3 if the contract does not answer."""
    from pmcb_client.terminal import emit, table
    from pmcb_network.fabric import _control

    found = _control.state(places)
    rows = [
        [node["id"], node["pid"], node.get("port"), node.get("height"), node.get("chaincode")]
        for node in found["nodes"]
    ]
    answers = "The contract answers." if found["answers"] else "The contract does not answer."
    if found["reason"]:
        answers = f"{answers[:-1]}; {found['reason']}."
    emit(ctx.obj, found, table(["node", "process", "port", "blocks", "contract"], rows), answers)
    if not found["answers"]:
        ctx.exit(3)


def log_of(places: "Places", node: str | None) -> Path:
    """The log of a node, which must be named."""
    from pmcb_network.fabric import _control

    known = _control.logs(places)
    if node not in known:
        raise click.UsageError(f"Name a node: {', '.join(known) or 'none was started yet'}.")
    return known[node]
