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
from pmcb_client.orders import Errand, NotCarried, orders_of

from . import errors
from ._schema import Schema
from .errors import (
    AccessError,
    GatewayUnavailable,
    GrantDenied,
    InputError,
    QueryTooWide,
    RetrievalError,
    TamperedError,
    UnknownStore,
)
from .gateway._terms import Terms

if TYPE_CHECKING:
    from pmcb_client.network_file import NetworkFile
    from pmcb_client.wallet import WalletIdentity

__all__ = ["RetrievalClient", "audience"]

TIMEOUT_S = 600.0
"""A wide query may read a whole store."""

CARRIED_S = 600
"""How long the fog may take to carry a question and its answer."""

Document = dict[str, Any]
Ranges = Mapping[str, tuple[float | None, float | None]]

_KINDS: dict[str, type[RetrievalError]] = {
    kind.code: kind for kind in map(vars(errors).__getitem__, errors.__all__)
}
_ACCESS = {401, 403}
# What a fog says in its own words.
_BY_FOG: dict[tuple[str, str], type[RetrievalError]] = {
    ("FORBIDDEN", "subject"): GrantDenied,
    ("TOO_LARGE", ""): QueryTooWide,
}
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
    `GatewayUnavailable` where it does not answer. What a medical worker searches travels as an
    order of the fog, where network.json names an order gateway of the institution; all else goes
    to the query gateway itself.

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
            orders=orders_of(
                network, gateway.msp, identity, "worker", transport=transport, clock=clock
            ),
        )
        self._uid, self._datasets = gateway.uid, dict[str, str]()

    async def stores(self) -> list[Document]:
        """Names of the stores, and what they are on the ledger."""
        found: list[Document] = (await self._call("GET", "/stores"))["stores"]
        self._datasets = {each["name"]: each["dataset"] for each in found}
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
        return await self._asked(store, "query", body)

    async def analyse(self, store: str, ranges: Ranges, colour: str) -> Document:
        """Whether the patients of a colour crowd inside ranges."""
        body = {"ranges": _listed(ranges), "colour": colour}
        return await self._asked(store, "analyse", body)

    async def profile(self, store: str, colour: str, bins: int = 8) -> list[Document]:
        """Every attribute against a colour, by falling lift."""
        body = {"colour": colour, "bins": bins}
        found: list[Document]
        found = (await self._asked(store, "profile", body))["findings"]
        return found

    async def patient(self, store: str, patient: int) -> Document:
        """All records of a patient, as `query` returns them."""
        return await self._asked(store, "patient", {"patient": patient})

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

    async def _asked(self, store: str, mode: str, body: object) -> Document:
        """The answer to a search, by the fog or without it."""
        path = f"{_at(store)}/{mode}"
        if self._orders is None:
            return await self._call("POST", path, body)
        errand = Errand(
            kind="retrieval.query",
            audience=audience(self._uid),
            method="POST",
            target=f"/v1{path}",
            body=json.dumps(body, default=_number).encode(),
            lifetime_s=CARRIED_S,
            to=self._uid.partition("/")[0],
            subject=await self._dataset(store),
        )
        try:
            return _document(await self._orders.carry(errand))
        except NotCarried as error:
            raise GatewayUnavailable(str(error)) from error

    async def _dataset(self, store: str) -> str:
        """What a store is on the ledger, where grants are for."""
        if store not in self._datasets:
            await self.stores()
        if store not in self._datasets:
            raise UnknownStore(f"There is no store {store}.", field="store")
        return self._datasets[store]

    async def _call(self, method: str, path: str, body: object = None) -> Document:
        text = None if body is None else json.dumps(body, default=_number)
        try:
            answered = await self._http.request(method, path, content=text)
        except httpx.HTTPError as error:
            message = f"The gateway does not answer ({type(error).__name__})."
            raise GatewayUnavailable(message) from error
        return _document(answered)


def _document(answer: httpx.Response) -> Document:
    """What an answer holds, unless it is a refusal."""
    if not answer.is_success:
        raise _refusal(answer)
    try:
        found: Document = answer.json()
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
    kind = _KINDS.get(code) or _BY_FOG.get((code, field)) or _by_status(code, answer.status_code)
    if kind is QueryTooWide:
        numbers = re.fullmatch("[^0-9]*([0-9]+)[^0-9]*([0-9]+)[^0-9]*", message)
        needed, allowed = (0, 0) if numbers is None else map(int, numbers.groups())
        return QueryTooWide(rounds_needed=needed, allowed=allowed)
    if kind is TamperedError:
        return TamperedError(message)
    if kind is None:
        return GatewayUnavailable(f"The gateway cannot answer: {message}")
    return kind(message, field=field)


def _by_status(code: str, status: int) -> type[RetrievalError] | None:
    """What it is, where it is none of this package's codes; None where nobody answers."""
    if status in _ACCESS:
        return AccessError
    return InputError if code and status < _AWAY else None
