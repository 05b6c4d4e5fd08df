# SPDX-License-Identifier: Apache-2.0
"""The intake over HTTP: observations of the institution's own collectors, receipts out."""

import asyncio
import hashlib
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request

from pmcb_client.content import Receipt
from pmcb_client.fields import Field
from pmcb_client.http_identity import Caller, RequestChecker
from pmcb_client.wallet import WalletIdentity
from pmcb_services.common import ErrorCode, Running, ServiceError, SignedCaller, application

from ._observation import MAX_BODY_BYTES, Observation, read_observation
from ._table import Intake, Source

__all__ = ["AUDIENCE", "intake_application"]

AUDIENCE = "intake"
COLLECTORS = ("institution", "worker")


def intake_application(
    intake: Intake,
    checker: RequestChecker,
    identity: WalletIdentity,
    fields: Mapping[str, Field] | None,
    *,
    while_running: Running | None = None,
    clock: Callable[[], int] | None = None,
) -> FastAPI:
    """The application.

    Args:
        intake: the table.
        checker: who calls; its audience is ``intake``.
        identity: the institution, which signs receipts.
        fields: what may be observed; None where no observations are taken.
        while_running: entered when the service starts, left when it ends.
        clock: milliseconds UTC.
    """
    now_ms = clock or (lambda: time.time_ns() // 1_000_000)

    async def ready() -> str:
        try:
            await asyncio.to_thread(intake.state, Source.observation(""))
        except sqlite3.Error:
            return "the table cannot be read"
        return ""

    app = application(
        "PMCB intake", version=version("pmcb-services"), ready=ready, while_running=while_running
    )
    if fields is None:
        return app
    collector = SignedCaller(checker, roles=COLLECTORS, body_bytes=MAX_BODY_BYTES)

    @app.post("/v1/observations", openapi_extra={"requestBody": _body()})
    async def observe(
        request: Request, caller: Annotated[Caller, Depends(collector)]
    ) -> dict[str, str | int]:
        """Take observations of one subject in; the answer is a signed receipt.

        Signed by a worker or an institution identity of this institution's organisation. The same
        body again is the same observation; its receipt tells when it came first.
        """
        if caller.msp_id != identity.msp_id:
            raise ServiceError(
                ErrorCode.FORBIDDEN, "Collectors are of the institution's own organisation."
            )
        body: bytes = request.state.body
        digest = hashlib.sha256(body).hexdigest()
        at_ms = await asyncio.to_thread(_taken, intake, digest, body, fields, now_ms())
        return Receipt.sign(digest, len(body), caller.uid, at_ms, identity).as_document()

    return app


def _taken(
    intake: Intake, digest: str, body: bytes, fields: Mapping[str, Field], now_ms: int
) -> int:
    """When it was taken in: now, or before."""
    source = Source.observation(digest)
    try:
        with suppress(KeyError):
            return intake.taken_ms(source)
        subject_ref, rows = read_observation(body, fields, now_ms=now_ms)
        is_first = intake.take(source, subject_ref, rows, now_ms=now_ms)
        return now_ms if is_first else intake.taken_ms(source)  # the same, sent twice at once
    except sqlite3.OperationalError as error:
        raise ServiceError(ErrorCode.STORE_UNAVAILABLE, "The table cannot be written.") from error


def _body() -> dict[str, Any]:
    schema = Observation.model_json_schema(ref_template="#/components/schemas/{model}")
    schema["properties"]["rows"]["items"] = schema.pop("$defs")["ObservedRow"]
    return {"required": True, "content": {"application/json": {"schema": schema}}}
