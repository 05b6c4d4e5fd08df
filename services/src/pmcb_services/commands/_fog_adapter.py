# SPDX-License-Identifier: Apache-2.0
"""``pmcb fog adapter``: commands of orders, carried to devices at most once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmcb_client.commands.acting import run_until_stopped
from pmcb_client.terminal import emit

from ._served import FILE, served

if TYPE_CHECKING:
    from pmcb_client.cli import Settings
    from pmcb_services.common import Served

__all__ = ["adapter"]


@click.command()
@click.option("--devices", type=FILE, required=True, help="TOML: a token, and a table a device.")
@served
@click.pass_obj
def adapter(settings: Settings, devices: Path, place: Served) -> None:
    """Carry commands of orders to devices until Ctrl-C; what has been begun is ended first.

    A device is a program, which is started for each command. An order is carried out once, however
    often it is asked for, and an attempt of the past is refused, also after a kill: what was told
    and answered is on the disk before it counts. Workers are told of it in their devices.toml,
    with dedup = true.
    """
    from contextlib import closing

    from pmcb_client.files import private_folder
    from pmcb_services.common import log_to_stderr, serving
    from pmcb_services.common._alone import alone
    from pmcb_services.fog.adapter._app import adapter_application
    from pmcb_services.fog.adapter._devices import Devices
    from pmcb_services.fog.adapter._memory import Memory

    known = Devices.read(devices)
    log_to_stderr()
    folder = private_folder(settings.home / "fog-adapter")
    with (
        closing(alone(folder, "Another adapter runs in this home, perhaps by `pmcb up`.")),
        place.listen() as listening,
    ):
        app = adapter_application(known, Memory(folder))
        url = place.url(listening)
        emit(settings, {"url": url}, f"Commands are taken on {url}/v1/commands.")
        run_until_stopped(serving(app, place, listening))
