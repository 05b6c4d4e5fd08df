# SPDX-License-Identifier: Apache-2.0
"""Notices over HTTP: public words of releasers, for everybody enrolled to read."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from pmcb_client.content import MAX_NOTICE_BYTES, notice_text
from pmcb_client.http_identity import Caller, RequestChecker
from pmcb_services.common import ErrorCode, ServiceError, SignedCaller

from ._keeper import Keeper, check_hash

__all__ = ["Digest", "notice_routes"]

Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the file")]


def notice_routes(keeper: Keeper, checker: RequestChecker) -> APIRouter:
    """``PUT`` and ``GET /v1/notices/{digest}``."""
    routes = APIRouter()
    writer = SignedCaller(checker, roles=("releaser",), body_bytes=MAX_NOTICE_BYTES)
    reader = SignedCaller(checker)

    @routes.put("/v1/notices/{digest}")
    async def put_notice(
        digest: Digest, request: Request, caller: Annotated[Caller, Depends(writer)]
    ) -> dict[str, str | int]:
        """Keep a task's notice under its hash; the answer is a signed receipt."""
        data = check_hash(request.state.body, digest)
        try:
            notice_text(data)
        except ValueError as error:
            raise ServiceError(ErrorCode.NOT_TEXT, ErrorCode.NOT_TEXT.meaning) from error
        return await keeper.keep_notice(digest, data, caller)

    @routes.get("/v1/notices/{digest}", response_class=Response)
    async def get_notice(digest: Digest, _: Annotated[Caller, Depends(reader)]) -> Response:
        """A notice; whoever reads it checks its hash."""
        data = await keeper.blobs.get(digest, shelf="notices")
        return Response(data, media_type="text/plain; charset=utf-8")

    return routes
