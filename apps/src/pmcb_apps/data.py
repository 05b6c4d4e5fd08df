# SPDX-License-Identifier: Apache-2.0
"""``pmcb data``: the public data sets."""

from pathlib import Path
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
    from ._published import PUBLISHED, find_published

    places = {one.name: find(one, settings.home) for one in DATA_SETS}
    sources = {one.name: one.source for one in DATA_SETS}
    for one in PUBLISHED:
        places[one.name] = next(iter(find_published(one, settings.home)), None)
        sources[one.name] = one.parts[0].source
    found = [
        {
            "name": one.name,
            "about": one.about,
            "source": sources[one.name],
            "file": str(places[one.name] or ""),
        }
        for one in (*DATA_SETS, *PUBLISHED)
    ]
    rows = [(one["name"], one["about"], one["file"] or "not at hand") for one in found]
    emit(settings, {"data_sets": found}, table(("name", "about", "file"), rows))


@group.command("fetch")
@click.argument("name")
@click.option(
    "--from",
    "source",
    help="A file, a folder or an address to take it from, instead of its publisher.",
)
@click.pass_obj
def fetch_data(settings: "Settings", name: str, source: str | None) -> None:
    """Download the data set NAME into the home folder; its content is checked."""
    paths = [str(path) for path in _fetched(settings.home, name, source)]
    document = {"name": name, "file": paths[0], "files": paths}
    emit(settings, document, f"{name} is at {' and '.join(paths)}.")


def _fetched(home: Path, name: str, source: str | None) -> list[Path]:
    from ._published import fetch_published, published

    with progress(f"Fetching {name}", total=0) as advance:
        one = published(name)
        if one is not None:
            return fetch_published(one, home, source=source, advance=advance)
        graph = data_set(name)
        return [fetch(graph, home, source=source or graph.source, advance=advance)]
