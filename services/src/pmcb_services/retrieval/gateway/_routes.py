# SPDX-License-Identifier: Apache-2.0
"""The gateway's paths."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel

from pmcb_client.http_identity import Caller, RequestChecker, Unauthenticated
from pmcb_client.http_identity._message import CERTIFICATE
from pmcb_services.common import ServiceError, SignedCaller
from pmcb_services.common._bodies import body_of
from pmcb_services.retrieval.errors import RetrievalError

from ._bodies import Analyse, Colour, Delete, Insert, NewTerms, Patient, Profile, Query
from ._desk import Asker, Desk
from ._gateway import Gateway

__all__ = ["MAX_BODY_BYTES", "list_routes", "look_routes", "work_routes"]

MAX_BODY_BYTES = 2**24
BODY_S = 60.0
STORE = "/v1/stores/{store}"
LONG = 200  # rows: a millisecond's writing

_MODES: tuple[tuple[str, type[BaseModel], Callable[..., Awaitable[dict[str, object]]]], ...] = (
    ("query", Query, Desk.query),
    ("analyse", Analyse, Desk.analyse),
    ("profile", Profile, Desk.profile),
    ("patient", Patient, Desk.patient),
    ("insert", Insert, Desk.insert),
    ("delete", Delete, Desk.delete),
)

Grant = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


@dataclass(frozen=True)
class Asked:
    """A request: at which desk, by whom, and its body."""

    desk: Desk
    by: Asker
    body: bytes


class StoreAsked:
    """A FastAPI dependency: a signed request to the store that the path names."""

    def __init__(self, gateway: Gateway, checker: RequestChecker, *, body_bytes: int = 0) -> None:
        self._gateway = gateway
        self._signed = SignedCaller(checker, body_bytes=body_bytes, body_s=BODY_S)

    async def __call__(self, request: Request) -> Asked:
        """Check the request.

        Raises:
            ServiceError: ``TOO_LARGE`` or ``TOO_SLOW``.
            Unauthenticated: nobody signed it.
            UnknownStore: there is no such store.
        """
        store = request.path_params["store"]
        try:
            caller = await self._signed(request)
            desk = await self._gateway.desk(store)
        except Unauthenticated as error:
            self._gateway.turn_away(store, error.reason)
            raise
        except (RetrievalError, ServiceError) as error:
            self._gateway.turn_away(store, str(error.code))
            raise
        certificate = sha256(base64.b64decode(request.headers[CERTIFICATE])).hexdigest()
        return Asked(desk, Asker(caller, certificate), request.state.body)


def list_routes(gateway: Gateway, checker: RequestChecker) -> APIRouter:
    """Which stores there are; see `work_routes`."""
    router = APIRouter(prefix="/v1")
    Anybody = Annotated[Caller, Depends(SignedCaller(checker))]  # noqa: N806  # a type

    @router.get("/stores")
    async def stores(_: Anybody) -> dict[str, object]:
        """The stores that are served, and what they are on the ledger."""
        found = await gateway.desks()
        return {"stores": [{"name": name, "dataset": one.dataset} for name, one in found.items()]}

    return router


def look_routes(gateway: Gateway, checker: RequestChecker) -> APIRouter:
    """What anybody who is enrolled may know of a store; see `work_routes`."""
    router = APIRouter(prefix=STORE)
    At = Annotated[Asked, Depends(StoreAsked(gateway, checker))]  # noqa: N806  # a type

    @router.get("/schema")
    async def schema(at: At) -> dict[str, object]:
        """What can be searched."""
        return at.desk.schema.document()

    @router.get("/status")
    async def status(at: At) -> dict[str, object]:
        """Sizes and counts."""
        return await at.desk.status(at.by)

    @router.get("/leakage")
    async def leakage(at: At) -> dict[str, object]:
        """What the cloud learns of the store and of each request."""
        return await at.desk.leakage()

    return router


def work_routes(gateway: Gateway, checker: RequestChecker) -> APIRouter:
    """What takes a grant, or is the owner's to do.

    Args:
        gateway: behind the routes.
        checker: who calls.
    """
    router = APIRouter(prefix=STORE)
    asked = StoreAsked(gateway, checker, body_bytes=MAX_BODY_BYTES)
    At = Annotated[Asked, Depends(asked)]  # noqa: N806  # a type

    def add(
        mode: str, kind: type[BaseModel], work: Callable[..., Awaitable[dict[str, object]]]
    ) -> None:
        async def served(at: At) -> Response:
            return await _answered(work(at.desk, at.by, at.body))

        summary = (work.__doc__ or "").partition("\n")[0]
        router.post(f"/{mode}", name=mode, summary=summary, openapi_extra=body_of(kind))(served)

    for mode, kind, work in _MODES:
        add(mode, kind, work)

    @router.put("/colours/{name}", openapi_extra=body_of(Colour))
    async def colour(name: str, at: At) -> Response:
        """Say which patients have a disease."""
        return await _answered(at.desk.colour(at.by, name, at.body))

    @router.put("/grants/{grant}/terms", openapi_extra=body_of(NewTerms))
    async def terms(grant: Grant, at: At) -> Response:
        """Say what a grant reaches."""
        return await _answered(at.desk.set_terms(at.by, grant, at.body))

    return router


async def _answered(work: Awaitable[dict[str, object]]) -> Response:
    """A document; one that is long is written in a thread."""
    document = await work
    if sum(len(each) for each in document.values() if isinstance(each, list)) < LONG:
        text = json.dumps(document)
    else:
        text = await asyncio.to_thread(json.dumps, document)
    return Response(text, media_type="application/json")
