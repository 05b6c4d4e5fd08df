# SPDX-License-Identifier: Apache-2.0
"""``pmcb fog grant`` and ``pmcb fog qr``: who may order which device, and its id to be scanned."""

from __future__ import annotations

import io
import json
import re
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmcb_client.commands.acting import acting, run
from pmcb_client.terminal import emit

from ._retrieval_owner import DAY_MS, PURPOSES
from ._written import written

if TYPE_CHECKING:
    from pmcb_client.cli import Settings

__all__ = ["grant", "qr"]

NAME = "[A-Za-z0-9._-]{1,64}"
PICTURES = (".svg", ".png", ".pdf")


def _named(_: click.Context, __: click.Parameter, value: str) -> str:
    if not re.fullmatch(f"{NAME}/{NAME}", value):
        raise click.BadParameter("MSP/NAME is expected, as in HospitalAMSP/pump-3.")
    return value


def _picture(_: click.Context, __: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and value.suffix not in PICTURES:
        raise click.BadParameter(f"a name that ends in {', '.join(PICTURES)} is expected.")
    return value


device_argument = click.argument("device", metavar="DEVICE", callback=_named)


@click.command()
@click.argument("worker", metavar="WORKER", callback=_named)
@device_argument
@click.argument("commands", metavar="COMMAND...", nargs=-1, required=True)
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True)
@click.option(
    "--purpose", type=click.Choice(PURPOSES), default="treatment", show_default=True, help="Why."
)
@click.pass_obj
def grant(
    settings: Settings,
    worker: str,
    device: str,
    commands: tuple[str, ...],
    days: int,
    purpose: str,
) -> None:
    """Let a worker give a device of yours commands, for a time; both are named MSP/NAME.

    The commands `add` and `remove` stand for orders device.add and device.remove. `pmcb retrieval
    revoke` ends the grant.
    """
    made, now_ms = secrets.token_hex(16), time.time_ns() // 1_000_000
    scope = {
        "datasets": [],
        "devices": {device: [*commands]},
        "purpose": purpose,
        "not_before": now_ms,
        "expires": now_ms + days * DAY_MS,
    }
    words = (made, *worker.split("/"), json.dumps(scope, sort_keys=True, separators=(",", ":")))

    async def main() -> None:
        async with acting(settings, "institution") as me:
            await me.contract.submit("grant_retrieval", *words)

    run(main())
    document = {"grant": made, "worker": worker, "device": device, "commands": [*commands]}
    said = f"{worker} may order {device}: {', '.join(commands)}, for {days} days ({made})."
    emit(settings, {**document, "expires": scope["expires"]}, said)


@click.command()
@device_argument
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_picture,
    help="Write it there, as the name ends: .svg, .png or .pdf.",
)
@click.pass_obj
def qr(settings: Settings, device: str, out: Path | None) -> None:
    """Print a device's id as a QR code, for a label; what is scanned is `submit --subject`'s."""
    import segno

    code = segno.make_qr(device, error="m")  # survives a label of which 15 % cannot be read
    if out is not None:
        picture = io.BytesIO()
        code.save(picture, kind=out.suffix[1:], scale=10)
        written(out, picture.getvalue())
        emit(settings, {"device": device, "file": str(out)}, f"{out} is the label of {device}.")
        return
    shown = io.StringIO()
    code.terminal(shown, compact=True)
    emit(settings, {"device": device}, shown.getvalue().rstrip("\n"), device)
