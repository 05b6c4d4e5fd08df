# SPDX-License-Identifier: Apache-2.0
"""Where fog workers hand commands in."""

from __future__ import annotations

import asyncio
import base64
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from pmcb_services.common import ErrorCode, ServiceError, application
from pmcb_services.common._bearer import check_bearer
from pmcb_services.common._bodies import Body, body_of, read_body
from pmcb_services.common._incoming import BODY_S, whole_body
from pmcb_services.fog._refusals import answer_refusals
from pmcb_services.fog.errors import FogError

from ._adapter import Adapter
from ._command import Command, Outcome
from ._devices import NAME

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ._devices import Devices
    from ._memory import Memory

__all__ = ["adapter_application"]

MAX_BODY_BYTES = 12 * 2**20
"""A payload of 8 MiB in base64, and what is around it."""


class CommandBody(Body):
    """What a fog worker sends."""

    order: str = Field(pattern=f"^{NAME}$", description="Its id; a repeat has the same.")
    epoch: int = Field(ge=0, lt=2**53, description="Of the attempt; a lower one is refused.")
    device: str = Field(pattern=f"^{NAME}/{NAME}$", description="MSP/NAME.")
    command: str = Field(pattern=f"^{NAME}$", description="`add`, `remove`, or a device's own.")
    payload: str = Field(default="", description="Base64.")


def adapter_application(devices: Devices, memory: Memory) -> FastAPI:
    """The application; when it ends, it waits for what has been begun.

    Args:
        devices: that it may speak to.
        memory: of this adapter alone.
    """
    adapter = Adapter(devices, memory)

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        async with adapter:
            yield

    async def ready() -> str:
        try:
            await asyncio.to_thread(memory.is_here, "")
        except FogError as error:
            return str(error)
        return ""

    app = application(
        "PMCB device adapter",
        version=version("pmcb-services"),
        ready=ready,
        while_running=running(),
    )
    answer_refusals(app)

    @app.post("/v1/commands", openapi_extra=body_of(CommandBody))
    async def take(request: Request) -> Response:
        """Do what an order says, once; a repeat gets the same answer."""
        check_bearer(request.headers.get("Authorization", ""), [devices.token])
        body = await whole_body(request, MAX_BODY_BYTES, within_s=BODY_S)
        answer = await adapter.answer(await asyncio.to_thread(_read, body))
        outcome = answer.outcome
        if outcome is Outcome.DONE:
            return Response(answer.data, media_type="application/octet-stream")
        content = {"error": outcome.value, "message": outcome.meaning, "field": ""}
        return JSONResponse(content, outcome.status)

    return app


def _read(body: bytes) -> Command:
    """As the adapter takes it.

    Raises:
        ServiceError: ``BAD_REQUEST``, with the part that is to blame.
    """
    said = read_body(body, CommandBody)
    try:
        payload = base64.b64decode(said.payload, validate=True)
    except ValueError:
        raise ServiceError(
            ErrorCode.BAD_REQUEST, "'payload' is no base64.", field="payload"
        ) from None
    return Command(said.order, said.epoch, said.device, said.command, payload)
