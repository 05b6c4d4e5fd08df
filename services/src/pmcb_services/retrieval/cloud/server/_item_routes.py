# SPDX-License-Identifier: Apache-2.0
"""Pools and logs over HTTP: items of fixed size end to end, at most 4 MiB at a time."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from pmcb_client.http_identity import Caller, RequestChecker
from pmcb_services.common import ErrorCode, ServiceError
from pmcb_services.retrieval.cloud._cloud import LABEL_SIZE, Cloud
from pmcb_services.retrieval.cloud._wire import OCTETS, SLICE

from ._access import Descriptors, StoreCaller, fence_of
from ._short_reads import ShortReads

__all__ = ["log_routes", "pool_routes"]

After = Annotated[str, Query(pattern="^([0-9a-f]{32})?$", description="A label in hex.")]
Limit = Annotated[int, Query(ge=1, description="Items; never more than 4 MiB of them.")]
Position = Annotated[int, Query(ge=0)]


def pool_routes(cloud: Cloud, checker: RequestChecker, descriptors: Descriptors) -> APIRouter:
    """``/v1/stores/{store}/pools``."""
    routes = APIRouter(prefix="/v1/stores/{store}")
    asker = StoreCaller(checker, descriptors)
    writer = StoreCaller(checker, descriptors, body_bytes=SLICE)

    @routes.get("/pools")
    def pools(store: str, _: Annotated[Caller, Depends(asker)]) -> dict[str, list[str]]:
        """Names of the pools."""
        return {"pools": cloud.pools(store)}

    @routes.put("/pools/{pool}", status_code=204)
    def put_pool(
        store: str, pool: str, request: Request, _: Annotated[Caller, Depends(writer)]
    ) -> None:
        """Add items, ascending by label."""
        cloud.put_pool(store, fence_of(request), pool, request.state.body)

    @routes.delete("/pools/{pool}", status_code=204)
    def drop_pool(
        store: str, pool: str, request: Request, _: Annotated[Caller, Depends(asker)]
    ) -> None:
        """Remove a pool."""
        cloud.drop_pool(store, fence_of(request), pool)

    @routes.get("/pools/{pool}", response_class=Response)
    def read_pool(
        store: str, pool: str, limit: Limit, _: Annotated[Caller, Depends(asker)], after: After = ""
    ) -> Response:
        """Items, ascending by label."""
        most = _fitting(limit, cloud.describe(store).blob_size)
        found = cloud.read_pool(store, pool, bytes.fromhex(after), most)
        return Response(found, media_type=OCTETS)

    read = ShortReads(cloud)

    @routes.post("/pools/{pool}/fetch", response_class=Response)
    async def fetch(
        store: str, pool: str, request: Request, _: Annotated[Caller, Depends(writer)]
    ) -> Response:
        """The blobs of the labels, in their order; an unknown one is 404, and nothing is told."""
        labels: bytes = request.state.body
        fence, described = fence_of(request), await descriptors.of(store)
        if len(labels) // LABEL_SIZE * described.blob_size > SLICE:
            message = f"The blobs would hold more than {SLICE:,} bytes."
            raise ServiceError(ErrorCode.TOO_LARGE, message, field="labels")
        found = await read(lambda: cloud.fetch(store, fence, pool, labels))
        return Response(found, media_type=OCTETS)

    return routes


def log_routes(cloud: Cloud, checker: RequestChecker, descriptors: Descriptors) -> APIRouter:
    """``/v1/stores/{store}/log``."""
    routes = APIRouter(prefix="/v1/stores/{store}")
    asker = StoreCaller(checker, descriptors)
    writer = StoreCaller(checker, descriptors, body_bytes=SLICE)

    @routes.post("/log", status_code=204)
    def append(
        store: str, first: Position, request: Request, _: Annotated[Caller, Depends(writer)]
    ) -> None:
        """Write log items from a position on."""
        cloud.append(store, fence_of(request), first, request.state.body)

    @routes.get("/log", response_class=Response)
    def read_log(
        store: str, first: Position, limit: Limit, _: Annotated[Caller, Depends(asker)]
    ) -> Response:
        """Log items; ``PMCB-First`` is the position of the first one."""
        found = cloud.read_log(store, first, _fitting(limit, cloud.describe(store).log_size))
        return Response(found.items, headers={"PMCB-First": str(found.first)}, media_type=OCTETS)

    @routes.post("/log/trim", status_code=204)
    def trim(
        store: str, before: Position, request: Request, _: Annotated[Caller, Depends(asker)]
    ) -> None:
        """Forget log items below a position."""
        cloud.trim(store, fence_of(request), before)

    return routes


def _fitting(limit: int, size: int) -> int:
    return min(limit, SLICE // (LABEL_SIZE + size))
