# SPDX-License-Identifier: Apache-2.0
"""``pmcb retrieval cloud serve``: where the ciphertext lies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmcb_client.commands.acting import choose_valid
from pmcb_client.terminal import emit

from ._served import roots_of, roots_option, served

if TYPE_CHECKING:
    from pmcb_client.cli import Settings
    from pmcb_services.common import Served
    from pmcb_services.retrieval.cloud import LmdbCloud, PostgresCloud


@click.group()
def cloud() -> None:
    """The cloud that keeps encrypted records; what it keeps it cannot read."""


@cloud.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where everything is kept; else in the home.",
)
@click.option(
    "--database",
    envvar="PMCB_DATABASE",
    help="PostgreSQL (postgresql://...) in place of a folder; its password belongs in PGPASSFILE.",
)
@served
@roots_option
@click.pass_obj
def serve(
    settings: Settings,
    folder: Path | None,
    database: str | None,
    place: Served,
    tls_ca: Path | None,
) -> None:
    """Keep the stores of the network's institutions until Ctrl-C.

    Each store is open to the institutions of the organisation that created it, and to nobody
    else. The address goes into network.json, where clients look for it. Killed and started again
    it goes on: what was acknowledged is on disk.
    """
    from dataclasses import replace

    from pmcb_client.http_identity import RequestChecker
    from pmcb_client.network_file import RetrievalCloud, load, update
    from pmcb_services.common import following, log_to_stderr
    from pmcb_services.common import serve as run
    from pmcb_services.retrieval.cloud import audience
    from pmcb_services.retrieval.cloud.server import cloud_application

    root = roots_of(place, tls_ca)
    log_to_stderr()
    path = settings.home / "network.json"
    network = load(path)
    uid = choose_valid(settings, network).uid
    checker = RequestChecker(network, audience=audience(uid))
    kept = _opened(settings, folder, database)
    try:
        with place.listen() as listening:
            url = place.url(listening)
            here = RetrievalCloud(url, uid, root)
            update(path, lambda known: replace(known, cloud=here))
            app = cloud_application(kept, checker, while_running=following(checker, path))
            emit(settings, {"url": url, "uid": uid}, f"The cloud of {uid} listens on {url}.")
            run(app, place, listening)
    finally:
        kept.close()


def _opened(
    settings: Settings, folder: Path | None, database: str | None
) -> LmdbCloud | PostgresCloud:
    """Where the bytes are kept.

    Raises:
        InputError: two places were named.
        CloudUnavailable: the place cannot be used.
    """
    from pmcb_client.usage_errors import InputError
    from pmcb_services.retrieval.cloud import LmdbCloud, PostgresCloud

    if database is None:
        return LmdbCloud(folder or settings.home / "cloud")
    if folder is not None:
        raise InputError("Everything is kept in one place: give --folder or --database.")
    return PostgresCloud(database)
