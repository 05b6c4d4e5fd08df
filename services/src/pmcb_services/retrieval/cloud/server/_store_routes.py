# SPDX-License-Identifier: Apache-2.0
"""Stores, leases and roots over HTTP."""

from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, ValidationError

from pmcb_client.http_identity import Caller, RequestChecker
from pmcb_services.common import ErrorCode, ServiceError, SignedCaller
from pmcb_services.retrieval.cloud._cloud import Cloud, Root, StoreDescriptor
from pmcb_services.retrieval.cloud._wire import OCTETS
from pmcb_services.retrieval.errors import InputError

from ._access import BODY_S, ROLE, Descriptors, StoreCaller, fence_of

__all__ = ["root_routes", "store_routes"]

MAX_ROOT = 64 * 2**20
DOCUMENT = 4096
_Model = TypeVar("_Model", bound=BaseModel)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _NewStore(_Body):
    name: str
    schema_digest: str
    blob_size: int
    log_size: int


class _NewLease(_Body):
    holder: str
    seconds: float


def store_routes(cloud: Cloud, checker: RequestChecker, descriptors: Descriptors) -> APIRouter:
    """``/v1/stores``, and a store's lease."""
    routes = APIRouter()
    creator = SignedCaller(checker, roles=(ROLE,), body_bytes=DOCUMENT, body_s=BODY_S)
    asker = StoreCaller(checker, descriptors)
    writer = StoreCaller(checker, descriptors, body_bytes=DOCUMENT)

    @routes.post("/v1/stores", status_code=201)
    def create(request: Request, caller: Annotated[Caller, Depends(creator)]) -> StoreDescriptor:
        """Begin a store, for the caller's organisation."""
        asked = _read(request, _NewStore)
        descriptor = StoreDescriptor(**asked.model_dump(), owner=caller.msp_id)
        cloud.create(descriptor)
        found = cloud.describe(descriptor.name)
        if found.owner != caller.msp_id:
            raise ServiceError(ErrorCode.FORBIDDEN, "The store belongs to another organisation.")
        return found

    @routes.get("/v1/stores/{store}")
    def describe(store: str, _: Annotated[Caller, Depends(asker)]) -> StoreDescriptor:
        """The public descriptor."""
        return cloud.describe(store)

    @routes.post("/v1/stores/{store}/lease")
    def lease(
        store: str, request: Request, _: Annotated[Caller, Depends(writer)]
    ) -> dict[str, str | int | float]:
        """Take or renew the lease."""
        asked = _read(request, _NewLease)
        found = cloud.lease(store, asked.holder, asked.seconds)
        return {"holder": found.holder, "fence": found.fence, "seconds": found.seconds}

    @routes.delete("/v1/stores/{store}/lease", status_code=204)
    def release(store: str, request: Request, _: Annotated[Caller, Depends(asker)]) -> None:
        """Give it back."""
        cloud.release(store, fence_of(request))

    return routes


def root_routes(cloud: Cloud, checker: RequestChecker, descriptors: Descriptors) -> APIRouter:
    """``/v1/stores/{store}/root``."""
    routes = APIRouter()
    asker = StoreCaller(checker, descriptors)
    writer = StoreCaller(checker, descriptors, body_bytes=MAX_ROOT)

    @routes.get("/v1/stores/{store}/root", response_class=Response)
    def root(store: str, _: Annotated[Caller, Depends(asker)]) -> Response:
        """The newest root, its version as ``ETag``; 204 where there is none yet."""
        found = cloud.root(store)
        if found is None:
            return Response(status_code=204)
        return Response(
            found.sealed,
            headers={"ETag": f'"{found.version}"'},
            media_type=OCTETS,
        )

    @routes.put("/v1/stores/{store}/root", status_code=204)
    def put_root(store: str, request: Request, _: Annotated[Caller, Depends(writer)]) -> None:
        """Replace the root whose version ``If-Match`` names, "0" where there is none yet."""
        new = Root(_version(request) + 1, request.state.body)
        cloud.put_root(store, fence_of(request), new)

    return routes


def _version(request: Request) -> int:
    text = request.headers.get("If-Match", "").strip('"')
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        message = "The version of the present root is needed, as a number in quotes."
        raise ServiceError(ErrorCode.BAD_REQUEST, message, field="If-Match")
    return int(text)


def _read(request: Request, kind: type[_Model]) -> _Model:
    """The document in a request's body."""
    try:
        return kind.model_validate_json(request.state.body)
    except ValidationError as error:
        place = error.errors(include_input=False, include_url=False)[0]["loc"]
        field = str(place[0]) if place and place[0] in kind.model_fields else ""
        named = ", ".join(kind.model_fields)
        raise InputError(f"The body is a JSON object of {named}.", field=field) from None
