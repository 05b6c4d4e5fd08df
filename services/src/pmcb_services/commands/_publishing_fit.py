# SPDX-License-Identifier: Apache-2.0
"""``pmcb publishing fit``: a release without a service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from pmcb_client.terminal import emit, progress

from ._publishing_shown import clusters_shown
from ._publishing_table import TABLE, Described, algorithm_option, schema_options, warned

if TYPE_CHECKING:
    from fractions import Fraction

    from pmcb_client.cli import Settings
    from pmcb_client.terminal import Advance
    from pmcb_services.publishing import MPDPK, Release, Schema, Table
    from pmcb_services.publishing._local_budget import LocalBudget
    from pmcb_services.publishing._parsing import Cells
    from pmcb_services.publishing.faithful._lloyd import Lloyd

BUDGET = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("table", type=TABLE)
@schema_options
@click.option("--epsilon", required=True, help='What it costs: "0.5" or "1/3".')
@algorithm_option
@click.option("--k", type=click.IntRange(1, 64), help="Clusters to be counted, for epsilon/25.")
@click.option("--rows", is_flag=True, help="Synthetic rows too, for epsilon/5.")
@click.option("--budget", type=BUDGET, required=True, help="A file that remembers what was spent.")
@click.option("--total", help="What a new budget may spend in all; it never rises.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A new folder.")
@click.pass_obj
def fit(
    settings: Settings,
    table: Path,
    fields: Path,
    subject: str | None,
    weigh: Literal["subject", "row"],
    cap: int | None,
    epsilon: str,
    algorithm: str,
    k: int | None,
    rows: bool,
    budget: Path,
    total: str | None,
    out: Path,
) -> None:
    """Make a release of TABLE: a .csv or .parquet file, or a folder of them.

    The release is a folder that may be given away; every number of clusters follows from it later.
    It is paid from a budget in a file, for who has no ledger: epsilon is spent before anything is
    measured, and whoever deletes the file has a new budget.
    """
    from pmcb_services.publishing import Table, parse_epsilon
    from pmcb_services.publishing._algorithms import model_of
    from pmcb_services.publishing._local_budget import LocalBudget
    from pmcb_services.publishing._requests import check_algorithm
    from pmcb_services.publishing.errors import RequestError

    chosen = check_algorithm(algorithm, k, rows=rows)
    schema = Described(fields, subject, weigh, cap).schema()
    with warned():
        cost = parse_epsilon(epsilon)
        most = None if total is None else parse_epsilon(total)
    if out.exists() or not out.absolute().parent.is_dir():
        raise RequestError(f"{out.name} must be a new folder, in one that is there.", field="out")
    opened = Table.open(table, schema)
    kept = LocalBudget(budget)
    kept.open(most)
    model = model_of(chosen, schema, cost, k, rows=rows)
    request = {"algorithm": chosen, "k": k or 0, "rows": rows}
    with warned():
        release = _paid(kept, model, opened, cost, request)
    release.save(out)
    left = kept.left
    document, shown = clusters_shown(release, release.n_clusters)
    said = f"Wrote {out.name}: open index.html in it. It cost {cost}; {left} is left of the budget."
    emit(
        settings,
        {"out": str(out), "epsilon": str(cost), "left": str(left), **document},
        *shown,
        said,
    )


def _paid(
    kept: LocalBudget,
    model: MPDPK | Lloyd,
    table: Table,
    cost: Fraction,
    asked: Mapping[str, object],
) -> Release:
    """Reserve, run, and say who paid."""
    from dataclasses import replace

    from pmcb_services.publishing import Ledger, NotEnoughData, Origin
    from pmcb_services.publishing._release_document import ALGORITHM_VERSION

    request = {
        **asked,
        "kind": "release",
        "algorithm_version": ALGORITHM_VERSION,
        "schema_hash": table.schema.hash,
        "epsilon": str(cost),
    }
    reserved = kept.reserve(request, cost)
    try:
        with progress("Reading the table", _readings(table.schema, model)) as advance:
            model.fit(replace(table, source=_Watched(table, advance)))
    except NotEnoughData as refused:
        kept.correct(reserved.request_hash, refused.spent)
        raise
    origin = Origin(Ledger.FILE, reserved.cohort, reserved.request_hash)
    return replace(model.release_, origin=origin)


def _readings(schema: Schema, model: MPDPK | Lloyd) -> int:
    """How often the table is read at most: size, moments, two partitions, clusters, trees."""
    from pmcb_services.publishing import MPDPK
    from pmcb_services.publishing._marginals import depth

    if not isinstance(model, MPDPK):
        return model.rounds + 1
    trees = max(depth(column) for column in schema.columns) if model.rows else 0
    return 4 + (model.n_clusters is not None) + trees


class _Watched:
    """A table's source that tells how often it was read."""

    def __init__(self, table: Table, advance: Advance) -> None:
        self._source = table.source
        self._advance = advance
        self._read = 0

    def chunks(self) -> Iterator[list[Cells]]:
        yield from self._source.chunks()
        self._read += 1
        self._advance(self._read)
