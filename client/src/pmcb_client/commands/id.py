# SPDX-License-Identifier: Apache-2.0
"""``pmcb id``: enrol persons, look at the wallet, renew and revoke certificates."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmcb_client.cli import Settings
from pmcb_client.people import Person, read_people
from pmcb_client.revocation import RevocationReason
from pmcb_client.terminal import confirm, emit, progress, table
from pmcb_client.usage_errors import IdentityChoice, InputError

from ._arguments import FILE
from ._identities import described, named, network_of, registrars_organisation
from .acting import run

if TYPE_CHECKING:
    from pmcb_client.enroller import Enrolled
    from pmcb_client.network_file import NetworkFile
    from pmcb_client.wallet import Wallet

_ROLES = click.Choice(
    ["authority", "releaser", "receiver", "verifier", "institution", "worker", "analyst"]
)
_AT_ONCE = 8
_OLD = ("serial", "expires")  # what is told of a certificate that was replaced


@click.group("id")
def group() -> None:
    """Enrol persons, look at the wallet, renew and revoke certificates."""


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
        persons = [Person(registrars_organisation(network, wallet, org), str(name))]
    else:
        persons = _listed(people, org)
    enrolled = run(_enroll(network, wallet, persons, role))
    document = {"enrolled": [described(one.identity, existed=one.existed) for one in enrolled]}
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

    wallet, network = Wallet(settings.home / "wallet"), network_of(settings)
    rows: list[dict[str, object]] = []
    for label in wallet.list():
        try:
            rows.append(described(wallet.get(label), network))
        except WalletError as error:
            rows.append({"label": label, "problem": str(error)})
    columns = ["label", "uid", "role", "expires", "state"]
    if any("problem" in row for row in rows):
        columns.append("problem")
    shown = table(columns, [[row.get(column) for column in columns] for row in rows])
    emit(settings, {"identities": rows}, shown if rows else "The wallet is empty.")


@group.command()
@click.argument("name", required=False)
@click.pass_obj
def show(settings: Settings, name: str | None) -> None:
    """Show one identity: NAME, or the one of --as, or the only one there is."""
    document = described(named(settings, name), network_of(settings))
    emit(settings, document, table(("", ""), list(document.items())))


@group.command()
@click.argument("label", required=False)
@click.pass_obj
def renew(settings: Settings, label: str | None) -> None:
    """Replace a certificate by a new one over a new key, before it expires.

    LABEL, or the one of --as, or the only one there is. Person, role and attributes stay; the key
    is announced to the ledger, and the old one kept for what was sealed to it.
    """
    from pmcb_client.certificates import renew
    from pmcb_client.network_file import load
    from pmcb_client.wallet import Wallet

    network = load(settings.home / "network.json")
    held = named(settings, label)
    renewed = run(renew(network, Wallet(settings.home / "wallet"), held))
    old = described(held)
    document = described(
        renewed.identity, announced=renewed.announced, replaced={k: old[k] for k in _OLD}
    )
    emit(
        settings,
        document,
        f"Renewed {held.uid}: the certificate of the label {held.label} is now valid until"
        f" {document['expires']}.",
        f"The old one, serial number {old['serial']}, stays valid until {old['expires']} unless"
        " its organisation revokes it.",
    )


@group.command()
@click.argument("name", metavar="ENROLLMENT_ID")
@click.option("--org", metavar="MSP", help="The organisation; needed when the wallet has several.")
@click.option(
    "--reason",
    type=click.Choice([reason.value for reason in RevocationReason]),
    default=RevocationReason.UNSPECIFIED.value,
    metavar="REASON",
    help="As Fabric CA names it: keycompromise, superseded, cessationofoperation, ...",
)
@click.option("--serial", metavar="HEX", help="Only the certificate with this number.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def revoke(
    settings: Settings, name: str, org: str | None, reason: str, serial: str | None, *, yes: bool
) -> None:
    """End all certificates of ENROLLMENT_ID, and its enrolment, for good.

    The list of revoked certificates in network.json is brought up to date.
    """
    from pmcb_client import network_file
    from pmcb_client.certificates import revoke
    from pmcb_client.enroller import registrar_of
    from pmcb_client.wallet import Wallet

    path = settings.home / "network.json"
    network, wallet = network_file.load(path), Wallet(settings.home / "wallet")
    msp = network.org(registrars_organisation(network, wallet, org)).msp
    registrar = registrar_of(wallet, msp)
    what = f"certificate {serial}" if serial else "every certificate"
    confirm(settings, f"Revoke {what} of {msp}/{name}? It cannot be taken back.", yes=yes)
    done = run(revoke(network, registrar, name, serial=serial or "", reason=reason))
    crl = done.crl_pem.decode()
    network_file.update(path, lambda known: known.with_list(msp, crl))
    embedded = network.kind == "embedded"
    document = {
        "uid": f"{msp}/{name}",
        "reason": reason,
        "revoked": [one.serial for one in done.certificates],
        "refused_by": ["ca", "peers"] if embedded else ["ca"],
    }
    count = len(done.certificates)
    emit(
        settings,
        document,
        f"Revoked {count} {'certificate' if count == 1 else 'certificates'} of {msp}/{name}."
        if count
        else f"{msp}/{name} had no certificate left to revoke, and enrols no more.",
        "The CA and every gateway refuse them from now on."
        if embedded
        else "The CA refuses them from now on. Peers go on taking them until they are told, where "
        f"the network runs: pmcb network crl {msp}",
    )
