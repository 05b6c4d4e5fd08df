# SPDX-License-Identifier: Apache-2.0
"""The content store over HTTP: sealed files and notices in, receipts out."""

import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

from fastapi import Depends, FastAPI, Path, Request, Response

from pmcb_client.http_identity import Caller, RequestChecker
from pmcb_client.sealing import MAX_BLOB_BYTES, Blob, Damaged, Kind
from pmcb_client.wallet import WalletIdentity
from pmcb_services.common import ErrorCode, Running, ServiceError, SignedCaller, application

from ._blobs import Blobs
from ._keeper import Keeper, check_hash
from ._notices import Digest, notice_routes

__all__ = ["QUOTA_BYTES", "content_application"]

QUOTA_BYTES = 256 * 1024 * 1024
UPLOAD_S = 300.0  # the largest file at 14 KiB/s: receivers send over the phone's network
_OWN = {Kind.ANSWER, Kind.SHARE}  # of a holder; the others are a releaser's

Task = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Subtask = Annotated[int, Path(ge=0, le=63)]


def content_application(
    blobs: Blobs,
    checker: RequestChecker,
    identity: WalletIdentity,
    *,
    quota_bytes: int = QUOTA_BYTES,
    while_running: Running | None = None,
    clock: Callable[[], int] | None = None,
) -> FastAPI:
    """The application.

    Args:
        blobs: where the files are.
        checker: who calls; its audience is ``content``.
        identity: signs receipts.
        quota_bytes: what a person may put on a day (UTC).
        while_running: entered when the service starts, left when it ends.
        clock: milliseconds UTC.
    """
    now_ms = clock or (lambda: time.time_ns() // 1_000_000)
    keeper = Keeper(blobs, identity, quota_bytes, now_ms)

    async def ready() -> str:
        await blobs.find("0" * 64)
        return ""

    app = application(
        "PMCB content store",
        version=version("pmcb-services"),
        ready=ready,
        while_running=while_running,
    )
    writer = SignedCaller(
        checker, roles=("receiver", "releaser"), body_bytes=MAX_BLOB_BYTES, body_s=UPLOAD_S
    )
    reader = SignedCaller(checker)
    owner = SignedCaller(checker, roles=("institution", "releaser"))

    @app.put("/v1/blobs/{digest}")
    async def put(
        digest: Digest, request: Request, caller: Annotated[Caller, Depends(writer)]
    ) -> dict[str, str | int]:
        """Keep a sealed file under its hash; the answer is a signed receipt.

        The same file again is the same; its receipt tells when it came first.
        """
        data = check_hash(request.state.body, digest)
        return await keeper.keep_blob(_sealed(data, caller), caller)

    @app.get("/v1/blobs/{digest}", response_class=Response)
    async def get(digest: Digest, _: Annotated[Caller, Depends(reader)]) -> Response:
        """A sealed file; whoever reads it checks its hash."""
        return Response(await blobs.get(digest), media_type="application/octet-stream")

    @app.delete("/v1/blobs/{digest}", status_code=204)
    async def delete(digest: Digest, caller: Annotated[Caller, Depends(owner)]) -> None:
        """Forget an answer: whom it was sealed for has it, or wants it no more.

        Who asks for it later is told so (``FORGOTTEN``), and whose it was, since hashes can be
        copied: it is not that receiver's fault.
        """
        blob = Blob.parse(await blobs.get(digest))
        if blob.kind is not Kind.ANSWER or caller.uid not in blob.wraps:
            raise ServiceError(ErrorCode.FORBIDDEN, "It is no answer that the caller may read.")
        await blobs.forget(digest, blob.place)

    @app.get("/v1/listings/{task}/{subtask}")
    async def listing(
        task: Task, subtask: Subtask, _: Annotated[Caller, Depends(reader)]
    ) -> dict[str, list[dict[str, str | int]]]:
        """The shares that holders passed on, by slot."""
        found = await blobs.shares(task, subtask)
        return {"shares": [one.as_document() for one in found]}

    app.include_router(notice_routes(keeper, checker))
    return app


def _sealed(data: bytes, caller: Caller) -> Blob:
    """The file, if it is one that the caller may put here."""
    try:
        blob = Blob.parse(data)
    except Damaged as error:
        raise ServiceError(ErrorCode.NOT_SEALED, "Only sealed files are kept here.") from error
    is_own = blob.place.holder == caller.uid
    if not (is_own if blob.kind in _OWN else caller.role == "releaser"):
        raise ServiceError(ErrorCode.FORBIDDEN, "The file belongs to somebody else's slot.")
    return blob
