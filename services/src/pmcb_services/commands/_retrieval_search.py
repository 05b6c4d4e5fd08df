# SPDX-License-Identifier: Apache-2.0
"""What workers ask: ``pmcb retrieval query``, ``patient``, ``analyse`` and ``profile``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pmcb_client.terminal import emit, table

from ._retrieval_calls import (
    called,
    exact,
    institution_option,
    ranges_of,
    search_options,
    shown_rows,
    store_option,
)

if TYPE_CHECKING:
    from pmcb_client.cli import Settings
    from pmcb_services.retrieval.worker import RetrievalClient

MOST_FINDINGS = 12

colour_option = click.option("--colour", metavar="NAME", required=True, help="Who has a disease.")


@click.command()
@search_options
@click.option("--minimum", type=click.IntRange(0), default=0, help="Show at least so many.")
@click.option("--everything", is_flag=True, help="Without any range, the whole store.")
@store_option
@institution_option
@click.pass_obj
def query(
    settings: Settings,
    ranges: tuple[str, ...],
    disease: str | None,
    minimum: int,
    everything: bool,
    store: str | None,
    institution: str,
) -> None:
    """Find the records inside all ranges; with --minimum the nearest others, too.

    Of the records the cloud learns neither the values nor whether they were asked for before.
    """
    wanted = ranges_of(ranges, disease)

    async def work(gateway: RetrievalClient, name: str) -> dict[str, Any]:
        return await gateway.query(name, wanted, minimum, everything=everything)

    found = called(settings, work, store=store, institution=institution)
    emit(settings, found, *shown_rows(found))


@click.command()
@click.argument("patient_id", metavar="ID", type=int)
@store_option
@institution_option
@click.pass_obj
def patient(settings: Settings, patient_id: int, store: str | None, institution: str) -> None:
    """Find all records of the patient ID, if the grant reaches so far."""

    async def work(gateway: RetrievalClient, name: str) -> dict[str, Any]:
        return await gateway.patient(name, patient_id)

    found = called(settings, work, store=store, institution=institution)
    emit(settings, found, *shown_rows(found))


@click.command()
@search_options
@colour_option
@store_option
@institution_option
@click.pass_obj
def analyse(
    settings: Settings,
    ranges: tuple[str, ...],
    disease: str | None,
    colour: str,
    store: str | None,
    institution: str,
) -> None:
    """Tell whether the patients of a colour crowd inside the ranges.

    If they do, their disease is tied to these indicators; below 10 patients nothing follows.
    """
    wanted = ranges_of(ranges, disease)

    async def work(gateway: RetrievalClient, name: str) -> dict[str, Any]:
        return await gateway.analyse(name, wanted, colour)

    found = called(settings, work, store=store, institution=institution)
    rows = [
        ["inside", found["inside"], found["coloured_inside"]],
        ["in the store", found["patients"], found["coloured"]],
    ]
    said = f"Lift {_number(found['lift'])}, two-sided p {_number(found['p'])}."
    few = ["Fewer than 10 of them are inside: nothing follows."] if found["small"] else []
    emit(settings, found, table(("", "patients", colour), rows), said, *few)


@click.command()
@colour_option
@click.option("--bins", type=click.IntRange(2, 64), default=8, show_default=True, help="At most.")
@click.option(
    "--picture", type=click.Path(dir_okay=False, path_type=Path), help="An .svg to write."
)
@store_option
@institution_option
@click.pass_obj
def profile(
    settings: Settings,
    colour: str,
    bins: int,
    picture: Path | None,
    store: str | None,
    institution: str,
) -> None:
    """Compare every attribute with a colour, bin by bin, those that crowd most first.

    It reads the whole store: the grant must allow that.
    """
    from pmcb_client.usage_errors import InputError
    from pmcb_services.retrieval._profile_picture import profile_picture

    if picture is not None and picture.suffix != ".svg":
        raise InputError("The picture's name must end in .svg.")

    async def work(gateway: RetrievalClient, name: str) -> list[dict[str, Any]]:
        return await gateway.profile(name, colour, bins)

    found = called(settings, work, store=store, institution=institution)
    names = ("attribute", "low", "high", "inside", "coloured_inside", "lift", "p_holm")
    rows = [
        [
            each["attribute"],
            exact(each["low"]),
            exact(each["high"]),
            *(each[key] for key in names[3:]),
        ]
        for each in found[:MOST_FINDINGS]
    ]
    shown: list[Any] = [table((*names[:3], "patients", colour, "lift", "Holm's p"), rows)]
    if picture is not None:
        try:
            picture.write_text(profile_picture(colour, found))
        except OSError as error:
            raise InputError(f"{picture} cannot be written: {error.strerror}.") from error
        shown.append(f"Wrote {picture.name}.")
    emit(settings, {"colour": colour, "findings": found}, *shown)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
