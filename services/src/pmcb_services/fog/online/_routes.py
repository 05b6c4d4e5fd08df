# SPDX-License-Identifier: Apache-2.0
"""The gateway's paths."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import ValidationError

from pmcb_client.http_identity import Caller, RequestChecker
from pmcb_services.common import ErrorCode, ServiceError, SignedCaller
from pmcb_services.common._bodies import body_of, read_body
from pmcb_services.fog.errors import FogError, Overloaded

from ._bodies import Batch, Drain, Resolve, Submission
from ._gateway import Gateway
from ._order import Order
from ._shown import shown

__all__ = ["MAX_BODY_BYTES", "operator_routes", "order_routes"]

MAX_BODY_BYTES = 12 * 2**20
"""A payload of 8 MiB in base64, and what is said beside it."""

BODY_S = 60.0
WAIT_S = 60.0

Id = Annotated[str, Path(pattern="^[A-Za-z0-9._-]{1,64}$")]
Wait = Annotated[float, Query(ge=0, le=WAIT_S)]
Document = dict[str, Any]


def order_routes(gateway: Gateway, checker: RequestChecker) -> APIRouter:
    """What submitters ask.

    Args:
        gateway: behind the routes.
        checker: who calls.
    """
    router = APIRouter(prefix="/v1")
    signed = SignedCaller(checker, body_bytes=MAX_BODY_BYTES, body_s=BODY_S)
    Who = Annotated[Caller, Depends(signed)]  # noqa: N806  # a type
    desk = gateway.desk

    @router.post("/orders", status_code=202, openapi_extra=body_of(Submission))
    async def submit(who: Who, request: Request) -> Response:
        """Take an order; the same again is the same order."""
        asked = read_body(request.state.body, Submission)
        [found] = await desk.submit(who, [asked])
        if isinstance(found, FogError):
            raise found
        return _accepted(shown(found), f"/v1/orders/{found.id}")

    @router.post("/orders:batch", status_code=202, openapi_extra=body_of(Batch))
    async def submit_batch(who: Who, request: Request) -> Response:
        """Take up to 1000 orders; each is answered by itself."""
        asked = _submissions(read_body(request.state.body, Batch))
        found = await desk.submit(who, asked)
        return _accepted({"orders": [*map(_told, asked, found)]})

    @router.get("/orders/{id}")
    async def status(who: Who, id: Id, wait: Wait = 0.0) -> Document:
        """An order, once it is over or ``wait`` seconds have passed."""
        return await desk.status(who, id, wait)

    @router.post("/orders/{id}/cancel")
    async def cancel(who: Who, id: Id) -> Document:
        """End an order that has not started."""
        return await desk.cancel(who, id)

    return router


def operator_routes(gateway: Gateway, checker: RequestChecker) -> APIRouter:
    """What operators ask; see `order_routes`."""
    router = APIRouter(prefix="/v1")
    signed = SignedCaller(checker, body_bytes=MAX_BODY_BYTES, body_s=BODY_S)
    Who = Annotated[Caller, Depends(signed)]  # noqa: N806  # a type
    desk = gateway.desk

    @router.post("/orders/{id}/resolve", openapi_extra=body_of(Resolve))
    async def resolve(who: Who, id: Id, request: Request) -> Document:
        """Decide what became of an order that is UNKNOWN or DEAD."""
        return await desk.resolve(who, id, read_body(request.state.body, Resolve).decision)

    @router.get("/plan")
    async def plan(who: Who) -> Document:
        """The newest plan of what waits, with its certificate."""
        desk.check_operator(who)
        return {"plan": await gateway.newest_plan()}

    @router.get("/servers")
    async def servers(who: Who) -> Document:
        """The servers as they are now."""
        return {"servers": desk.servers(who)}

    @router.post("/servers/{id}/drain", openapi_extra=body_of(Drain))
    async def drain_server(who: Who, id: Id, request: Request) -> Document:
        """Begin nothing more on a server, or begin again."""
        desk.check_operator(who)
        draining = read_body(request.state.body, Drain).draining
        await gateway.drain_server(id, draining=draining)
        return {"server": id, "draining": draining}

    @router.post("/drain", openapi_extra=body_of(Drain))
    async def drain(who: Who, request: Request) -> Document:
        """Take and begin nothing more at all, or begin again."""
        desk.check_operator(who)
        draining = read_body(request.state.body, Drain).draining
        await gateway.drain(draining=draining)
        return {"draining": draining}

    @router.get("/dead")
    async def dead(who: Who) -> Document:
        """Orders that wait for an operator."""
        return {"orders": await desk.dead(who)}

    @router.get("/events")
    async def events(
        who: Who, after: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1)] = 1000
    ) -> Document:
        """The event log, from after a line on."""
        return {"events": await desk.events(who, after, min(limit, 10_000))}

    return router


def _submissions(batch: Batch) -> list[Submission]:
    """Each order of a batch.

    Raises:
        ServiceError: names the place of the first that cannot be.
    """
    found = []
    for at, each in enumerate(batch.orders):
        try:
            found.append(Submission.model_validate(each))
        except ValidationError as error:
            place = error.errors(include_input=False, include_url=False)[0]["loc"]
            field = "/".join(map(str, ("orders", at, *place)))
            message = f"'{field}' is missing, unknown or malformed."
            raise ServiceError(ErrorCode.BAD_REQUEST, message, field=field) from None
    return found


def _told(asked: Submission, found: Order | FogError) -> Document:
    if isinstance(found, Order):
        return shown(found)
    told = {"id": asked.id, "error": found.code, "message": str(found), "field": found.field}
    if isinstance(found, Overloaded):
        return {**told, "retry_after_s": found.retry_after_s}
    return told


def _accepted(document: Document, location: str | None = None) -> Response:
    headers = {} if location is None else {"Location": location}
    return Response(json.dumps(document), 202, headers, "application/json")
