# SPDX-License-Identifier: Apache-2.0
"""Calls of an institution's order gateway, as a submitter or as an operator."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any

import httpx

from pmcb_client._services import chosen
from pmcb_client.http_identity import ServiceClient, said
from pmcb_client.orders import audience, submission

from . import errors
from .errors import (
    Conflict,
    FogError,
    Forbidden,
    InvalidInput,
    NotFound,
    Overloaded,
    Unavailable,
)

if TYPE_CHECKING:
    from pmcb_client.network_file import NetworkFile
    from pmcb_client.wallet import WalletIdentity

__all__ = ["FogClient", "audience", "submission"]

TIMEOUT_S = 90.0
"""Longer than a status may wait."""

WAIT_S = 60.0
EVENTS = 10_000

Document = dict[str, Any]

_KINDS: dict[str, type[FogError]] = {
    kind.code: kind for kind in map(vars(errors).__getitem__, errors.__all__)
}
_STEPS: dict[type[FogError], str] = {
    NotFound: "Check the id; an order is shown to its submitter and to operators.",
    Forbidden: "Act as somebody who may with --as LABEL, or ask the institution for a grant.",
    Conflict: "Look at it first: `pmcb fog status ID`.",
}
_ACCESS = {401, 403}
_AWAY = 500
_OPEN = {"NEW", "QUEUED", "STARTED"}


class FogClient(ServiceClient):
    """An institution's order gateway, as one person.

    ::

        async with FogClient(network, identity) as gateway:
            order = await gateway.submit(submission("o1", "retrieval.query", signed, subject=data))
            answer = await gateway.outcome("o1", within_s=30)

    All methods raise the errors of `pmcb_services.fog.errors` that the gateway names, and
    `Unavailable` where it does not answer.

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
        gateway = chosen(network.fog, institution, what="order gateway", start="pmcb fog serve")
        super().__init__(
            f"{gateway.url.rstrip('/')}/v1",
            gateway.tls_ca,
            identity,
            audience=audience(gateway.uid),
            timeout_s=TIMEOUT_S,
            transport=transport,
            clock=clock,
        )

    async def submit(self, order: Document) -> Document:
        """Have an order taken; see `submission`. Its server, if one is up, start and finish."""
        return await self._call("POST", "/orders", order)

    async def submit_many(self, orders: Sequence[Document]) -> list[Document]:
        """The same for up to 1000; one that is refused has ``error`` and ``message`` instead."""
        answer = await self._call("POST", "/orders:batch", {"orders": [*orders]})
        found: list[Document] = answer["orders"]
        return found

    async def status(self, id: str, *, wait_s: float = 0.0) -> Document:
        """An order, once it is over or ``wait_s`` have passed, at most 60.

        A submitter's own order has its ``result`` (base64) once it is over.
        """
        return await self._call("GET", f"/orders/{id}?wait={min(wait_s, WAIT_S):g}")

    async def outcome(self, id: str, *, within_s: float) -> Document:
        """The same, asked for until it is over, needs an operator, or the time has passed."""
        ends = time.monotonic() + within_s
        while True:
            found = await self.status(id, wait_s=max(0.0, ends - time.monotonic()))
            if found["state"] not in _OPEN or time.monotonic() >= ends:
                return found

    async def cancel(self, id: str) -> Document:
        """End an order that has not started."""
        return await self._call("POST", f"/orders/{id}/cancel")

    async def resolve(self, id: str, decision: str) -> Document:
        """As an operator, ``confirm``, ``abandon`` or ``retry`` one that is UNKNOWN or DEAD."""
        return await self._call("POST", f"/orders/{id}/resolve", {"decision": decision})

    async def dead(self) -> list[Document]:
        """As an operator, the orders that wait for a decision."""
        found: list[Document] = (await self._call("GET", "/dead"))["orders"]
        return found

    async def servers(self) -> list[Document]:
        """As an operator, the servers as they are now."""
        found: list[Document] = (await self._call("GET", "/servers"))["servers"]
        return found

    async def drain(self, server: str = "", *, draining: bool = True) -> Document:
        """As an operator, have a server, or the gateway, begin nothing more, or begin again."""
        path = f"/servers/{server}/drain" if server else "/drain"
        return await self._call("POST", path, {"draining": draining})

    async def events(self, after: int = 0) -> AsyncIterator[Document]:
        """As an operator, the event log after a line, to its end."""
        while True:
            path = f"/events?after={after}&limit={EVENTS}"
            found = (await self._call("GET", path))["events"]
            for event in found:
                yield event
                after = event["seq"]
            if not found:
                return

    async def plan(self) -> Document | None:
        """As an operator, the newest plan of what waits; None before the first."""
        found: Document | None = (await self._call("GET", "/plan"))["plan"]
        return found

    async def planned(
        self,
        scenario: Document,
        *,
        algorithm: str = "pricebat",
        time_s: float = 0.5,
        seed: int = 0,
    ) -> Document:
        """A plan of a scenario's orders, with its certificate; nothing is kept of it."""
        body = {"scenario": scenario, "algorithm": algorithm, "time_s": time_s, "seed": seed}
        return await self._call("POST", "/plans", body)

    async def _call(self, method: str, path: str, body: object = None) -> Document:
        text = None if body is None else json.dumps(body)
        try:
            answered = await self._http.request(method, path, content=text)
        except httpx.HTTPError as error:
            message = f"The order gateway does not answer ({type(error).__name__})."
            raise Unavailable(message) from error
        if not answered.is_success:
            raise _refusal(answered)
        try:
            found: Document = answered.json()
        except ValueError as error:
            raise Unavailable("The order gateway's answer cannot be read.") from error
        return found


def _refusal(answer: httpx.Response) -> FogError:
    """The error that an answer tells of."""
    code, message, field = said(answer)
    kind = _KINDS.get(code)
    if kind is Overloaded:
        return Overloaded(message, retry_after_s=float(answer.headers.get("Retry-After", 1)))
    if kind is not None:
        made = kind.__new__(kind)  # some are made of more than their sentence
        FogError.__init__(made, message, field=field, next_step=_STEPS.get(kind))
        return made
    if answer.status_code in _ACCESS:
        return Forbidden(message, field=field)
    if code and answer.status_code < _AWAY:
        return InvalidInput(message, field=field)
    return Unavailable(f"The order gateway cannot answer: {message}")
