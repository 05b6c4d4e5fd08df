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

if TYPE_CHECKING:
    from obstore.store import ObjectStore

    from pmcb_client.cli import Settings

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
MIB = 2**20


@click.group()
def group() -> None:
    """The store of sealed files: what it keeps it cannot read."""


@group.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
@click.option("--store", help="A folder, or the address of a bucket (s3://...); else in the home.")
@click.option(
    "--quota-mib",
    type=click.IntRange(1),
    default=256,
    show_default=True,
    help="What a person may put on a day.",
)
@click.option("--tls-cert", type=FILE, help="Certificate (PEM); needed beyond loopback.")
@click.option("--tls-key", type=FILE, help="Its key (PEM).")
@click.option("--tls-ca", type=FILE, help="Root (PEM) of that certificate, for clients.")
@click.pass_obj
def serve(
    settings: Settings,
    host: str,
    port: int,
    store: str | None,
    quota_mib: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    tls_ca: Path | None,
) -> None:
    """Serve the content store until Ctrl-C, as an identity of an institution.

    Its address goes into network.json, where clients look for it. Killed and started again it goes
    on: all it knows stands in the folder or bucket.
    """
    from dataclasses import replace

    from pmcb_client.http_identity import RequestChecker
    from pmcb_client.network_file import ContentStore, load, save
    from pmcb_client.usage_errors import InputError
    from pmcb_services.common import Served, following
    from pmcb_services.common import serve as run
    from pmcb_services.content import Blobs, content_application

    if (tls_cert is None) != (tls_ca is None):
        raise InputError("Clients need the root of the TLS certificate: give --tls-ca with it.")
    path = settings.home / "network.json"
    network = load(path)
    identity = choose_valid(settings, network, "institution")
    checker = RequestChecker(network, audience="content")
    place = Served(host, port, tls_cert, tls_key)
    blobs = Blobs(_opened(settings, store))
    with place.listen() as listening:
        url = place.url(listening)
        root = "" if tls_ca is None else tls_ca.read_text()
        save(path, replace(load(path), content=ContentStore(url, identity.uid, root)))
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
