# SPDX-License-Identifier: Apache-2.0
"""How the fog's services answer what they refuse."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from fastapi.responses import JSONResponse

from .errors import FogError, Overloaded

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

__all__ = ["answer_refusals"]


def answer_refusals(app: FastAPI) -> None:
    """Answer a `FogError` in the shape of all services, and when to come back where it is known."""
    app.add_exception_handler(FogError, _refused)


async def _refused(_: Request, error: Any) -> JSONResponse:
    content = {"error": error.code, "message": str(error), "field": error.field}
    headers = {}
    if isinstance(error, Overloaded):
        headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    return JSONResponse(content, error.status, headers)
