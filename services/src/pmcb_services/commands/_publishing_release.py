# SPDX-License-Identifier: Apache-2.0
"""Commands about a release's folder: everything that follows from it, free of charge."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmcb_client.terminal import emit, table

from ._publishing_ask import shown
from ._publishing_calls import institution_option
from ._publishing_shown import clusters_shown
from ._publishing_table import FILE

if TYPE_CHECKING:
    from pmcb_client.cli import Settings

FOLDER = click.Path(exists=True, path_type=Path)
CLUSTERS = click.IntRange(1, 64)
MOST_SHOWN = 10


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@institution_option
@click.pass_obj
def show(settings: Settings, folder: Path, institution: str) -> None:
    """Show what the release in FOLDER (or its zip) says: costs, sizes, clusters, limits.

    In place of FOLDER, the id of a request tells how far a publishing service has come with it.
    """
    from pmcb_services.publishing import Release

    if re.fullmatch("[0-9a-f]{64}", str(folder)) and not folder.exists():
        shown(settings, str(folder), institution)
        return
    release = Release.open(folder)
    document = json.loads(release.files["release.json"])
    size = document["size"]
    epsilon = document["epsilon"]
    said = (
        f"About {size['estimate']:,} {document['unit']} ({size['low']:,} to {size['high']:,})"
        f" at epsilon {epsilon}, by {document['algorithm']}; budget: {document['ledger']}."
    )
    parts = [[part["buys"], part["epsilon"]] for part in document["parts"]]
    costs = table(("bought", "epsilon"), [*parts, ["in all", epsilon]])
    _, tables = clusters_shown(release, release.n_clusters)
    document["release_hash"] = release.hash
    emit(settings, document, said, costs, *tables, *document["limits"])


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--k", type=CLUSTERS, required=True, help="How many.")
@click.pass_obj
def clusters(settings: Settings, folder: Path, k: int) -> None:
    """Divide the release in FOLDER into K clusters; costs nothing."""
    from pmcb_services.publishing import Release

    document, shown = clusters_shown(Release.open(folder), k)
    emit(settings, document, *shown)


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--k", type=CLUSTERS, required=True, help="How many.")
@click.pass_obj
def medoids(settings: Settings, folder: Path, k: int) -> None:
    """Show K typical persons that are nobody; costs nothing.

    Each is the median of its cluster, moved to values that a record can have.
    """
    from pmcb_services.publishing import Release

    document, shown = clusters_shown(Release.open(folder), k, medoids=True)
    emit(settings, document, *shown)


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--k", "ks", type=CLUSTERS, multiple=True, help="Repeat it; 2 to 10 by default.")
@click.pass_obj
def scores(settings: Settings, folder: Path, ks: tuple[int, ...]) -> None:
    """Compare numbers of clusters of the release in FOLDER; costs nothing.

    The greater CH (Calinski and Harabasz), the better, up to the root of the coreset's points;
    clusters that noise alone may have made are not supported.
    """
    from math import isqrt

    from pmcb_services.publishing import Release
    from pmcb_services.publishing._clusters import coreset

    release = Release.open(folder)
    found = release.scores(ks or range(2, 11))
    points = len(coreset(release.measurements).points)
    rows = [[each.k, _finite(each.calinski_harabasz), each.cost, each.supported] for each in found]
    names = ("k", "calinski_harabasz", "cost", "supported")
    document = {"points": points, "scores": [dict(zip(names, row, strict=True)) for row in rows]}
    said = f"The coreset has {points} points: above {isqrt(points)} clusters CH flatters."
    emit(settings, document, table(("k", "CH", "cost", "supported"), rows), said)


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A .csv or .parquet.")
@click.pass_obj
def rows(settings: Settings, folder: Path, out: Path | None) -> None:
    """Show the first synthetic rows of the release in FOLDER, or write all to --out."""
    from pmcb_services.publishing import Release
    from pmcb_services.publishing._release_files import rows_file

    release = Release.open(folder)
    names = [column.name for column in release.schema.columns]
    found = release.rows()
    if out is not None:
        rows_file(out, release.schema, found)
        said = f"Wrote {len(found):,} rows to {out.name}."
        emit(settings, {"rows": len(found), "out": str(out)}, said)
        return
    few = found[:MOST_SHOWN]
    document = {"rows": len(found), "first": [dict(zip(names, row, strict=True)) for row in few]}
    emit(settings, document, table(names, few), f"{len(found):,} rows in all; none is anybody's.")


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--entry", type=FILE, help="The ledger's answer to get_release, as JSON.")
@click.pass_obj
def verify(settings: Settings, folder: Path, entry: Path | None) -> None:
    """Check the release in FOLDER: every byte, every part of epsilon, every point.

    Exit code 1 names the file that is not what was published. verify.py in the folder does the
    same without this package.
    """
    from pmcb_services.publishing import Release, ReleaseTampered
    from pmcb_services.publishing._verify import Mismatch, check
    from pmcb_services.publishing.errors import RequestError

    release = Release.open(folder)
    try:
        recorded = None if entry is None else dict(json.loads(entry.read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise RequestError(f"{entry} is no entry of the ledger.", field="entry") from error
    try:
        found = check(release.files, recorded)
    except Mismatch as mismatch:
        raise ReleaseTampered(mismatch.name) from mismatch
    emit(settings, {"release_hash": release.hash, "holds": found}, *found)


def _finite(value: float) -> float | None:
    return value if value == value else None  # noqa: PLR0124  # NaN is not in JSON
