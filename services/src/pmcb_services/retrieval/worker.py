# SPDX-License-Identifier: Apache-2.0
"""Calls of an institution's query gateway, as a medical worker or as the institution."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import numpy as np

from pmcb_client._services import chosen
from pmcb_client.http_identity import ServiceClient, said

from . import errors
from ._schema import Schema
from .errors import (
    AccessError,
    GatewayUnavailable,
    InputError,
    QueryTooWide,
    RetrievalError,
    TamperedError,
)
from .gateway._terms import Terms

if TYPE_CHECKING:
    from pmcb_client.network_file import NetworkFile
    from pmcb_client.wallet import WalletIdentity

__all__ = ["RetrievalClient", "audience"]

TIMEOUT_S = 600.0
"""A wide query may read a whole store."""

Document = dict[str, Any]
Ranges = Mapping[str, tuple[float | None, float | None]]

_KINDS: dict[str, type[RetrievalError]] = {
    kind.code: kind for kind in map(vars(errors).__getitem__, errors.__all__)
}
_ACCESS = {401, 403}
_AWAY = 500


def audience(uid: str) -> str:
    """For whom requests are signed: no gateway can hand them on to another one.

    >>> audience("HospitalBMSP/records")
    'retrieval/HospitalBMSP/records'
    """
    return f"retrieval/{uid}"


class RetrievalClient(ServiceClient):
    """An institution's query gateway, as one person.

    ::

        async with RetrievalClient(network, identity) as gateway:
            found = await gateway.query("icu", {"HR": (100, None), "SBP": (60, 90)}, minimum=20)
            for row in found["rows"]:
                print(dict(zip(found["columns"], row)))

    All methods raise the errors of `pmcb_services.retrieval.errors` that the gateway names, and
    `GatewayUnavailable` where it does not answer.

    Args:
        network: says where gateways are; nothing else ever does.
        identity: signs every request.
        institution: MSP id of whose gateway is asked; "" where there is only one.
        transport: in place of the network, for tests.
        clock: milliseconds UTC, with which requests are signed.

    Raises:
        NetworkFileError: there is no such gateway, or several.
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
        gateway = chosen(
            network.retrieval,
            institution,
            what="query gateway",
            start="pmcb retrieval gateway serve",
        )
        super().__init__(
            f"{gateway.url.rstrip('/')}/v1",
            gateway.tls_ca,
            identity,
            audience=audience(gateway.uid),
            timeout_s=TIMEOUT_S,
            transport=transport,
            clock=clock,
        )

    async def stores(self) -> list[Document]:
        """Names of the stores, and what they are on the ledger."""
        found: list[Document] = (await self._call("GET", "/stores"))["stores"]
        return found

    async def schema(self, store: str) -> Schema:
        """What can be searched."""
        return Schema.from_document(await self._call("GET", f"{_at(store)}/schema"))

    async def query(
        self, store: str, ranges: Ranges, minimum: int = 0, *, everything: bool = False
    ) -> Document:
        """Every record inside all ranges, and the nearest others up to ``minimum``.

        Args:
            store: its name.
            ranges: (low, high) by attribute, both included; None opens an end.
            minimum: fillers outside the ranges have false in the column ``in_range``.
            everything: whether no range at all is meant.

        Returns:
            ``columns`` and ``rows``, ``hits``, ``rounds``, ``certified``.
        """
        body = {"ranges": _listed(ranges), "minimum": minimum, "everything": everything}
        return await self._call("POST", f"{_at(store)}/query", body)

    async def analyse(self, store: str, ranges: Ranges, colour: str) -> Document:
        """Whether the patients of a colour crowd inside ranges."""
        body = {"ranges": _listed(ranges), "colour": colour}
        return await self._call("POST", f"{_at(store)}/analyse", body)

    async def profile(self, store: str, colour: str, bins: int = 8) -> list[Document]:
        """Every attribute against a colour, by falling lift."""
        body = {"colour": colour, "bins": bins}
        found: list[Document]
        found = (await self._call("POST", f"{_at(store)}/profile", body))["findings"]
        return found

    async def patient(self, store: str, patient: int) -> Document:
        """All records of a patient, as `query` returns them."""
        return await self._call("POST", f"{_at(store)}/patient", {"patient": patient})

    async def insert(
        self,
        store: str,
        rows: Sequence[Sequence[float | None]] | Mapping[str, Sequence[float | None]],
        carried: Mapping[str, Sequence[float]] | None = None,
        *,
        batch: str | None = None,
    ) -> list[int]:
        """Add records, as the institution; their ids.

        Args:
            store: its name.
            rows: in the order of the attributes, or columns by name.
            carried: columns by name.
            batch: a name, 64 hex digits, under which they are added once, also if sent again.
        """
        body = {"rows": rows, "carried": carried, "batch": batch}
        found: list[int] = (await self._call("POST", f"{_at(store)}/insert", body))["ids"]
        return found

    async def delete(self, store: str, ids: Sequence[int]) -> None:
        """Delete records, as the institution."""
        await self._call("POST", f"{_at(store)}/delete", {"ids": [*ids]})

    async def colour(self, store: str, name: str, patients: Sequence[int]) -> Document:
        """Say who has a disease, as the institution; nobody removes the colour."""
        path = f"{_at(store)}/colours/{quote(name, safe='')}"
        return await self._call("PUT", path, {"patients": [*patients]})

    async def set_terms(self, store: str, grant: str, terms: Terms) -> Document:
        """Say what a grant reaches, as the institution."""
        path = f"{_at(store)}/grants/{quote(grant, safe='')}/terms"
        return await self._call("PUT", path, asdict(terms))

    async def status(self, store: str) -> Document:
        """Sizes and counts; the institution sees more of them."""
        return await self._call("GET", f"{_at(store)}/status")

    async def leakage(self, store: str) -> Document:
        """What the cloud learns."""
        return await self._call("GET", f"{_at(store)}/leakage")

    async def _call(self, method: str, path: str, body: object = None) -> Document:
        text = None if body is None else json.dumps(body, default=_number)
        try:
            answered = await self._http.request(method, path, content=text)
        except httpx.HTTPError as error:
            message = f"The gateway does not answer ({type(error).__name__})."
            raise GatewayUnavailable(message) from error
        if not answered.is_success:
            raise _refusal(answered)
        try:
            found: Document = answered.json()
        except ValueError as error:
            raise GatewayUnavailable("The gateway's answer cannot be read.") from error
        return found


def _number(value: object) -> object:
    """A NumPy number or array as JSON takes it."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be sent.")


def _at(store: str) -> str:
    return f"/stores/{quote(store, safe='')}"


def _listed(ranges: Ranges) -> dict[str, list[float | None]]:
    return {name: list(bounds) for name, bounds in ranges.items()}


def _refusal(answer: httpx.Response) -> RetrievalError:
    """The error that an answer tells of."""
    code, message, field = said(answer)
    kind = _KINDS.get(code)
    if kind is QueryTooWide:
        needed, allowed = (int(number) for number in re.findall("[0-9]+", message))
        return QueryTooWide(rounds_needed=needed, allowed=allowed)
    if kind is TamperedError:
        return TamperedError(message)
    if kind is not None:
        return kind(message, field=field)
    if answer.status_code in _ACCESS:
        return AccessError(message, field=field)
    if code and answer.status_code < _AWAY:
        return InputError(message, field=field)
    return GatewayUnavailable(f"The gateway cannot answer: {message}")
