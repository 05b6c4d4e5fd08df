# SPDX-License-Identifier: Apache-2.0
"""``pmcb publishing cohort``: budgets of groups of people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from pmcb_client.terminal import emit, table

from ._publishing_calls import called, epsilon_of, institution_option, own
from ._publishing_table import Described, schema_options

if TYPE_CHECKING:
    from pmcb_client.cli import Settings
    from pmcb_services.publishing import PublishingClient

COHORT = "an id of 32 lower-case hex digits"


@click.group()
def cohort() -> None:
    """Budgets: what all releases about a group of people may spend together."""


@cohort.command("open")
@schema_options
@click.option(
    "--expected-size",
    type=click.IntRange(1),
    required=True,
    help="About how many persons there are, as far as that is public.",
)
@click.option("--total", required=True, help="The epsilon of all releases; it never rises.")
@click.pass_obj
def open_(
    settings: Settings,
    fields: Path,
    subject: str | None,
    weigh: Literal["subject", "row"],
    cap: int | None,
    expected_size: int,
    total: str,
) -> None:
    """Open the budget of a group of people, for tables of one schema.

    The cohort is the people: every table about them, and every later version, spends from it.
    """
    import secrets
    from dataclasses import replace

    described = Described(fields, subject, weigh, cap).schema()
    schema, amount = replace(described, expected_size=expected_size), epsilon_of(total)
    assert amount is not None
    name = secrets.token_hex(16)

    async def work(service: PublishingClient) -> dict[str, Any]:
        return await service.open_cohort(name, amount, schema)

    document = own(settings, work)
    emit(settings, document, f"Opened the cohort {name} with a budget of {document['total']}.")


@cohort.command()
@click.argument("name", metavar="COHORT")
@click.argument("total")
@click.pass_obj
def lower(settings: Settings, name: str, total: str) -> None:
    """Lower the budget of COHORT to TOTAL; nothing raises it again."""
    amount = epsilon_of(total)
    assert amount is not None

    async def work(service: PublishingClient) -> dict[str, Any]:
        return await service.lower(name, amount)

    document = own(settings, work)
    said = f"The budget is {document['total']} now; {document['left']} is left."
    emit(settings, document, said)


@cohort.command()
@click.argument("name", metavar="COHORT")
@click.option(
    "--allow",
    nargs=3,
    multiple=True,
    metavar="WHO AT_ONCE IN_ALL",
    help="MSP/name, MSP or *; the most that one request, and that all may cost. Repeat it.",
)
@click.pass_obj
def policy(settings: Settings, name: str, allow: tuple[tuple[str, str, str], ...]) -> None:
    """Say who may spend how much of COHORT without asking; it replaces what was said before.

    All else waits for `pmcb publishing approve`; without --allow, everything does.
    """
    rules = [{"who": who, "at_once": at_once, "in_all": in_all} for who, at_once, in_all in allow]

    async def work(service: PublishingClient) -> dict[str, Any]:
        return await service.set_policy(name, rules)

    document = own(settings, work)
    emit(settings, document, _rules(document["rules"]))


@cohort.command()
@click.argument("name", metavar="COHORT")
@click.option("--epsilon", help="Tell how many requests of so much are left.")
@institution_option
@click.pass_obj
def show(settings: Settings, name: str, epsilon: str | None, institution: str) -> None:
    """Show the budget of COHORT: total, spent, left.

    Its institution also sees who may spend, and what waits for approval.
    """
    amount = epsilon_of(epsilon)

    async def work(service: PublishingClient) -> dict[str, Any]:
        return await service.cohort(name, amount)

    document = called(settings, "", institution, work)
    numbers = [[key, document[key]] for key in ("total", "spent", "left")]
    if epsilon is not None:
        numbers.append([f"requests of {epsilon} left", document["queries_left"]])
    shown: list[Any] = [table(("", "epsilon"), numbers)]
    if "rules" in document:
        shown.append(_rules(document["rules"]))
        names = ("id", "who", "dataset", "version", "kind", "epsilon")
        waiting = [[each[key] for key in names] for each in document["pending"]]
        shown.append(table(("waiting", *names[1:]), waiting) if waiting else "Nothing waits.")
    emit(settings, document, *shown)


def _rules(rules: list[dict[str, str]]) -> Any:
    if not rules:
        return "Every request waits for `pmcb publishing approve`."
    rows = [[each["who"], each["at_once"], each["in_all"]] for each in rules]
    return table(("who", "at once", "in all"), rows)
