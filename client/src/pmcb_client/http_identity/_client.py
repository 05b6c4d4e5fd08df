# SPDX-License-Identifier: Apache-2.0
"""The way to a service as one person: every call signed, refusals told in one shape."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

import httpx

from ._sign import SignedRequests

if TYPE_CHECKING:
    from pmcb_client.orders import Orders
    from pmcb_client.wallet import WalletIdentity

__all__ = ["Said", "ServiceClient", "said"]


class ServiceClient:
    """What clients of services derive from; entered, it may be used, and left, it is closed.

    Args:
        url: of the service.
        tls_ca: roots (PEM) of its TLS certificate; empty for the machine's own.
        identity: signs every request.
        audience: the service's name, as it checks it.
        timeout_s: seconds that an answer may take.
        transport: in place of the network, for tests.
        clock: milliseconds UTC, with which requests are signed.
        orders: the fog that carries some of the calls; None where it carries none.
    """

    def __init__(
        self,
        url: str,
        tls_ca: str,
        identity: WalletIdentity,
        *,
        audience: str,
        timeout_s: float,
        transport: httpx.AsyncBaseTransport | None,
        clock: Callable[[], int] | None,
        orders: Orders | None = None,
    ) -> None:
        self._orders = orders
        self._http = httpx.AsyncClient(
            base_url=url,
            auth=SignedRequests(identity, audience=audience, clock=clock),
            timeout=timeout_s,
            transport=transport,
            verify=_trusting(tls_ca),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()
        if self._orders is not None:
            await self._orders.__aexit__(kind, error, trace)


@cache
def _trusting(tls_ca: str) -> ssl.SSLContext:
    """Read once in a process: a hundred roots take longer than a call, and clients come and go."""
    return ssl.create_default_context(cadata=tls_ca) if tls_ca else httpx.create_ssl_context()


class Said(NamedTuple):
    """Why a service refused: its code, a sentence, and the part of the request to blame."""

    code: str
    message: str
    field: str


def said(answer: httpx.Response) -> Said:
    """What an answer that is no success says; without a code where it is no service's."""
    try:
        document = answer.json()
        return Said(*(str(document[key]) for key in ("error", "message", "field")))
    except (ValueError, KeyError, TypeError):
        return Said("", f"it answered {answer.status_code}.", "")
