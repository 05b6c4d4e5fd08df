# SPDX-License-Identifier: Apache-2.0
"""Calls of an institution's publishing service."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from pmcb_client._services import chosen
from pmcb_client.http_identity import ServiceClient, said

from ._release import Release
from ._service import audience
from .errors import ReleaseTampered, ServiceRefused, ServiceUnavailable

if TYPE_CHECKING:
    from pmcb_client.network_file import NetworkFile
    from pmcb_client.wallet import WalletIdentity

    from ._schema import Schema

__all__ = ["PublishingClient"]

TIMEOUT_S = 600.0
"""A version is registered once its table was read."""

POLL_S = 1.0
WITHIN_S = 3600.0

Document = dict[str, Any]


class PublishingClient(ServiceClient):
    """A publishing service, as one person.

    ::

        async with PublishingClient(network, identity) as service:
            asked = await service.ask("clinic", epsilon="0.5", k=5)
            found = await service.wait(asked["id"])
            await service.fetch(asked["id"], Path("clinic-release"))

    All methods raise `ServiceRefused` with the service's code, and `ServiceUnavailable`.

    Args:
        network: says where services are; nothing else ever does.
        identity: signs every request.
        institution: MSP id of whose service is asked; "" where there is only one.
        transport: in place of the network, for tests.
        clock: milliseconds UTC, with which requests are signed.

    Raises:
        NetworkFileError: there is no such service, or several.
    """

    def __init__(
        self,
        network: NetworkFile,
        identity: WalletIdentity,
        *,
        institution: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], int] | None = None,
    ) -> None:
        service = chosen(
            network.publishing,
            institution,
            what="publishing service",
            start="pmcb publishing serve",
        )
        super().__init__(
            f"{service.url.rstrip('/')}/v1",
            service.tls_ca,
            identity,
            audience=audience(service.uid),
            timeout_s=TIMEOUT_S,
            transport=transport,
            clock=clock,
        )

    async def datasets(self) -> list[Document]:
        """Names, ids and cohorts of all data sets."""
        found: list[Document] = (await self._call("GET", "/datasets"))["datasets"]
        return found

    async def dataset(self, name: str) -> Document:
        """A data set: schema, versions, and about how many persons are in each."""
        return await self._call("GET", f"/datasets/{name}")

    async def cohort(self, cohort: str, epsilon: Fraction | None = None) -> Document:
        """A budget; with an epsilon how many requests of so much are left."""
        query = {} if epsilon is None else {"epsilon": str(epsilon)}
        return await self._call("GET", f"/cohorts/{cohort}", params=query)

    async def ask(
        self,
        dataset: str,
        *,
        epsilon: str | Fraction,
        version: int | None = None,
        algorithm: str = "mpdp-k",
        k: int | None = None,
        rows: bool = False,
        attempt: int = 0,
        fresh: bool = False,
    ) -> Document:
        """Ask for a release; what stands already is free.

        Args:
            dataset: its name.
            epsilon: what it may cost.
            version: its number; None for the newest.
            algorithm: mpdp-k, or dp-kmeans or idp-kmeans to compare it with.
            k: clusters to be counted; None for none.
            rows: whether synthetic rows are bought.
            attempt: how often it was paid for and lost.
            fresh: whether another release that covers it is not enough.
        """
        body = {"dataset": dataset, "epsilon": str(epsilon), "version": version, "k": k}
        more = {"algorithm": algorithm, "rows": rows, "attempt": attempt, "fresh": fresh}
        return await self._call("POST", "/releases", json={**body, **more})

    async def metrics(self, release: str, epsilon: str | Fraction, attempt: int = 0) -> Document:
        """Buy how well a release's clusters fit the table itself."""
        body = {"epsilon": str(epsilon), "attempt": attempt}
        return await self._call("POST", f"/releases/{release}/metrics", json=body)

    async def find(self, request_id: str) -> Document:
        """How far a request has come."""
        return await self._call("GET", f"/releases/{request_id}")

    async def wait(
        self, request_id: str, *, poll_s: float = POLL_S, within_s: float = WITHIN_S
    ) -> Document:
        """The same, once it runs no more: published, lost, or waiting for the institution.

        Raises:
            ServiceUnavailable: it still runs after ``within_s`` seconds.
        """
        end = time.monotonic() + within_s
        while (found := await self.find(request_id))["state"] == "running":
            if time.monotonic() > end:
                raise ServiceUnavailable("The release is still being made; ask for it later.")
            await asyncio.sleep(poll_s)
        return found

    async def fetch(self, request_id: str, folder: Path) -> Release:
        """Save a release in a new folder, after every byte of it was checked.

        Raises:
            ReleaseTampered: it is not what the service says that it published.
            RequestError: the folder is there already.
        """
        found = await self.find(request_id)
        answered = await self._send("GET", f"/releases/{request_id}/files/release.zip")
        with tempfile.TemporaryDirectory() as kept:
            archive = Path(kept) / "release.zip"
            archive.write_bytes(answered.content)
            release = Release.open(archive)
        if release.hash != found.get("release_hash"):
            raise ReleaseTampered("release.json")
        release.save(folder)
        return release

    async def open_cohort(self, cohort: str, total: str | Fraction, schema: Schema) -> Document:
        """Open a budget, as an institution."""
        body = {"cohort": cohort, "total": str(total), "schema": schema.document()}
        return await self._call("POST", "/cohorts", json=body)

    async def lower(self, cohort: str, total: str | Fraction) -> Document:
        """Lower a total, as its institution."""
        return await self._call("PUT", f"/cohorts/{cohort}/budget", json={"total": str(total)})

    async def set_policy(self, cohort: str, rules: Sequence[Mapping[str, str]]) -> Document:
        """Say who may spend how much, as its institution: ``who``, ``at_once``, ``in_all``."""
        return await self._call("PUT", f"/cohorts/{cohort}/policy", json={"rules": [*rules]})

    async def add_dataset(self, name: str, cohort: str) -> Document:
        """Name a table of a cohort, as its institution."""
        return await self._call("POST", "/datasets", json={"name": name, "cohort": cohort})

    async def add_version(
        self, name: str, *, path: Path | None = None, intake: str | None = None
    ) -> Document:
        """Register a table, or what the intake has of a task (or ``all``), as its institution."""
        body = {"intake": intake} if path is None else {"path": str(path)}
        return await self._call("POST", f"/datasets/{name}/versions", json=body)

    async def approve(self, request_id: str) -> Document:
        """Run a request that waits, as its institution."""
        return await self._call("POST", f"/releases/{request_id}/approve")

    async def _call(self, method: str, path: str, **how: Any) -> Document:
        answered = await self._send(method, path, **how)
        try:
            found: Document = answered.json()
        except ValueError as error:
            raise ServiceUnavailable("The answer cannot be read.") from error
        return found

    async def _send(self, method: str, path: str, **how: Any) -> httpx.Response:
        try:
            answered = await self._http.request(method, path, **how)
        except httpx.HTTPError as error:
            message = f"The publishing service does not answer ({type(error).__name__})."
            raise ServiceUnavailable(message) from error
        if answered.is_success:
            return answered
        code, message, field = said(answered)
        status = answered.status_code
        raise ServiceRefused(code or "UNREADABLE", message, field=field, status=status)
