# SPDX-License-Identifier: Apache-2.0
"""``pmcb credit``: issue credit, and look at an account."""

import json
import re
from typing import Any

import click

from pmcb_client.cli import Settings
from pmcb_client.people import Person
from pmcb_client.terminal import emit

from ._arguments import optional_person, person_argument
from .acting import acting, run

MOST = 10**12


def _reference(_: click.Context, __: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,32}", value):
        raise click.BadParameter("1 to 32 letters, digits, dots, underscores or hyphens.")
    return value


@click.group("credit")
def group() -> None:
    """Credit: authorities issue it, releasers set it aside for rewards, receivers earn it."""


@group.command()
@person_argument
@click.argument("amount", metavar="AMOUNT", type=click.IntRange(1, MOST))
@click.option(
    "--ref",
    required=True,
    callback=_reference,
    help="Names this issue, an invoice number for instance: under it credit is given once.",
)
@click.pass_obj
def issue(settings: Settings, uid: Person, amount: int, ref: str) -> None:
    """Give the person UID (MSP/NAME) credit, as an authority.

    The same again changes nothing, so it may be repeated after a doubt.
    """

    async def work() -> int:
        async with acting(settings, "authority") as me:
            person = (uid.msp, uid.enrollment_id)
            await me.contract.submit("issue_credit", *person, str(amount), ref)
            found = json.loads(await me.contract.evaluate("get_balance", *person))
            return int(found["balance"])

    balance = run(work())
    emit(
        settings,
        {"uid": uid.uid, "amount": amount, "ref": ref, "balance": balance},
        f"Under {ref} {uid.uid} was given {amount:,} credits; the account holds {balance:,}.",
    )


@group.command()
@optional_person
@click.pass_obj
def balance(settings: Settings, uid: Person | None) -> None:
    """Show your credit, or as an authority that of the person UID (MSP/NAME)."""

    async def work() -> dict[str, Any]:
        async with acting(settings, "" if uid is None else "authority") as me:
            whose = me.identity.uid if uid is None else uid.uid
            found: dict[str, Any] = json.loads(
                await me.contract.evaluate("get_balance", *whose.split("/"))
            )
            return found

    found = run(work())
    emit(settings, found, f"{found['uid']} has {found['balance']:,} credits.")
