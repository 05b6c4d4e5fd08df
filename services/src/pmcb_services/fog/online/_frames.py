# SPDX-License-Identifier: Apache-2.0
"""What a fog worker and its child tell each other through a pipe: a line of JSON and bytes."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

if TYPE_CHECKING:
    import asyncio  # only the worker's: its child reads files

__all__ = ["Frame", "pack", "read", "read_from"]

_HEAD = struct.Struct(">II")


class Frame(NamedTuple):
    """One message: what it says, and bytes that go with it."""

    says: dict[str, Any]
    body: bytes


def pack(says: dict[str, Any], body: bytes = b"") -> bytes:
    """A frame as it travels: two lengths, JSON, bytes."""
    line = json.dumps(says).encode()
    return b"".join((_HEAD.pack(len(line), len(body)), line, body))


def read(file: BinaryIO) -> Frame:
    """The next frame.

    Raises:
        EOFError: the other side is gone.
    """
    lengths = _HEAD.unpack(_exactly(file, _HEAD.size))
    line, body = (_exactly(file, length) for length in lengths)
    return Frame(json.loads(line), body)


async def read_from(reader: asyncio.StreamReader) -> Frame:
    """The next frame.

    Raises:
        EOFError: the other side is gone.
    """
    lengths = _HEAD.unpack(await reader.readexactly(_HEAD.size))
    line = await reader.readexactly(lengths[0])
    return Frame(json.loads(line), await reader.readexactly(lengths[1]))


def _exactly(file: BinaryIO, length: int) -> bytes:
    data = file.read(length)
    if len(data) < length:
        raise EOFError
    return data
