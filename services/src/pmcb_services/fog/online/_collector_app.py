# SPDX-License-Identifier: Apache-2.0
"""Where devices hand in what they measure."""

import asyncio
import time
import tomllib
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI, Request

from pmcb_client.fields import Field
from pmcb_services.common import Running, application
from pmcb_services.common._bearer import TOKEN_CHARACTERS, check_bearer, is_token
from pmcb_services.common._incoming import BODY_S, whole_body
from pmcb_services.fog._refusals import answer_refusals
from pmcb_services.fog.errors import FogError, InvalidInput

from ._buffer import Buffer
from ._reading import ReadingBody, read_reading

__all__ = ["collector_application", "read_tokens"]

MAX_BODY_BYTES = 2**16


def read_tokens(path: Path) -> dict[str, str]:
    """The devices' tokens, by device: a file of lines ``pump-3 = "..."``.

    Raises:
        InvalidInput: names the device whose token cannot be.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path.name} is no TOML file that can be read.") from error
    for device, token in document.items():
        if not is_token(token):
            raise InvalidInput(
                f"The token of {device} must be {TOKEN_CHARACTERS} ASCII characters or more.",
                field=device,
            )
    if len({*document.values()}) != len(document):
        raise InvalidInput("Two devices have the same token.")
    return document


def collector_application(
    buffer: Buffer,
    fields: Mapping[str, Field],
    tokens: Mapping[str, str],
    *,
    while_running: Running | None = None,
    clock: Callable[[], int] | None = None,
) -> FastAPI:
    """The application.

    Args:
        buffer: keeps what was taken.
        fields: what is measured.
        tokens: by device.
        while_running: entered when the service starts, left when it ends.
        clock: milliseconds UTC.
    """
    now_ms = clock or (lambda: time.time_ns() // 1_000_000)

    async def ready() -> str:
        try:
            await asyncio.to_thread(buffer.counts)
        except FogError as error:
            return str(error)
        return ""

    app = application(
        "PMCB collector", version=version("pmcb-services"), ready=ready, while_running=while_running
    )
    answer_refusals(app)
    schema = ReadingBody.model_json_schema()
    body = {"required": True, "content": {"application/json": {"schema": schema}}}

    @app.post("/v1/readings", status_code=202, openapi_extra={"requestBody": body})
    async def take(request: Request) -> dict[str, int]:
        """Take a reading; it is on the disk once this is answered."""
        check_bearer(request.headers.get("Authorization", ""), tokens.values())
        body = await whole_body(request, MAX_BODY_BYTES, within_s=BODY_S)
        reading = read_reading(body, fields, now_ms=now_ms())
        await asyncio.to_thread(buffer.take, reading)
        return {"taken": 1}

    return app
