# SPDX-License-Identifier: Apache-2.0
"""How far a reader of events or blocks has come."""

import asyncio
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pmcb_client.errors import CheckpointError
from pmcb_client.files import write_private

_NUMBER = re.compile(r'"?(0|[1-9]\d{0,19})"?', re.ASCII)  # the Node client writes it as a text

_LAST_BLOCK = 2**64 - 1  # of what a request can name


@dataclass(frozen=True)
class Position:
    """Where to go on: behind a transaction of a block, or at the block's beginning.

    Attributes:
        block_number: of the last event that was worked off; of blocks, the next one.
        transaction_id: of the last event that was worked off; of blocks, empty.
    """

    block_number: int
    transaction_id: str = ""


class Checkpoint(Protocol):
    """Keeps a position; ``None`` before the first event."""

    @property
    def position(self) -> Position | None:
        """The last one that was saved."""

    async def save(self, position: Position) -> None:
        """Keeps ``position`` in place of the one before."""


class MemoryCheckpoint:
    """Lasts as long as the object."""

    def __init__(self, position: Position | None = None) -> None:
        self._position = position

    @property
    def position(self) -> Position | None:
        """The last one that was saved."""
        return self._position

    async def save(self, position: Position) -> None:
        """Keeps ``position``."""
        self._position = position


class FileCheckpoint:
    """Lasts in a JSON file, ``{"blockNumber": 7, "transactionId": "ab12..."}``, mode 0600.

    The file is replaced as a whole and on the disk before the next event is delivered. It
    serves one reader at a time. The checkpoint files of Fabric's Go and Node clients are read
    too, and can read this one; for blocks its number is the next one's, its id empty.

    Raises:
        CheckpointError: the file is there and holds no position.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._position = _read(self._path)

    @property
    def position(self) -> Position | None:
        """The last one that was saved."""
        return self._position

    async def save(self, position: Position) -> None:
        """Writes ``position``; missing folders are made."""
        document = {"blockNumber": position.block_number, "transactionId": position.transaction_id}
        await asyncio.to_thread(write_private, self._path, json.dumps(document).encode())
        self._position = position


def _read(path: Path) -> Position | None:
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"The checkpoint {path} cannot be read.") from error
    match document:
        case dict() if not document:  # the Node client's, before its first event
            return None
        case {"blockNumber": block, **rest} if _NUMBER.fullmatch(json.dumps(block)):
            tx_id = rest.get("transactionId", "")
            if isinstance(tx_id, str) and tx_id.isascii() and int(block) <= _LAST_BLOCK:
                return Position(int(block), tx_id)
    raise CheckpointError(f"The checkpoint {path} holds no block number and transaction id.")
