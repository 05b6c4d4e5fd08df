# SPDX-License-Identifier: Apache-2.0
"""A person's own signed requests, carried to an organisation's services by its fog.

`ContentClient` and others use it by themselves, wherever network.json names an order gateway of
the organisation whose service they call. The fog can hold a request up, and cannot alter it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import httpx

from pmcb_client.errors import ClientError
from pmcb_client.http_identity import ServiceClient, SignedRequests, said

if TYPE_CHECKING:
    from pmcb_client.network_file import FogGateway, NetworkFile
    from pmcb_client.wallet import WalletIdentity

__all__ = ["Errand", "NotCarried", "Orders", "audience", "envelope", "orders_of", "submission"]

WITHIN_S = 60.0
"""How long is waited for a worker; one call of the gateway waits as long at most."""

TIMEOUT_S = 90.0

Document = dict[str, Any]

_OPEN = frozenset({"NEW", "QUEUED", "STARTED"})
_REFUSED = 403
_AWAY = 500
_BUSY = 429
# What another order may bring through, of the codes that the fog gives itself.
_AGAIN = frozenset({"DEFECT", "EXPIRED"} | {f"HTTP_{n}" for n in (429, 500, 502, 503, 504)})


class NotCarried(ClientError):
    """The fog did not carry it, or nobody knows; it may be sent again."""

    exit_code = 3
    next_step = "Nothing is lost by that; try again later."


@dataclass(frozen=True, kw_only=True)
class Errand:
    """A request to a service, before it is signed.

    Attributes:
        kind: of the order, as in ``upload.submission``.
        audience: of the service, as it checks it.
        method, target: as they stand in the request line.
        body: all its bytes.
        lifetime_s: seconds for which the signature holds, 1 .. 3600; none is carried after that.
        to: MSP id of whose service it is; "" where there is only one.
        subject: what a grant is for, a data set's id; "" where none is needed.
    """

    kind: str
    audience: str
    method: str
    target: str
    body: bytes
    lifetime_s: int
    to: str = ""
    subject: str = ""


def audience(uid: str) -> str:
    """For whom requests to a gateway are signed: none can hand them on to another one.

    >>> audience("HospitalBMSP/records")
    'fog/HospitalBMSP/records'
    """
    return f"fog/{uid}"


def submission(id: str, kind: str, payload: bytes = b"", **fields: Any) -> Document:
    """An order as it is sent.

    Args:
        id: chosen by the submitter; sent again, it is the same order.
        kind: as in ``retrieval.query``.
        payload: what its handler gets, at most 8 MiB.
        fields: ``subject``, ``command``, ``length``, ``deadline_ms``, ``if_late`` and, of
            ``compute.test``, ``class``.

    >>> submission("o1", "compute.test", length=500.0)["length"]
    500.0
    """
    return {
        "id": id,
        "kind": kind,
        "payload": base64.b64encode(payload).decode(),
        "sha256": sha256(payload).hexdigest(),
        **fields,
    }


def envelope(
    method: str, target: str, headers: Mapping[str, str], body: bytes, *, to: str
) -> bytes:
    """A signed request as it travels in an order: a line of JSON, then the body."""
    line = {"method": method, "target": target, "headers": dict(headers), "to": to}
    return json.dumps(line, separators=(",", ":")).encode() + b"\n" + body


class Orders(ServiceClient):
    """An order gateway, as one person whose requests it has carried.

    Args:
        gateway: as network.json names it.
        identity: signs the requests, and the orders that carry them.
        transport: in place of the network, for tests.
        clock: milliseconds UTC.
    """

    def __init__(
        self,
        gateway: FogGateway,
        identity: WalletIdentity,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], int] | None = None,
    ) -> None:
        super().__init__(
            f"{gateway.url.rstrip('/')}/v1",
            gateway.tls_ca,
            identity,
            audience=audience(gateway.uid),
            timeout_s=TIMEOUT_S,
            transport=transport,
            clock=clock,
        )
        self._identity, self._clock = identity, clock

    async def carry(self, errand: Errand, *, within_s: float = WITHIN_S) -> httpx.Response:
        """The service's answer; or a refusal, by the gateway or by the service.

        Of a refusal by the service the fog tells the code only. An order that no worker has
        started within ``within_s`` is withdrawn, and one that is not over when the signature ends;
        if it was too late for that, services answer a repeat as they answered before.

        Raises:
            NotCarried: no answer, and no refusal.
        """
        name = secrets.token_hex(16)
        order = await asyncio.to_thread(self._order, name, errand)
        taken = await self._call("POST", "/orders", order)
        if not taken.is_success:
            return taken
        return _told(await self._over(_read(taken), within_s, errand.lifetime_s))

    async def _over(self, order: Document, within_s: float, lifetime_s: float) -> Document:
        """The order once it is over.

        Raises:
            NotCarried: it is not, within the time; it was withdrawn.
        """
        now = time.monotonic()
        started_by, over_by = now + within_s, now + lifetime_s
        while order["state"] in _OPEN:
            by = over_by if order["state"] == "STARTED" else started_by
            left_s = by - time.monotonic()
            if left_s <= 0:
                await self._withdraw(order["id"])
                raise NotCarried(_why_not(order))
            path = f"/orders/{order['id']}?wait={min(left_s, WITHIN_S):.3f}"
            answer = await self._call("GET", path)
            if not answer.is_success:
                raise NotCarried(
                    f"The order gateway tells no more of the order: {said(answer).message}"
                )
            order = _read(answer)
        return order

    def _order(self, name: str, errand: Errand) -> str:
        """The order in JSON; some milliseconds' work for each MiB."""
        auth = SignedRequests(
            self._identity,
            audience=errand.audience,
            lifetime_s=errand.lifetime_s,
            clock=self._clock,
        )
        headers = auth.headers(errand.method, errand.target, {}, errand.body)
        payload = envelope(errand.method, errand.target, headers, errand.body, to=errand.to)
        about = {"subject": errand.subject} if errand.subject else {}
        return json.dumps(submission(name, errand.kind, payload, **about))

    async def _withdraw(self, name: str) -> None:
        with suppress(NotCarried):  # it ends with its signature's time
            await self._call("POST", f"/orders/{name}/cancel")

    async def _call(self, method: str, path: str, content: str | None = None) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, content=content)
        except httpx.HTTPError as error:
            message = f"The order gateway does not answer ({type(error).__name__})."
            raise NotCarried(message) from error
        if answer.status_code >= _AWAY or answer.status_code == _BUSY:
            raise NotCarried(f"The order gateway takes no order now: {said(answer).message}")
        return answer


