# SPDX-License-Identifier: Apache-2.0
"""What there is, and what it gives away: ``pmcb retrieval status``, ``leakage`` and ``audit``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pmcb_client.commands.acting import acting, choose, run
from pmcb_client.terminal import emit, table

from ._retrieval_calls import called, folder_of, institution_option, store_option, vitals_at_hand

if TYPE_CHECKING:
    from pmcb_client.cli import Settings
    from pmcb_services.retrieval.gateway import Folder, Trail
    from pmcb_services.retrieval.worker import RetrievalClient

MEASURED = 20_000
POLICIES = ("doubling", "fixed:8")


@click.command()
@store_option
@institution_option
@click.pass_obj
def status(settings: Settings, store: str | None, institution: str) -> None:
    """Show sizes and counts of a store; the institution also sees how many records are alive."""

    async def work(gateway: RetrievalClient, name: str) -> dict[str, Any]:
        return await gateway.status(name)

    found = called(settings, work, store=store, institution=institution)
    rows = [[key.replace("_", " "), _cell(value)] for key, value in found.items()]
    emit(settings, found, table(("", ""), rows))


@click.command()
@click.option(
    "--measure",
    is_flag=True,
    help="Also let two adversaries guess on 20,000 vital signs, with each policy; takes a minute.",
)
@store_option
@institution_option
@click.pass_obj
def leakage(settings: Settings, measure: bool, store: str | None, institution: str) -> None:
    """Show what the cloud learns of a store, of each query and of each update."""

    async def work(gateway: RetrievalClient, name: str) -> dict[str, Any]:
        return await gateway.leakage(name)

    found = called(settings, work, store=store, institution=institution)
    said = [["mode", found["mode"]]]
    said += [[key.replace("_", " "), found[key]] for key in ("at_rest", "per_query", "per_update")]
    sizes = [[key.replace("_", " "), value] for key, value in found["sizes"].items()]
    shown: list[Any] = [table(("the cloud learns", ""), said), table(("it sees", ""), sizes)]
    if measure:
        found["measured"] = _measured()
        names = ("linking_auc", "position_rho", "linking_auc_with_rounds")
        rows = [
            [policy, *(str(each[key]) for key in names)]
            for policy, each in found["measured"].items()
        ]
        shown.append(table(("policy", *names), rows))
    emit(settings, found, *shown)


@click.group()
def audit() -> None:
    """The audit trail of a gateway: one line for each request, served or refused."""


@audit.command()
@store_option
@click.pass_obj
def verify(settings: Settings, store: str | None) -> None:
    """Check every line of the trail, and what the ledger was told of it.

    Exit code 1 names the first line that was changed or is lost.
    """
    found = run(_verified(settings, store))
    rows = [[name, lines] for name, lines in found.items()]
    said = "The trail is as it was written, and as the ledger was told."
    emit(settings, {"stores": found}, table(("store", "lines"), rows), said)


@audit.command()
@store_option
@click.pass_obj
def show(settings: Settings, store: str | None) -> None:
    """Show the trail with the ranges that were asked for; only the institution's keys open them."""
    from datetime import UTC, datetime

    folder = folder_of(settings, choose(settings, "institution"))
    found = {name: list(_trail(folder, name).lines()) for name in _names(folder, store)}
    keys = ("certificate", "grant", "event", "rounds", "outcome")
    rows = [
        [
            name,
            datetime.fromtimestamp(line["at"] / 1000, UTC).isoformat(" ", "seconds")[:19],
            *(line[key][:12] if key in keys[:2] else line[key] for key in keys),
            "" if line["asked"] is None else str(line["asked"]),
        ]
        for name, lines in found.items()
        for line in lines
    ]
    names = ("store", "at (UTC)", "certificate", "grant", "asked", "rounds", "outcome", "ranges")
    emit(settings, {"stores": found}, table(names, rows) if rows else "There are no lines yet.")


async def _verified(settings: Settings, store: str | None) -> dict[str, int]:
    from pmcb_services.retrieval.gateway import StoreLedger

    found = {}
    async with acting(settings, "institution") as me:
        folder = folder_of(settings, me.identity)
        for name in _names(folder, store):
            ledger = StoreLedger(me.contract, folder.store(name).dataset)
            found[name] = _trail(folder, name).check((await ledger.standing()).audit_head)
    return found


def _names(folder: Folder, store: str | None) -> list[str]:
    """One store, or all there are.

    Raises:
        InputError: there are none.
    """
    from pmcb_services.retrieval.errors import InputError

    names = folder.names() if store is None else [store]
    if not names:
        raise InputError("There is no store here.", next_step="`pmcb retrieval build` makes one.")
    return names


def _trail(folder: Folder, name: str) -> Trail:
    from pmcb_services.retrieval.gateway import Trail

    key = folder.keys().derive(name, "audit")
    return Trail(folder.store(name).database, key, clock=lambda: 0)


def _measured() -> dict[str, Any]:
    from pmcb_services.retrieval.leakage import measure

    records = vitals_at_hand(MEASURED)
    return {
        policy: measure(records.schema, records.codes, records.carried, rounds=policy).document()
        for policy in POLICIES
    }


def _cell(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list) else value
