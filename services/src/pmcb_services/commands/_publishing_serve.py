# SPDX-License-Identifier: Apache-2.0
"""``pmcb publishing serve``: an institution's service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmcb_client.commands.acting import acting, run_until_stopped
from pmcb_client.terminal import emit

from ._served import roots_of, roots_option, served

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pmcb_client.cli import Settings
    from pmcb_services.common import Served
    from pmcb_services.publishing._registry import Export

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.option(
    "--tables",
    type=FOLDER,
    multiple=True,
    help="A folder whose tables may be published; repeat it. The intake's may be in any case.",
)
@served
@roots_option
@click.pass_obj
def serve(settings: Settings, tables: tuple[Path, ...], place: Served, tls_ca: Path | None) -> None:
    """Publish releases under budgets that the ledger keeps, until Ctrl-C, as an institution.

    Its address goes into network.json, where analysts look for it. Killed and started again it
    goes on: nothing is paid twice, and nothing is published twice with different bytes.
    """
    from pmcb_services.common import log_to_stderr

    root = roots_of(place, tls_ca)
    log_to_stderr()
    run_until_stopped(_serve(settings, tables, place, root))


async def _serve(settings: Settings, tables: Sequence[Path], place: Served, root: str) -> None:
    from pmcb_client.http_identity import RequestChecker
    from pmcb_client.network_file import PublishingService, update
    from pmcb_services.common import following, serving
    from pmcb_services.publishing import Ledger, Publishing, publishing_application
    from pmcb_services.publishing._service import audience

    path = settings.home / "network.json"
    async with acting(settings, "institution") as me:
        owner = f"{me.identity.msp_id}.{me.identity.enrollment_id}"
        service = Publishing(
            settings.home / "publishing" / owner,
            me.contract,
            ledger=Ledger(me.network.kind),
            roots=tables,
            export=_export(settings.home / "institution" / owner),
        )
        uid = me.identity.uid
        checker = RequestChecker(me.network, audience=audience(uid))
        app = publishing_application(
            service, checker, msp_id=me.identity.msp_id, while_running=following(checker, path)
        )
        async with service:
            with place.listen() as listening:
                url = place.url(listening)
                here = PublishingService(url, uid, root)
                update(path, lambda known: known.with_service(here))
                emit(settings, {"url": url, "uid": uid}, f"{uid} publishes on {url}.")
                await serving(app, place, listening)


def _export(folder: Path) -> Export | None:
    """Of the intake in this folder, if there is one."""
    from pmcb_services.intake import Intake, export

    if not (folder / "intake.sqlite3").exists():
        return None
    intake = Intake(folder)
    return lambda path, task: export(intake, path, task=task)
