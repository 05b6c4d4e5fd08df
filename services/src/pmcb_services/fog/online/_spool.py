# SPDX-License-Identifier: Apache-2.0
"""What a fog worker must not forget when it dies: which effects it began, and how they ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from pmcb_client.files import private_folder, write_atomic
from pmcb_services.fog.errors import InvalidInput

from ._order import Outcome
from ._vault import Vault

__all__ = ["Entry", "Spool"]


class Entry(NamedTuple):
    """An attempt whose commit nobody has answered yet."""

    order: str
    epoch: int
    outcome: Outcome
    data: bytes


class Spool:
    """One small file for each order that must not run twice, from before its effect to its commit.

    Each is on the disk (fsync) before the call returns, and sealed under a key beside it: what a
    device answers is nobody else's business.

    Args:
        folder: of its own, used by one worker at a time.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = private_folder(folder)
        self._vault = Vault.at(folder / "key")

    def intend(self, order: str, epoch: int) -> None:
        """The effect may take place from now on; until its outcome is known, it is unknown."""
        self._write(Entry(order, epoch, "unknown", b""))

    def conclude(self, order: str, epoch: int, outcome: Outcome, data: bytes) -> None:
        """The effect ended so."""
        self._write(Entry(order, epoch, outcome, data))

    def forget(self, order: str, epoch: int) -> None:
        """The gateway has it."""
        with suppress(FileNotFoundError):
            self._path(order, epoch).unlink()

    def entries(self) -> Iterator[Entry]:
        """What was left by a worker that died; one that cannot be read is passed over."""
        for path in sorted(self._folder.glob("*.order")):
            with suppress(InvalidInput):
                plain = self._vault.opened(path.read_bytes(), path.name)
                line, _, data = plain.partition(b"\n")
                said = json.loads(line)
                yield Entry(said["order"], said["epoch"], said["outcome"], data)

    def _write(self, entry: Entry) -> None:
        said = {"order": entry.order, "epoch": entry.epoch, "outcome": entry.outcome}
        path = self._path(entry.order, entry.epoch)
        plain = json.dumps(said).encode() + b"\n" + entry.data
        write_atomic(path, self._vault.sealed(plain, path.name), mode=0o600)

    def _path(self, order: str, epoch: int) -> Path:
        return self._folder / f"{sha256(order.encode()).hexdigest()[:40]}.{epoch}.order"
