# SPDX-License-Identifier: Apache-2.0
"""``pmcb fog collector``: readings of devices, buffered and handed on as orders."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmcb_client.commands.acting import choose_valid, run_until_stopped
from pmcb_client.terminal import emit

from ._fog_calls import institution_option
from ._served import FILE, served

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pmcb_client.cli import Settings
    from pmcb_client.fields import Field
    from pmcb_services.common import Served

__all__ = ["collector"]


@click.command()
@click.option("--fields", type=FILE, required=True, help="fields.yaml: what devices may measure.")
@click.option("--tokens", type=FILE, required=True, help="TOML, a line each: DEVICE = TOKEN.")
@click.option(
    "--every",
    "every_s",
    type=click.FloatRange(0.05, 3600),
    default=1.0,
    show_default=True,
    help="Seconds in which readings are gathered.",
)
@institution_option
@served
@click.pass_obj
def collector(
    settings: Settings,
    fields: Path,
    tokens: Path,
    every_s: float,
    institution: str,
    place: Served,
) -> None:
    """Take readings of devices, and hand them to the intake through the fog, until Ctrl-C.

    Readings are checked against the fields, brought into their units and steps, and kept on the
    disk until the intake's signed receipt is there: off line for a week, nothing is lost.
    """
    from pmcb_client.fields import parse_fields
    from pmcb_services.common import log_to_stderr
    from pmcb_services.fog.online._collector_app import read_tokens

    described = parse_fields(fields.read_bytes(), fields.name)
    known = read_tokens(tokens)
    log_to_stderr()
    run_until_stopped(_serve(settings, described, known, every_s, institution, place))


async def _serve(
    settings: Settings,
    fields: Mapping[str, Field],
    tokens: Mapping[str, str],
    every_s: float,
    institution: str,
    place: Served,
) -> None:
    from contextlib import closing

    from pmcb_client.files import private_folder
    from pmcb_client.network_file import load
    from pmcb_services.common import serving
    from pmcb_services.common._alone import alone
    from pmcb_services.fog.client import FogClient
    from pmcb_services.fog.online._buffer import Buffer
    from pmcb_services.fog.online._collector import Collector
    from pmcb_services.fog.online._collector_app import collector_application

    path = settings.home / "network.json"
    identity = choose_valid(settings, load(path), "institution")
    folder = private_folder(settings.home / "fog-collector")
    with (
        closing(alone(folder, "Another collector runs in this home.")),
        place.listen() as listening,
    ):
        buffer = Buffer(folder / "buffer.sqlite3")
        made = Collector(
            buffer,
            lambda: load(path),
            identity,
            lambda: FogClient(load(path), identity, institution=institution),
            every_s=every_s,
        )
        url = place.url(listening)
        emit(settings, {"url": url, "uid": identity.uid}, f"Devices hand in readings on {url}.")
        app = collector_application(buffer, fields, tokens)
        try:
            async with asyncio.TaskGroup() as together:
                together.create_task(made.run())
                together.create_task(serving(app, place, listening))
        except ExceptionGroup as group:  # one of them ended, and the other with it
            raise group.exceptions[0] from None
