# SPDX-License-Identifier: Apache-2.0
"""Commands that look at a table without noise: what they print stays where the data are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from pmcb_client.terminal import emit, table

from ._publishing_table import TABLE, Described, schema_options

if TYPE_CHECKING:
    from pmcb_client.cli import Settings


@click.command()
@click.argument("source", metavar="TABLE", type=TABLE)
@schema_options
@click.pass_obj
def check(
    settings: Settings,
    source: Path,
    fields: Path,
    subject: str | None,
    weigh: Literal["subject", "row"],
    cap: int | None,
) -> None:
    """Count what a fit would clip or take as missing in TABLE, column by column.

    Look before you open a budget: a decimal comma makes a column constant. For the institution's
    eyes only; what it prints is exact.
    """
    from pmcb_services.publishing import check_table
    from pmcb_services.publishing._metrics import BANNER

    found = check_table(source, Described(fields, subject, weigh, cap).schema())
    columns = [vars(each) for each in found.columns]
    whole = {key: value for key, value in vars(found).items() if key != "columns"}
    document = {"internal": True, "banner": BANNER, **whole, "columns": columns}
    said = f"{found.rows:,} rows."
    if subject is not None:
        said = f"{found.rows:,} rows of {found.persons:,} persons."
        said += f" Left out: {found.untagged:,} of nobody, {found.beyond_cap:,} beyond the cap."
    rows = [[each.name, each.missing, each.clipped, each.unknown] for each in found.columns]
    shown = table(("column", "missing", "clipped", "unknown"), rows)
    emit(settings, document, BANNER, said, shown)


@click.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.argument("source", metavar="TABLE", type=TABLE)
@click.option("--k", type=click.IntRange(1, 64), help="Clusters; as many as its page shows.")
@click.pass_obj
def evaluate(settings: Settings, folder: Path, source: Path, k: int | None) -> None:
    """Compare the clusters of the release in FOLDER with k-means on TABLE itself, without noise.

    For the institution's eyes only: the figures are exact.
    """
    import numpy as np

    from pmcb_services.publishing import Release, Table
    from pmcb_services.publishing._lattice import LATTICE, UNIT
    from pmcb_services.publishing._metrics import internal_metrics
    from pmcb_services.publishing.errors import RequestError

    release = Release.open(folder)
    k = k or release.n_clusters
    chunks = list(Table.open(source, release.schema).chunks())
    points = np.concatenate([np.empty((0, release.schema.width)), *(x for x, _ in chunks)])
    weights = np.concatenate([np.empty(0), *(w for _, w in chunks)])
    if len(points) < k:
        raise RequestError("The table has fewer rows than there are clusters.", field="k")
    centres, rng = release.clusters(k).centres, np.random.default_rng(0)
    found = internal_metrics(points / LATTICE, weights / UNIT, centres, rng)
    rows = [
        ["cost over that of k-means", found.cost_ratio],
        ["F-measure", found.f_measure],
        ["accuracy", found.accuracy],
    ]
    emit(settings, {"k": k, **vars(found)}, found.banner, table(("", f"k = {k}"), rows))
