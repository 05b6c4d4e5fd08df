# SPDX-License-Identifier: Apache-2.0
"""Which handler runs which kind of order, and where the services are that they call."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from ._handler import Handler, Task
from ._kinds import DEVICE_KINDS
from ._places import Place, Places

if TYPE_CHECKING:
    from pmcb_client.network_file import NetworkFile

    from ._forward import Forward

__all__ = ["ComputeTest", "handlers"]

_STORE = "[A-Za-z0-9._-]{1,64}"


class ComputeTest:
    """Occupies the server for as long as was predicted, and answers nothing."""

    def run(self, task: Task) -> bytes:
        """Nothing."""
        task.begin()
        time.sleep(task.predicted_s)
        return b""


class _Request:
    """A `Forward` that is made for its first order.

    HTTP takes 27 MiB and 0.4 s: a fog worker, and its child while no request comes, do without.
    """

    def __init__(
        self, path: Path, of: Callable[[NetworkFile, str], Place | None], allowed: str
    ) -> None:
        self._made = cache(partial(_forward, path, of, allowed))

    def run(self, task: Task) -> bytes:
        """The body of the service's answer."""
        return self._made().run(task)


def handlers(places: Places) -> dict[str, Handler]:
    """The handlers for which everything is known, by kind of order.

    What none of them needs is not imported: the process that calls it starts often.

    Raises:
        InvalidInput: the file of adapters cannot be read.
    """
    known: dict[str, Handler] = {"compute.test": ComputeTest()}
    if places.network:
        path = Path(places.network)
        known["retrieval.query"] = _Request(
            path, _query_gateway, rf"POST /v1/stores/{_STORE}/(query|analyse|profile|patient)"
        )
        known["upload.submission"] = _Request(path, _content, "PUT /v1/blobs/[0-9a-f]{64}")
        known["upload.observation"] = _Request(path, _intake, "POST /v1/observations")
    if places.devices:
        from ._device import DeviceControl, read_adapters

        control = DeviceControl(read_adapters(Path(places.devices)))
        known |= dict.fromkeys(DEVICE_KINDS, control)
    return known


def _forward(path: Path, of: Callable[[NetworkFile, str], Place | None], allowed: str) -> Forward:
    from ._forward import Forward

    return Forward(_found(path, of), allowed)


def _found(
    path: Path, of: Callable[[NetworkFile, str], Place | None]
) -> Callable[[str], Place | None]:
    """Reads network.json each time: services move."""
    from pmcb_client.errors import NetworkFileError
    from pmcb_client.network_file import load

    def find(institution: str) -> Place | None:
        try:
            return of(load(path), institution)
        except NetworkFileError:
            return None

    return find


def _content(network: NetworkFile, _: str) -> Place | None:
    store = network.content
    return None if store is None else Place(store.url, store.tls_ca)


def _intake(network: NetworkFile, institution: str) -> Place:
    from pmcb_client._services import chosen

    service = chosen(
        network.intake, institution, what="intake", start="pmcb institution serve --fields FILE"
    )
    return Place(service.url, service.tls_ca)


def _query_gateway(network: NetworkFile, institution: str) -> Place:
    from pmcb_client._services import chosen

    service = chosen(
        network.retrieval,
        institution,
        what="retrieval gateway",
        start="pmcb retrieval gateway serve",
    )
    return Place(service.url, service.tls_ca)
