# SPDX-License-Identifier: Apache-2.0
"""Whom a service trusts: what network.json says now, not what it said at the start."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import structlog

from pmcb_client.errors import NetworkFileError
from pmcb_client.http_identity import RequestChecker
from pmcb_client.network_file import load

__all__ = ["following", "refresh"]

EVERY_S = 5.0

_log = structlog.get_logger("pmcb_services")


@asynccontextmanager
async def following(
    checker: RequestChecker, path: Path, *, every_s: float = EVERY_S
) -> AsyncIterator[None]:
    """Meanwhile organisations and lists of revoked certificates are those of the file at ``path``.

    A file that cannot be read changes nothing; the log says so.
    """
    task = asyncio.create_task(_follow(checker, path, every_s))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _follow(checker: RequestChecker, path: Path, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        await asyncio.to_thread(refresh, checker, path)


def refresh(checker: RequestChecker, path: Path) -> None:
    """Trust whom the file names now; one that cannot be read changes nothing."""
    try:
        checker.trust(load(path))
    except NetworkFileError as error:
        _log.warning("network_file", problem=str(error))
