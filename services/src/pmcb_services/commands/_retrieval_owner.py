# SPDX-License-Identifier: Apache-2.0
"""What an institution changes: ``pmcb retrieval insert``, ``delete``, ``colour``, grants."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pmcb_client.commands.acting import acting, run
from pmcb_client.terminal import emit

from ._retrieval_calls import counted, folder_of, own, store_option
from ._served import FILE

if TYPE_CHECKING:
    from pmcb_client.cli import Settings
    from pmcb_services.retrieval.gateway import Terms
    from pmcb_services.retrieval.worker import RetrievalClient

DAY_MS = 24 * 3600 * 1000
PURPOSES = ("diagnosis", "treatment", "monitoring", "research", "operation")
REASONS = ("ended", "request", "mistake", "misconduct", "compromised")


@click.command()
@click.option("--records", type=FILE, required=True, help="A .csv, .npz or .parquet.")
@store_option
@click.pass_obj
def insert(settings: Settings, records: Path, store: str | None) -> None:
    """Add records; once their ids are told, the cloud has them for good."""
    from pmcb_services.retrieval._tables import read_records

    async def work(gateway: RetrievalClient, name: str) -> list[int]:
        rows, carried = read_records(records, await gateway.schema(name))
        return await gateway.insert(name, rows, carried)  # type: ignore[arg-type]

    ids = own(settings, work, store=store)
    said = f"Added {counted(len(ids), 'record')}, ids {ids[0]} to {ids[-1]}."
    emit(settings, {"ids": ids}, said)


@click.command()
@click.argument("ids", metavar="ID...", type=click.IntRange(0), nargs=-1, required=True)
@store_option
@click.pass_obj
def delete(settings: Settings, ids: tuple[int, ...], store: str | None) -> None:
    """Delete records by their ids; the cloud cannot tell that from an insert."""

    async def work(gateway: RetrievalClient, name: str) -> None:
        await gateway.delete(name, ids)

    own(settings, work, store=store)
    emit(settings, {"deleted": len(ids)}, f"Deleted {counted(len(ids), 'record')}.")


@click.command()
@click.argument("name", metavar="NAME")
@click.option(
    "--patients",
    type=click.File(encoding="utf-8"),
    required=True,
    help="One patient's id a line, - for stdin; an empty file removes the colour.",
)
@store_option
@click.pass_obj
def colour(settings: Settings, name: str, patients: Any, store: str | None) -> None:
    """Name the patients who have a disease, so that it can be looked for in the store."""
    from pmcb_services.retrieval.errors import NotANumber

    lines = [line.strip() for line in patients if line.strip()]
    for at, line in enumerate(lines):
        if not line.lstrip("-").isdecimal():
            raise NotANumber(f"Line {at + 1} is no whole number.", field="patients")
    ids = [int(line) for line in lines]

    async def work(gateway: RetrievalClient, at: str) -> dict[str, Any]:
        return await gateway.colour(at, name, ids)

    found = own(settings, work, store=store)
    emit(settings, found, f"The colour {name} has {counted(found['patients'], 'patient')}.")


@click.command()
@click.argument("worker", metavar="MSP/NAME")
@click.option("--store", "stores", metavar="NAME", multiple=True, required=True, help="Repeat it.")
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True)
@click.option(
    "--purpose", type=click.Choice(PURPOSES), default="diagnosis", show_default=True, help="Why."
)
@click.option("--attribute", "attributes", multiple=True, help="Nothing but these; repeat it.")
@click.option("--max-rounds", type=click.IntRange(1), default=8, show_default=True, help="A query.")
@click.option("--may-export", is_flag=True, help="Wide queries may read the whole store.")
@click.option("--may-patient", is_flag=True, help="A patient's records may be asked for.")
@click.pass_obj
def grant(
    settings: Settings,
    worker: str,
    stores: tuple[str, ...],
    days: int,
    purpose: str,
    attributes: tuple[str, ...],
    max_rounds: int,
    may_export: bool,
    may_patient: bool,
) -> None:
    """Let the worker MSP/NAME search stores for a time; the ledger keeps the grant.

    How far it reaches is known to the gateway alone.
    """
    from pmcb_services.retrieval.gateway import Terms

    terms = Terms(attributes or None, max_rounds, may_export, may_patient)
    made, now_ms = secrets.token_hex(16), time.time_ns() // 1_000_000
    expires = now_ms + days * DAY_MS
    run(_grant(settings, made, worker, stores, terms, purpose, now_ms, expires))
    document = {"grant": made, "worker": worker, "stores": [*stores], "expires": expires}
    emit(settings, document, f"Granted {worker} {', '.join(stores)} for {days} days: {made}.")


@click.command()
@click.argument("grant_id", metavar="GRANT")
@click.option(
    "--reason", type=click.Choice(REASONS), default="ended", show_default=True, help="Why."
)
@click.pass_obj
def revoke(settings: Settings, grant_id: str, reason: str) -> None:
    """End a grant for good, at once."""
    from pmcb_services.retrieval.institution import revoke as end

    async def main() -> None:
        async with acting(settings, "institution") as me:
            await end(me.contract, grant_id, reason)

    run(main())
    emit(settings, {"grant": grant_id, "reason": reason}, f"Revoked {grant_id}.")


@click.command("share-keys")
@click.argument("receiver", metavar="MSP/NAME")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file."
)
@click.pass_obj
def share_keys(settings: Settings, receiver: str, out: Path) -> None:
    """Seal keys and stores to MSP/NAME, under whom the gateway runs, on another machine.

    Nobody else opens the file; `pmcb retrieval gateway import-keys` takes it there. What was
    granted keeps its terms; the audit trail stays here. One gateway at a time serves a store.
    """
    from pmcb_client.files import write_private
    from pmcb_services.retrieval.gateway import share_keys as share

    async def main() -> bytes:
        async with acting(settings, "institution") as me:
            return await share(folder_of(settings, me.identity), me.contract, me.identity, receiver)

    write_private(out, run(main()))
    said = f"{out} is for {receiver}: `pmcb retrieval gateway import-keys {out.name}` opens it."
    emit(settings, {"file": str(out), "to": receiver}, said)


async def _grant(
    settings: Settings,
    made: str,
    worker: str,
    stores: tuple[str, ...],
    terms: Terms,
    purpose: str,
    not_before: int,
    expires: int,
) -> None:
    from pmcb_services.retrieval.institution import grant as give
    from pmcb_services.retrieval.worker import RetrievalClient

    async with acting(settings, "institution") as me:
        msp_id = me.identity.msp_id
        async with RetrievalClient(me.network, me.identity, institution=msp_id) as gateway:
            await give(
                me.contract,
                gateway,
                made,
                worker,
                stores,
                terms=terms,
                purpose=purpose,
                not_before=not_before,
                expires=expires,
            )
