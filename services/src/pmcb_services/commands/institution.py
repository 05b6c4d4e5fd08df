# SPDX-License-Identifier: Apache-2.0
"""``pmcb institution``: take accepted answers and observations in.

Heavy libraries are imported inside the commands: ``pmcb --help`` imports this module.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmcb_client.commands.acting import acting, choose, run_until_stopped
from pmcb_client.terminal import emit, table

from ._handling import handling
from ._served import FILE, roots_of, roots_option, served

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pmcb_client.cli import Settings
    from pmcb_client.fields import Field
    from pmcb_client.wallet import WalletIdentity
    from pmcb_services.common import Served
    from pmcb_services.intake import Intake
    from pmcb_services.retrieval.worker import RetrievalClient

MAX_FIELDS_BYTES = 2**20


@click.group()
def group() -> None:
    """The intake of an institution: its table of accepted answers and observations."""


@group.command()
@click.option("--fields", type=FILE, help="fields.yaml: what collectors may send; else nothing.")
@click.option(
    "--store",
    "stores",
    multiple=True,
    help="A store of the institution's query gateway that is fed; repeat it.",
)
@served
@roots_option
@click.pass_obj
def serve(
    settings: Settings,
    fields: Path | None,
    stores: tuple[str, ...],
    place: Served,
    tls_ca: Path | None,
) -> None:
    """Take in what verifiers accept, and what collectors send, until Ctrl-C.

    Its address goes into network.json, where collectors and fog workers look for it. Answers of
    tasks that name this institution are opened, checked again and added to its table; their sealed
    files are deleted afterwards. Killed and started again it goes on.
    """
    from pmcb_services.common import log_to_stderr

    described = None if fields is None else _read(fields)
    root = roots_of(place, tls_ca)
    log_to_stderr()
    run_until_stopped(_serve(settings, described, stores, place, root))


def _task(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch("[0-9a-f]{32}", value):
        raise click.BadParameter("a task id is 32 lower-case hex digits.")
    return value


@group.command()
@click.argument("task", required=False, callback=_task)
@click.option("--all", "whole", is_flag=True, help="All tasks, and what collectors sent.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="CSV.")
@click.pass_obj
def export(settings: Settings, task: str | None, whole: bool, out: Path) -> None:
    """Write the table to a CSV: subject, time, and a column per field; of TASK, or of --all."""
    from pmcb_client.usage_errors import InputError
    from pmcb_services.intake import export as write

    if (task is None) != whole:
        raise InputError("Give a task or --all.")
    _, intake = _intake(settings)
    try:
        rows = write(intake, out, task=task)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{out} cannot be written: {reason}.") from error
    emit(settings, {"rows": rows, "out": str(out)}, f"Wrote {rows:,} rows to {out}.")


@group.command()
@click.pass_obj
def status(settings: Settings) -> None:
    """Show how much was taken in, what waits, and what was left out, with reasons."""
    from pmcb_services.intake import Feeds

    identity, intake = _intake(settings)
    found = intake.summary()
    rows = [["answers taken in", "", found.answers]]
    rows += [["observations taken in", "", found.observations]]
    rows += [["waiting", reason, count] for reason, count in found.waiting.items()]
    rows += [["left out", reason, count] for reason, count in found.left_out.items()]
    unfed = Feeds(_folder(settings, identity)).unfit()
    rows += [
        [f"not in {store}", why, n] for store, unfit in unfed.items() for why, n in unfit.items()
    ]
    document = {"uid": identity.uid, **vars(found), "unfed": unfed}
    said = f"{found.rows:,} rows are in the table of {identity.uid}."
    emit(settings, document, said, table(("what", "why", "count"), rows))


async def _serve(
    settings: Settings,
    fields: Mapping[str, Field] | None,
    stores: Sequence[str],
    place: Served,
    root: str,
) -> None:
    from pmcb_client.http_identity import RequestChecker
    from pmcb_client.inbox import Inbox, follow
    from pmcb_client.network_file import IntakeService, update
    from pmcb_services.common import following, serving
    from pmcb_services.intake import (
        AUDIENCE,
        EVENTS,
        Feed,
        Feeds,
        Intake,
        Taking,
        feeding,
        intake_application,
    )

    async with acting(settings, "institution") as me:
        folder = _folder(settings, me.identity)
        intake, inbox = Intake(folder), Inbox(folder / "inbox.sqlite3")
        feeds = Feeds(folder)
        path = settings.home / "network.json"
        checker = RequestChecker(me.network, audience=AUDIENCE)
        app = intake_application(
            intake, checker, me.identity, fields, while_running=following(checker, path)
        )
        taking = handling(Taking, settings, me, inbox, intake)

        with place.listen() as listening:
            url = place.url(listening)
            here = IntakeService(url, me.identity.uid, root)
            update(path, lambda known: known.with_service(here))
            document = {"url": url, "uid": me.identity.uid}
            emit(settings, document, f"The intake of {me.identity.uid} listens on {url}.")
            try:
                async with asyncio.TaskGroup() as together:
                    together.create_task(
                        follow(me.channel, me.network.chaincode, inbox, EVENTS, taking.handle)
                    )
                    together.create_task(serving(app, place, listening))
                    for store in stores:
                        together.create_task(
                            feeding(Feed(intake, feeds, store, _way(path, me.identity)))
                        )
            except ExceptionGroup as group:  # one of them ended, and the others with it
                raise group.exceptions[0] from None


def _way(path: Path, identity: WalletIdentity) -> Callable[[], RetrievalClient]:
    """To the institution's query gateway, wherever it is by then."""
    from pmcb_client.network_file import load
    from pmcb_services.retrieval.worker import RetrievalClient  # numpy: only who feeds a store

    return lambda: RetrievalClient(load(path), identity, institution=identity.msp_id)


def _intake(settings: Settings) -> tuple[WalletIdentity, Intake]:
    from pmcb_services.intake import Intake

    identity = choose(settings, "institution")
    return identity, Intake(_folder(settings, identity))


def _folder(settings: Settings, identity: WalletIdentity) -> Path:
    owner = f"{identity.msp_id}.{identity.enrollment_id}"
    return settings.home / "institution" / owner


def _read(path: Path) -> Mapping[str, Field]:
    from pmcb_client.fields import parse_fields
    from pmcb_client.usage_errors import InputError

    try:
        with path.open("rb") as file:
            data = file.read(MAX_FIELDS_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read.") from error
    if len(data) > MAX_FIELDS_BYTES:
        raise InputError(f"{path.name} is larger than 1 MiB.")
    return parse_fields(data, path.name)
