# SPDX-License-Identifier: Apache-2.0
"""``pmcb id``: enrol persons, look at the wallet."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmcb_client.cli import Settings
from pmcb_client.people import Person, read_people
from pmcb_client.terminal import emit, progress, table
from pmcb_client.usage_errors import IdentityChoice, InputError

from ._acting import choose, run
from ._arguments import FILE

if TYPE_CHECKING:
    from pmcb_client.enroller import Enrolled
    from pmcb_client.network_file import NetworkFile
    from pmcb_client.wallet import Wallet, WalletIdentity

_ROLES = click.Choice(
    ["authority", "releaser", "receiver", "verifier", "institution", "worker", "analyst"]
)
_AT_ONCE = 8


@click.group("id")
def group() -> None:
    """Enrol persons and look at the identities of the wallet."""


@group.command()
@click.argument("name", required=False)
@click.option("--role", type=_ROLES, required=True, help="What the certificate entitles to.")
@click.option("--org", metavar="MSP", help="The organisation; needed when the wallet has several.")
@click.option(
    "--from", "people", type=FILE, help="Enrol everybody of a people.csv (node,msp,enrollment_id)."
)
@click.pass_obj
def enroll(
    settings: Settings, name: str | None, role: str, org: str | None, people: Path | None
) -> None:
    """Register and enrol NAME, keep the identity under that label and announce its key.

    May be repeated: who is enrolled already stays as they are.
    """
    from pmcb_client.network_file import load
    from pmcb_client.wallet import Wallet

    if (name is None) == (people is None):
        raise click.UsageError("Give either NAME or --from people.csv.")
    network = load(settings.home / "network.json")
    wallet = Wallet(settings.home / "wallet")
    if people is None:
        persons = [Person(_organisation(network, wallet, org), str(name))]
    else:
        persons = _listed(people, org)
    enrolled = run(_enroll(network, wallet, persons, role))
    document = {"enrolled": [_described(one.identity, existed=one.existed) for one in enrolled]}
    if people is None:
        emit(settings, document, _sentence(enrolled[0]))
    else:
        new = sum(not one.existed for one in enrolled)
        emit(settings, document, f"Enrolled {new:,}; {len(enrolled) - new:,} were there already.")


def _sentence(one: "Enrolled") -> str:
    identity = one.identity
    if one.existed:
        return f"{identity.uid} is enrolled already, as {identity.role}; nothing was changed."
    return f"Enrolled {identity.uid} as {identity.role}, under the label {identity.label}."


def _organisation(network: "NetworkFile", wallet: "Wallet", org: str | None) -> str:
    from pmcb_client.enroller import registrar_label

    if org is not None:
        return org
    known = [one.msp for one in network.orgs]
    ours = [msp for msp in known if registrar_label(msp) in wallet.list()]
    if len(ours) == 1:
        return ours[0]
    raise InputError(
        f"The wallet holds the registrars of several organisations: {', '.join(ours)}."
        if ours
        else "The wallet holds no organisation's registrar.",
        next_step="Choose one with --org MSP."
        if ours
        else "Enrol where `pmcb network up` was run.",
    )


def _listed(people: Path, org: str | None) -> list[Person]:
    persons = sorted(p for p in read_people(people).values() if org in {None, p.msp})
    if not persons:
        raise InputError(
            f"{people.name} lists nobody of {org}.", next_step="Check the MSP id after --org."
        )
    by_label: dict[str, Person] = {}
    for person in persons:
        other = by_label.setdefault(person.enrollment_id, person)
        if other != person:
            raise IdentityChoice(
                f"{other.uid} and {person.uid} would share the label {person.enrollment_id}.",
                next_step="Enrol each organisation into a home of its own, with --org and --home.",
            )
    return persons


async def _enroll(
    network: "NetworkFile", wallet: "Wallet", persons: Sequence[Person], role: str
) -> list["Enrolled"]:
    import asyncio
    from contextlib import AsyncExitStack

    from pmcb_client.enroller import Enroller

    enrollers = {msp: Enroller(network, msp, wallet) for msp in sorted({p.msp for p in persons})}
    done: list[Enrolled] = []
    failed: list[BaseException] = []
    slots = asyncio.Semaphore(_AT_ONCE)
    with progress("Enrolling", len(persons)) as advance:

        async def one(person: Person) -> None:
            async with slots:
                enroller = enrollers[person.msp]
                done.append(await enroller.enroll(person.enrollment_id, role))
            advance(len(done))

        async with AsyncExitStack() as stack:
            for enroller in enrollers.values():
                await stack.enter_async_context(enroller)
            # One bad name must not stop the others half way.
            found = await asyncio.gather(*map(one, persons), return_exceptions=True)
            failed += [each for each in found if each is not None]
    if failed:
        raise failed[0]
    return sorted(done, key=lambda enrolled: enrolled.identity.uid)


@group.command("list")
@click.pass_obj
def list_(settings: Settings) -> None:
    """Show the identities of the wallet."""
    from pmcb_client.errors import WalletError
    from pmcb_client.wallet import Wallet

    wallet = Wallet(settings.home / "wallet")
    rows: list[dict[str, object]] = []
    for label in wallet.list():
        try:
            rows.append(_described(wallet.get(label)))
        except WalletError as error:
            rows.append({"label": label, "problem": str(error)})
    columns = ["label", "uid", "role", "expires"]
    if any("problem" in row for row in rows):
        columns.append("problem")
    shown = table(columns, [[row.get(column) for column in columns] for row in rows])
    emit(settings, {"identities": rows}, shown if rows else "The wallet is empty.")


@group.command()
@click.argument("name", required=False)
@click.pass_obj
def show(settings: Settings, name: str | None) -> None:
    """Show one identity: NAME, or the one of --as, or the only one there is."""
    from pmcb_client.wallet import Wallet

    if name is not None:
        identity = Wallet(settings.home / "wallet").get(name)
    elif settings.label is None and len(Wallet(settings.home / "wallet").list()) > 1:
        raise IdentityChoice(
            "The wallet holds several identities.", next_step="Name one; `pmcb id list` shows them."
        )
    else:
        identity = choose(settings)
    document = _described(identity)
    emit(settings, document, table(("", ""), list(document.items())))


def _described(identity: "WalletIdentity", **more: object) -> dict[str, object]:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = identity.private_key.public_key()
    return {
        "label": identity.label,
        "uid": identity.uid,
        "msp": identity.msp_id,
        "enrollment_id": identity.enrollment_id,
        "role": identity.role,
        "expires": f"{identity.certificate.not_valid_after_utc:%Y-%m-%d}",
        "key": public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint).hex(),
        **more,
    }
