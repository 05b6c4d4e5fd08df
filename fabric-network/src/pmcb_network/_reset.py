# SPDX-License-Identifier: Apache-2.0
"""Removes a network: process, folder, description, and the identities that it issued."""

import contextlib
import shutil

from pmcb_client.errors import ClientError
from pmcb_client.network_file import NetworkFile, load
from pmcb_client.wallet import Wallet

from ._launch import Places
from ._process import running, stop
from .fabric._control import down
from .fabric._folder import folder_of, is_there
from .introduce import issued_by


def reset(places: Places) -> list[str]:
    """Removes everything; returns the labels of the identities that went with it.

    An identity of another CA stays in the wallet.
    """
    process = running(places.record)
    if process is not None:
        stop(process)
    if is_there(folder_of(places)):
        down(places, say=lambda _: None)
    description = places.home / "network.json"
    removed: list[str] = []
    with contextlib.suppress(ClientError):
        network = load(description)
        if network.kind == "embedded" or is_there(folder_of(places)):
            removed = _forget(Wallet(places.home / "wallet"), network)
            description.unlink()
    for entry in places.folder.iterdir():
        if entry == places.lock:  # held by us: whoever waits for it must find the same file
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    return removed


def _forget(wallet: Wallet, network: NetworkFile) -> list[str]:
    removed = []
    for label in wallet.list():
        with contextlib.suppress(ClientError):
            held = wallet.get(label)
            if any(issued_by(held, org) for org in network.orgs):
                wallet.remove(label)
                removed.append(label)
    return removed
