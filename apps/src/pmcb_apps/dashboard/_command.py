# SPDX-License-Identifier: Apache-2.0
"""The command ``pmcb dashboard``.

Heavy libraries are imported inside the command: ``pmcb --help`` imports this module.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pmcb_client.cli import Settings

__all__ = ["dashboard"]


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
@click.option("--no-open", is_flag=True, help="Print the address; open no browser.")
@click.pass_obj
def dashboard(settings: Settings, *, port: int, no_open: bool) -> None:
    """Show the ledger, services and refusals on a local web page, as one identity sees them.

    The page shows and never acts. It is served on this machine alone, to the browser that opens
    the printed address, until Ctrl-C. What it shows comes from an index in the home, built from
    the blocks; while the network is away, its last state is shown.
    """
    from pmcb_client.commands.acting import choose_valid, run_until_stopped
    from pmcb_client.network_file import load
    from pmcb_client.terminal import emit

    identity = choose_valid(settings, load(settings.home / "network.json"))

    from pmcb_services.common import Served

    from ._serve import serving

    doormat = settings.home / "dashboard" / "enter.html"
    place = Served(port=port)
    with place.listen() as listening:

        def tell(url: str) -> None:
            said = f"The dashboard, until Ctrl-C; the address works once:\n{url}"
            emit(settings, {"url": url}, said)
            if not no_open:
                _open(doormat, url)

        try:
            run_until_stopped(serving(settings.home, identity, place, listening, tell))
        finally:
            doormat.unlink(missing_ok=True)


def _open(doormat: Path, url: str) -> None:
    """Open a private file that leads there: the token must stand in no process list."""
    import webbrowser

    from pmcb_client.files import write_private

    write_private(doormat, f'<meta http-equiv="refresh" content="0; url={url}">'.encode())
    webbrowser.open(doormat.as_uri())
