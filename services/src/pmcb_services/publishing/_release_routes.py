# SPDX-License-Identifier: Apache-2.0
"""Releases over HTTP: their files, and what follows from them free of charge."""

import asyncio
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Query, Response

from pmcb_client.http_identity import Caller, RequestChecker
from pmcb_services.common import ErrorCode, ServiceError, SignedCaller

from ._answers import entry_document, score_documents
from ._assembly import Publishing
from ._entries import Entry, State
from ._institution_routes import RequestId
from ._release import Release, zipped
from ._requests import Kind
from ._units import cluster_documents

__all__ = ["READERS", "published", "release_routes"]

READERS = ("analyst", "institution")
CHOICES = range(2, 11)
HELD = 4
"""Releases that are kept in memory."""

ZIP = "release.zip"
_TYPES = {"html": "text/html", "json": "application/json", "csv": "text/csv"}

T = TypeVar("T")
Clusters = Annotated[int, Query(ge=1, le=64)]


def release_routes(service: Publishing, checker: RequestChecker) -> APIRouter:
    """The routes.

    Args:
        service: behind them.
        checker: who calls.
    """
    router = APIRouter(prefix="/v1/releases/{request_hash}")
    opened = lru_cache(HELD)(service.work.release)
    Reader = Annotated[Caller, Depends(SignedCaller(checker, roles=READERS))]  # noqa: N806  # a type

    async def of_release(request_hash: str, look: Callable[[Release], T]) -> T:
        entry = await published(service, request_hash)
        return await asyncio.to_thread(lambda: look(opened(entry.id, entry.release_hash)))

    @router.get("")
    async def release(request_hash: RequestId, _: Reader) -> dict[str, object]:
        """How far a request has come: pending, running, published or lost."""
        entry = await service.find(request_hash)
        visible = service.is_visible(entry)
        document = entry_document(entry, await service.version_of(entry), visible=visible)
        if not visible:
            return document
        if entry.request.kind is Kind.METRICS:
            found = service.work.answer
            return document | await asyncio.to_thread(found, entry.id, entry.release_hash)
        names = await of_release(request_hash, _names)
        return {**document, "files": names}

    @router.get("/files/{name}", response_class=Response)
    async def file(request_hash: RequestId, name: str, _: Reader) -> Response:
        """A file of a release; ``release.zip`` for all."""
        data = await of_release(request_hash, partial(_file, name))
        if data is None:
            raise ServiceError(ErrorCode.NOT_FOUND, "The release has no such file.")
        kind = _TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        return Response(data, media_type=kind, headers=headers)

    @router.get("/clusters")
    async def clusters(request_hash: RequestId, _: Reader, k: Clusters) -> dict[str, object]:
        """The k means of a release, with sizes; free."""
        return await of_release(request_hash, partial(_clusters, k))

    @router.get("/medoids")
    async def medoids(request_hash: RequestId, _: Reader, k: Clusters) -> dict[str, object]:
        """The k medians of a release, at values that a record can have; free."""
        return await of_release(request_hash, partial(_medoids, k))

    @router.get("/scores")
    async def scores(request_hash: RequestId, _: Reader) -> dict[str, object]:
        """How well 2 to 10 clusters fit; free."""
        return await of_release(request_hash, _scores)

    return router


async def published(service: Publishing, request_hash: str) -> Entry:
    """The release that was published under this id.

    Raises:
        ServiceError: ``NOT_FOUND``; it is not there, or not yet.
    """
    entry = await service.find(request_hash)
    if entry.request.kind is not Kind.RELEASE or not service.is_visible(entry):
        state = "lost" if entry.state is State.LOST else "not published yet"
        raise ServiceError(ErrorCode.NOT_FOUND, f"The release is {state}.")
    return entry


def _names(release: Release) -> list[str]:
    return [*sorted(release.files), ZIP]


def _file(name: str, release: Release) -> bytes | None:
    return zipped(release.files) if name == ZIP else release.files.get(name)


def _clusters(k: int, release: Release) -> dict[str, object]:
    return {"k": k, "clusters": cluster_documents(release.schema, release.clusters(k))}


def _medoids(k: int, release: Release) -> dict[str, object]:
    return {"k": k, "medoids": cluster_documents(release.schema, release.medoids(k))}


def _scores(release: Release) -> dict[str, object]:
    return {"scores": score_documents(release.scores(CHOICES))}
