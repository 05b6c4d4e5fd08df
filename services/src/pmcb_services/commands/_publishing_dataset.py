# SPDX-License-Identifier: Apache-2.0
"""``pmcb publishing dataset``: tables and their versions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pmcb_client.terminal import emit, table

from ._publishing_calls import called, institution_option, own
from ._publishing_table import TABLE

if TYPE_CHECKING:
    from pmcb_client.cli import Settings
    from pmcb_services.publishing import PublishingClient

Command = TypeVar("Command", bound=Callable[..., object])


def _source_options(command: Command) -> Command:
    for option in reversed(_SOURCES):
        command = option(command)
    return command


_SOURCES = (
    click.argument("path", metavar="[TABLE]", type=TABLE, required=False),
    click.option("--from-intake", "task", metavar="TASK", help="Take the intake's rows of a task."),
    click.option("--all", "whole", is_flag=True, help="Take all rows of the intake."),
)


@click.command()
@click.argument("name")
@_source_options
@click.option("--cohort", required=True, help="Whose data it is.")
@click.pass_obj
def add(
    settings: Settings, name: str, path: Path | None, task: str | None, whole: bool, cohort: str
) -> None:
    """Register TABLE, or what the intake has, as the first version of the data set NAME.

    Its persons are counted with noise, for a small part of the budget; requests that could not
    succeed are refused free of charge from then on.
    """
    source = _source(path, task, whole)

    async def work(service: PublishingClient) -> dict[str, Any]:
        await service.add_dataset(name, cohort)
        return await service.add_version(name, **source)

    _told(settings, name, own(settings, work))


@click.command()
@click.argument("name")
@_source_options
@click.pass_obj
def refresh(
    settings: Settings, name: str, path: Path | None, task: str | None, whole: bool
) -> None:
    """Register TABLE, or what the intake has, as the next version of the data set NAME.

    It keeps its cohort, and nothing of the budget comes back.
    """
    source = _source(path, task, whole)

    async def work(service: PublishingClient) -> dict[str, Any]:
        return await service.add_version(name, **source)

    _told(settings, name, own(settings, work))


@click.command("list")
@institution_option
@click.pass_obj
def list_(settings: Settings, institution: str) -> None:
    """Show data sets: cohorts, versions, and about how many persons are in the newest."""

    async def work(service: PublishingClient) -> list[dict[str, Any]]:
        return [await service.dataset(each["name"]) for each in await service.datasets()]

    found = called(settings, "", institution, work)
    rows = []
    for each in found:
        newest = each["versions"][-1] if each["versions"] else None
        size = newest["persons"] if newest else None
        persons = f"{size['low']:,} to {size['high']:,}" if size else ""
        number = newest["number"] if newest else None
        rows.append([each["name"], number, persons, each["cohort"]])
    shown = table(("data set", "newest version", "persons", "cohort"), rows)
    emit(settings, {"datasets": found}, shown if rows else "There are no data sets.")


def _source(path: Path | None, task: str | None, whole: bool) -> dict[str, Any]:
    from pmcb_client.usage_errors import InputError

    if [path is not None, task is not None, whole].count(True) != 1:
        raise InputError("Give a TABLE, --from-intake TASK, or --all of the intake.")
    if path is not None:
        return {"path": path.resolve()}
    return {"intake": "all" if whole else task}


def _told(settings: Settings, name: str, version: dict[str, Any]) -> None:
    size = version["persons"]
    said = (
        f"Version {version['number']} of {name} has {size['low']:,} to {size['high']:,} persons; "
        f"counting them cost {version['epsilon']}."
    )
    emit(settings, {"dataset": name, **version}, said)
