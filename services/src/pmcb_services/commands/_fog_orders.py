# SPDX-License-Identifier: Apache-2.0
"""``pmcb fog submit|status|cancel|resolve|drain|dead|audit``: what is asked of a gateway."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pmcb_client.terminal import emit, table

from ._fog_calls import asked, emit_order, institution_option
from ._served import FILE

if TYPE_CHECKING:
    from pmcb_client.cli import Settings
    from pmcb_services.fog.client import FogClient
    from pmcb_services.fog.online import Audit

__all__ = ["audit", "cancel", "dead", "drain", "resolve", "status", "submit"]

MOST_SHOWN = 20

id_argument = click.argument("id", metavar="ID")
wait_option = click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(0),
    default=0.0,
    help="Seconds, until it is over; exit code 1 unless it is DONE.",
)


@click.command()
@click.argument("kind", metavar="KIND")
@click.option("--id", help="Sent again, it is the same order; else a random one.")
@click.option("--payload", type=FILE, help="What the handler gets, at most 8 MiB.")
@click.option("--subject", default="", help="A data set's id, or a device as MSP/NAME.")
@click.option("--command", "device_command", default="", help="Of device.control.")
@click.option("--length", type=float, help="MI; else that of the kind.")
@click.option("--class", "order_class", help="Of compute.test: control, retrieval or upload.")
@click.option("--due", "due_s", type=float, metavar="SECONDS", help="Until its deadline.")
@click.option("--or-reject", is_flag=True, help="Unless it can be over by then, do not take it.")
@wait_option
@institution_option
@click.pass_obj
def submit(
    settings: Settings,
    kind: str,
    id: str | None,
    payload: Path | None,
    subject: str,
    device_command: str,
    length: float | None,
    order_class: str | None,
    due_s: float | None,
    or_reject: bool,
    wait_s: float,
    institution: str,
) -> None:
    """Submit an order: retrieval.query, upload.submission, device.control, ..."""
    import secrets

    from pmcb_services.fog.client import submission

    fields: dict[str, Any] = {
        "subject": subject,
        "command": device_command,
        "length": length,
        "class": order_class,
        "deadline_ms": None if due_s is None else int((time.time() + due_s) * 1000),
        "if_late": "reject" if or_reject else "accept",
    }
    data = b"" if payload is None else payload.read_bytes()
    order = submission(id or secrets.token_hex(16), kind, data, **fields)

    async def work(gateway: FogClient) -> dict[str, Any]:
        taken = await gateway.submit(order)
        return await gateway.outcome(taken["id"], within_s=wait_s) if wait_s else taken

    found = asked(settings, work, institution=institution)
    emit_order(settings, found, waited=wait_s > 0)


@click.command()
@id_argument
@wait_option
@institution_option
@click.pass_obj
def status(settings: Settings, id: str, wait_s: float, institution: str) -> None:
    """Show what became of an order; --json has its result, for its submitter."""
    found = asked(settings, lambda one: one.outcome(id, within_s=wait_s), institution=institution)
    emit_order(settings, found, waited=wait_s > 0)


@click.command()
@id_argument
@institution_option
@click.pass_obj
def cancel(settings: Settings, id: str, institution: str) -> None:
    """End an order that has not started."""
    found = asked(settings, lambda one: one.cancel(id), institution=institution)
    emit_order(settings, found)


@click.command()
@id_argument
@click.argument("decision", type=click.Choice(["confirm", "abandon", "retry"]))
@institution_option
@click.pass_obj
def resolve(settings: Settings, id: str, decision: str, institution: str) -> None:
    """Decide, as an operator, what became of an order that is UNKNOWN or DEAD.

    confirm: somebody saw that it was done. abandon: it counts as failed. retry: it runs again.
    """
    found = asked(settings, lambda one: one.resolve(id, decision), institution=institution)
    emit_order(settings, found)


@click.command()
@click.argument("server", required=False, default="")
@click.option("--off", is_flag=True, help="Begin again.")
@institution_option
@click.pass_obj
def drain(settings: Settings, server: str, off: bool, institution: str) -> None:
    """Begin nothing more on SERVER, or at all; what has started is finished."""

    async def work(gateway: FogClient) -> dict[str, Any]:
        return await gateway.drain(server, draining=not off)

    found = asked(settings, work, institution=institution)
    where = server or "The gateway"
    said = "begins orders again" if off else "begins nothing more; what has started is finished"
    emit(settings, found, f"{where} {said}.")


@click.command()
@institution_option
@click.pass_obj
def dead(settings: Settings, institution: str) -> None:
    """List the orders that wait for an operator."""
    found = asked(settings, lambda one: one.dead(), institution=institution)
    rows = [
        [each["id"], each["kind"], _about(each), each["state"], each["server"] or "-"]
        for each in found[:MOST_SHOWN]
    ]
    said = f"Orders that wait for `pmcb fog resolve`: {len(found):,}."
    shown = [table(("id", "kind", "about", "state", "server"), rows)] if rows else []
    emit(settings, {"orders": found}, *shown, said)


def _about(order: dict[str, Any]) -> str:
    """The device, and what it was to do: somebody has to look at it."""
    return f"{order['subject']}: {order['command']}" if order["command"] else "-"


@click.command()
@institution_option
@click.pass_obj
def audit(settings: Settings, institution: str) -> None:
    """Replay the event log: nothing lost, done twice, repeated or moved; exit code 1 otherwise."""
    from pmcb_services.fog.errors import CertificateRejected

    report = asked(settings, _audited, institution=institution)
    findings = [vars(each) for each in report.findings]
    document = {
        "events": report.events,
        "orders": report.orders,
        "states": dict(report.states),
        "reruns": report.reruns,
        "findings": findings,
    }
    states = ", ".join(f"{count:,} {state}" for state, count in sorted(report.states.items()))
    emit(
        settings,
        document,
        f"Events: {report.events:,}; orders: {report.orders:,} ({states or 'none'}); "
        f"reruns: {report.reruns:,}; findings: {len(findings):,}.",
        *(
            f"{each['wrong']}: order {each['order']}, event {each['seq']}."
            for each in findings[:20]
        ),
    )
    if findings:
        raise CertificateRejected("The event log breaks its own rules.")


async def _audited(gateway: FogClient) -> Audit:
    """Events first, then the orders that ran again: whether they may."""
    from pmcb_services.fog.online import Auditor, Event

    auditor = Auditor()
    async for each in gateway.events():
        words = (each[key] for key in ("at_ms", "order", "epoch", "from", "to", "server", "cause"))
        auditor.take(each["seq"], Event(*words))
    for name in auditor.rerun():
        found = await gateway.status(name)
        auditor.allowed(name, found["on_unknown"])
    return auditor.report()
