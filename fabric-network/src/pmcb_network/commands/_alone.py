# SPDX-License-Identifier: Apache-2.0
"""Where a home keeps its network, and that one command at a time changes it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import click

from ._settings import Settings

if TYPE_CHECKING:
    from pmcb_network._launch import Places

_LOCK_WAIT_S = 60.0


def places_of(settings: Settings) -> "Places":
    """The folders and files of this home's network."""
    from pmcb_network._launch import Places

    return Places(settings.home)


@contextmanager
def alone(places: "Places") -> Iterator[Callable[[], None]]:
    """Only one command starts or stops this network at a time; another one waits.

    Gives what lets others in before the block ends.
    """
    from pmcb_network._files import locked, make_folder
    from pmcb_network.errors import FolderInUse

    make_folder(places.home)
    make_folder(places.folder)
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(places.lock))
        except FolderInUse as error:
            click.echo(f"{error}; waiting for it", err=True)
            stack.enter_context(locked(places.lock, wait_s=_LOCK_WAIT_S))
        yield stack.close
