# SPDX-License-Identifier: Apache-2.0
"""The published scheme, broken: ``pmcb retrieval paper build``, ``query`` and ``attack``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pmcb_client.terminal import emit, table

from ._retrieval_calls import ranges_of, search_options, shown_rows, vitals_at_hand
from ._served import FILE

if TYPE_CHECKING:
    from pmcb_client.cli import Settings
    from pmcb_services.retrieval.vitals import Vitals

ATTACKED = 20_000
ATTRIBUTES = 5

insecure_option = click.option(
    "--insecure", is_flag=True, help="I know that whoever holds the index can read the records."
)


@click.group()
def paper() -> None:
    """The published scheme in a folder, to be studied: it protects nothing."""


@paper.command()
@click.option("--schema", "schema_path", type=FILE, required=True, help="What can be searched.")
@click.option("--records", type=FILE, required=True, help="A .csv, .npz or .parquet.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The folder to be made."
)
@insecure_option
@click.pass_obj
def build(settings: Settings, schema_path: Path, records: Path, out: Path, insecure: bool) -> None:
    """Encrypt records by the published scheme; the keys lie beside what a cloud would hold."""
    from pmcb_services.common import log_to_stderr
    from pmcb_services.retrieval import Schema
    from pmcb_services.retrieval._tables import read_records
    from pmcb_services.retrieval.paper import PaperStore

    log_to_stderr()
    schema = Schema.load(schema_path)
    store = PaperStore.create(schema, *read_records(records, schema), acknowledge_insecure=insecure)
    store.save(out)
    found = {"store": str(out), **store.status()}
    emit(settings, found, f"{out} holds {len(store):,} records; {found['label']}.")


@paper.command()
@search_options
@click.option("--minimum", type=click.IntRange(0), default=0, help="Show at least so many.")
@click.option("--everything", is_flag=True, help="Without any range, the whole store.")
@click.option("--store", type=click.Path(path_type=Path), required=True, help="Its folder.")
@insecure_option
@click.pass_obj
def query(
    settings: Settings,
    ranges: tuple[str, ...],
    disease: str | None,
    minimum: int,
    everything: bool,
    store: Path,
    insecure: bool,
) -> None:
    """Find the records inside all ranges, as the published scheme does."""
    from pmcb_services.common import log_to_stderr
    from pmcb_services.retrieval.paper import PaperStore

    log_to_stderr()
    opened = PaperStore.open(store, acknowledge_insecure=insecure)
    found: dict[str, Any] = opened.query(
        ranges_of(ranges, disease), minimum, everything=everything
    ).document()
    emit(settings, found, *shown_rows(found), f"{found['tests']:,} sign tests; {found['label']}.")


@click.command()
@click.argument(
    "name", metavar="ATTACK", type=click.Choice(["linear", "projective", "query", "order"])
)
@click.option("--records", type=FILE, help="A .csv, .npz or .parquet; else vital signs at hand.")
@click.option("--schema", "schema_path", type=FILE, help="Of these records.")
@click.option(
    "--known",
    type=click.IntRange(1),
    help="How many records the attacker knows; else as many as suffice.",
)
@click.pass_obj
def attack(
    settings: Settings,
    name: str,
    records: Path | None,
    schema_path: Path | None,
    known: int | None,
) -> None:
    """Encrypt records by the published scheme, and read them without a key.

    ATTACK is linear or projective (some records are known), query (one query was watched, three
    values are known) or order (other people's records are known). Half of the patients are
    attacked; the others are who else there is.
    """
    from pmcb_services.common import log_to_stderr
    from pmcb_services.retrieval.paper import Attack, attempt

    log_to_stderr()
    held = _records(records, schema_path)
    patient = held.schema.patient
    made = attempt(
        Attack(name),
        held.schema,
        held.codes,
        None if patient is None else held.carried[patient],
        known=known,
        most=ATTACKED if records is None else None,
    )
    found = {**made.document(), "source": held.source}
    rows = [[attribute, f"{share:.2%}"] for attribute, share in made.read.items()]
    said = (
        f"Of {made.records:,} records ({held.source}) {made.rate:.2%} were read in "
        f"{1000 * made.seconds:.0f} ms, from {made.known:,} that were known and {made.had}."
    )
    emit(settings, found, table(("attribute", "read"), rows), said)


def _records(records: Path | None, schema_path: Path | None) -> Vitals:
    """Those of a file, or vital signs.

    Raises:
        InputError: of records and schema one is missing, or they do not fit.
    """
    from pmcb_services.retrieval import Schema
    from pmcb_services.retrieval._tables import read_records
    from pmcb_services.retrieval.errors import InputError
    from pmcb_services.retrieval.vitals import Vitals

    if records is None and schema_path is None:
        return vitals_at_hand().narrowed(ATTRIBUTES)
    if records is None or schema_path is None:
        raise InputError("Records come with their schema: give --records and --schema, or neither.")
    schema = Schema.load(schema_path)
    rows, carried = read_records(records, schema)
    codes = schema.encode(rows)
    return Vitals(schema, codes, schema.encode_carried(carried, len(codes)), records.name)
