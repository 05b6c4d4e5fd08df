# SPDX-License-Identifier: Apache-2.0
"""``pmcb content``: the crowdsensing server's store.

Heavy libraries are imported inside the commands: ``pmcb --help`` imports this module.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmcb_client.commands.acting import choose_valid
from pmcb_client.terminal import emit

from ._served import roots_of, roots_option, served

if TYPE_CHECKING:
    from obstore.store import ObjectStore

    from pmcb_client.cli import Settings
    from pmcb_services.common import Served

MIB = 2**20


@click.group()
def group() -> None:
    """The store of sealed files: what it keeps it cannot read."""


@group.command()
@click.option("--store", help="A folder, or the address of a bucket (s3://...); else in the home.")
@click.option(
    "--quota-mib",
    type=click.IntRange(1),
    default=256,
    show_default=True,
    help="What a person may put on a day.",
)
@served
@roots_option
@click.pass_obj
def serve(
    settings: Settings, store: str | None, quota_mib: int, place: Served, tls_ca: Path | None
) -> None:
    """Serve the content store until Ctrl-C, as an identity of an institution.

    Its address goes into network.json, where clients look for it. Killed and started again it goes
    on: all it knows stands in the folder or bucket.
    """
    from dataclasses import replace

    from pmcb_client.http_identity import RequestChecker
    from pmcb_client.network_file import ContentStore, load, update
    from pmcb_services.common import following, log_to_stderr
    from pmcb_services.common import serve as run
    from pmcb_services.content import Blobs, content_application

    root = roots_of(place, tls_ca)
    log_to_stderr()
    path = settings.home / "network.json"
    network = load(path)
    identity = choose_valid(settings, network, "institution")
    checker = RequestChecker(network, audience="content")
    blobs = Blobs(_opened(settings, store))
    with place.listen() as listening:
        url = place.url(listening)
        here = ContentStore(url, identity.uid, root)
        update(path, lambda known: replace(known, content=here))
        app = content_application(
            blobs,
            checker,
            identity,
            quota_bytes=quota_mib * MIB,
            while_running=following(checker, path),
        )
        document = {"url": url, "uid": identity.uid}
        emit(settings, document, f"The content store of {identity.uid} listens on {url}.")
        run(app, place, listening)


def _opened(settings: Settings, store: str | None) -> ObjectStore:
    from obstore.exceptions import BaseError
    from obstore.store import LocalStore, from_url

    from pmcb_client.usage_errors import InputError

    try:
        if store is not None and "://" in store:
            return from_url(store)
        return LocalStore(Path(store) if store else settings.home / "content", mkdir=True)
    except (BaseError, ValueError, OSError) as error:
        raise InputError(
            f"The store cannot be opened ({type(error).__name__}).",
            next_step="Name a folder that can be written, or a bucket's address.",
        ) from error
