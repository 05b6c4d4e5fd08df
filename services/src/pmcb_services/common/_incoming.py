# SPDX-License-Identifier: Apache-2.0
"""A request's body, which ends: in size and in time."""

import asyncio

from fastapi import Request
from starlette.requests import ClientDisconnect

from .errors import ErrorCode, ServiceError

__all__ = ["BODY_S", "whole_body"]

BODY_S = 60.0


async def whole_body(request: Request, most_bytes: int, *, within_s: float) -> bytes:
    """All of it.

    Args:
        request: whose body nobody has read yet.
        most_bytes: it may hold.
        within_s: seconds in which it has come.

    Raises:
        ServiceError: ``TOO_LARGE``, ``TOO_SLOW``, or ``BAD_REQUEST`` where the caller left.
    """
    parts, size = [], 0
    try:
        async with asyncio.timeout(within_s):
            async for part in request.stream():
                size += len(part)
                if size > most_bytes:
                    raise ServiceError(
                        ErrorCode.TOO_LARGE, f"The body holds more than {most_bytes:,} bytes."
                    )
                parts.append(part)
    except TimeoutError as error:
        message = f"The body did not come within {within_s:g} seconds."
        raise ServiceError(ErrorCode.TOO_SLOW, message) from error
    except ClientDisconnect as error:
        raise ServiceError(ErrorCode.BAD_REQUEST, "The body did not come whole.") from error
    return b"".join(parts)
