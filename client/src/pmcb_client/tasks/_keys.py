# SPDX-License-Identifier: Apache-2.0
"""The keys of a task's sealed files, on the releaser's disk."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pmcb_client.files import write_private

from ._sealed import SealedSubtask

__all__ = ["SecretKey", "TaskKeys"]

FILE = "keys.json"
VERSION = 1


@dataclass(frozen=True)
class SecretKey:
    """The key of a subtask's secret: 16 bytes that its holders are to share; and the file's hash.

    It is nowhere but in the folder of the home that published the task.
    """

    key: bytes = field(repr=False)
    blob_hash: str


@dataclass(frozen=True)
class TaskKeys:
    """Keys by subtask."""

    envelopes: Mapping[int, bytes] = field(repr=False)
    secrets: Mapping[int, SecretKey]

    @classmethod
    def of(cls, parts: Sequence[SealedSubtask]) -> TaskKeys:
        """The keys of a task that was just sealed."""
        return cls(
            {number: part.key for number, part in enumerate(parts)},
            {
                number: SecretKey(part.secret_key, part.secret.hash)
                for number, part in enumerate(parts)
                if part.secret is not None
            },
        )

    def save(self, folder: Path) -> None:
        """Write them into the task's folder, for its owner alone."""
        document = {
            "version": VERSION,
            "envelopes": {str(number): key.hex() for number, key in self.envelopes.items()},
            "secrets": {
                str(number): {"key": kept.key.hex(), "blob_hash": kept.blob_hash}
                for number, kept in self.secrets.items()
            },
        }
        write_private(folder / FILE, json.dumps(document, indent=1).encode())

    @classmethod
    def load(cls, folder: Path) -> TaskKeys | None:
        """Those of a task's folder; None where there are none, or they cannot be read."""
        try:
            document = json.loads((folder / FILE).read_bytes())
            envelopes = {int(n): bytes.fromhex(key) for n, key in document["envelopes"].items()}
            secrets = {
                int(n): SecretKey(bytes.fromhex(one["key"]), str(one["blob_hash"]))
                for n, one in document["secrets"].items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        return cls(envelopes, secrets)