def orders_of(
    network: NetworkFile,
    msp: str,
    identity: WalletIdentity,
    role: str,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Callable[[], int] | None = None,
) -> Orders | None:
    """The order gateway that carries somebody's requests to an organisation's services.

    None where the organisation has no fog, or where the person has not the role for it.
    """
    gateway = next((each for each in network.fog if each.msp == msp), None)
    if gateway is None or identity.role != role:
        return None
    return Orders(gateway, identity, transport=transport, clock=clock)


def _read(answer: httpx.Response) -> Document:
    try:
        order: Document = answer.json()
        order["id"], order["state"]
    except (ValueError, KeyError, TypeError) as error:
        raise NotCarried("The order gateway's answer cannot be read.") from error
    return order


def _told(order: Document) -> httpx.Response:
    """What became of an order that is over, as if the service had answered."""
    try:
        result = base64.b64decode(order.get("result") or "", validate=True)
    except (ValueError, TypeError) as error:
        raise NotCarried("The order gateway's answer cannot be read.") from error
    if order["state"] == "DONE":
        return httpx.Response(200, content=result)
    code = result.decode("ascii", "replace")
    if order["state"] not in {"FAILED", "CANCELLED"} or not code or code in _AGAIN:
        raise NotCarried(f"The order ended as {order['state']}{code and f' ({code})'}.")
    message = f"{code}; the fog carries no more of an answer than that."
    return httpx.Response(_REFUSED, json={"error": code, "message": message, "field": ""})


def _why_not(order: Document) -> str:
    if order["state"] == "NEW":
        return "No fog worker took the order; the institution starts one: `pmcb fog worker`."
    return "The order was not over in time, and was withdrawn."
