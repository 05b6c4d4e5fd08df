# SPDX-License-Identifier: Apache-2.0
"""Refusal logs to write and to read, at noon of a day."""

import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from pmcb_chaincode.bridge import RefusalLog

NOON = datetime(2025, 6, 15, 12, tzinfo=UTC).timestamp()
DAY_S = 86_400.0
FIRST, SECOND, THIRD = (f"refusals-2025-06-{day}.jsonl" for day in (15, 16, 17))


class Clock:
    """A clock that is set by hand, in seconds."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


@asynccontextmanager
async def log_at(folder, **settings):
    """A log at noon, unless a clock says otherwise."""
    settings.setdefault("clock", Clock())
    async with RefusalLog(folder, **settings) as refusals:
        yield refusals


def refuse(refusals, *codes):
    """Append refusals."""
    for code in codes:
        refusals.append(tx="ab" * 32, channel="pmcb", function="read", code=code, uid="A/ann")


async def write(folder, *codes, **settings):
    """Append refusals in a process's life of their own."""
    async with log_at(folder, **settings) as refusals:
        refuse(refusals, *codes)


def lines(folder):
    """All lines, over all files."""
    return [
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]


async def write_three_days(folder):
    """Twelve refusals in three files."""
    clock = Clock()
    async with log_at(folder, clock=clock) as refusals:
        for _ in range(3):
            refuse(refusals, "NOT_FOUND", "SUSPENDED", "NOT_FOUND", "EXISTS")
            clock.now += DAY_S


def edit(path, change):
    """Change a file's lines; bytes, each with its end."""
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
