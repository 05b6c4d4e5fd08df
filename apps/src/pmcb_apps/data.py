# SPDX-License-Identifier: Apache-2.0
"""``pmcb data``: the public data sets."""

from typing import TYPE_CHECKING

import click

from pmcb_client.terminal import emit, progress, table

from ._datasets import DATA_SETS, data_set, fetch, find

if TYPE_CHECKING:
    from pmcb_client.cli import Settings


@click.group()
def group() -> None:
    """Public data sets that figures and the demo use."""


@group.command("list")
@click.pass_obj
def list_data(settings: "Settings") -> None:
    """Show the data sets, and which are at hand."""
    places = {one.name: find(one, settings.home) for one in DATA_SETS}
    found = {name: str(place) if place else "" for name, place in places.items()}
    document = [
        {"name": one.name, "about": one.about, "source": one.source, "file": found[one.name]}
        for one in DATA_SETS
    ]
    rows = [(one.name, one.about, found[one.name] or "not at hand") for one in DATA_SETS]
    emit(settings, {"data_sets": document}, table(("name", "about", "file"), rows))


@group.command("fetch")
@click.argument("name")
@click.option("--from", "source", help="A file or an address to take it from, instead of SNAP.")
@click.pass_obj
def fetch_data(settings: "Settings", name: str, source: str | None) -> None:
    """Download the data set NAME into the home folder; its content is checked."""
    one = data_set(name)
    with progress(f"Fetching {name}", total=0) as advance:
        path = fetch(one, settings.home, source=source or one.source, advance=advance)
    emit(settings, {"name": name, "file": str(path)}, f"{name} is at {path}.")
