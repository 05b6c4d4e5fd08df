# SPDX-License-Identifier: Apache-2.0
"""Which handler runs which kind of order, and where the services are that they call."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ._adapters import read_adapters
from ._handler import Handler, Task
from ._kinds import DEVICE_KINDS
from ._places import Place, Places

if TYPE_CHECKING:
    from pmcb_client.network_file import NetworkFile

__all__ = ["ComputeTest", "handlers"]

SEARCH_S = 600.0
"""As long as a query gateway's own callers wait."""

_STORE = "[A-Za-z0-9._-]{1,64}"


class ComputeTest:
    """Occupies the server for as long as was predicted, and answers nothing."""

    def run(self, task: Task) -> bytes:
        """Nothing."""
        task.begin()
        time.sleep(task.predicted_s)
        return b""


class _Late:
    """A handler that is made for its first order.

    HTTP takes 16 MiB and 0.1 s: a fog worker, and its child until it is needed, do without.
    """

    def __init__(self, make: Callable[[], Handler]) -> None:
        self._made = cache(make)

    def run(self, task: Task) -> bytes:
        """As it does."""
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
        known["retrieval.query"] = _request(
            path,
            _query_gateway,
            rf"POST /v1/stores/{_STORE}/(query|analyse|profile|patient)",
            timeout_s=SEARCH_S,
        )
        known["upload.submission"] = _request(path, _content, "PUT /v1/blobs/[0-9a-f]{64}")
        known["upload.observation"] = _request(path, _intake, "POST /v1/observations")
    if places.devices:
        known |= dict.fromkeys(DEVICE_KINDS, _control(Path(places.devices)))
    return known


def _request(
    path: Path,
    of: Callable[[NetworkFile, str], Place | None],
    allowed: str,
    *,
    timeout_s: float = 30.0,
) -> Handler:
    def make() -> Handler:
        from ._forward import Forward

        return Forward(_found(path, of), allowed, timeout_s=timeout_s)

    return _Late(make)


def _control(path: Path) -> Handler:
    adapters = read_adapters(path)

    def make() -> Handler:
        from ._device import DeviceControl

        return DeviceControl(adapters)

    return _Late(make)


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
