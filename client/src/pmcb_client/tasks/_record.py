# SPDX-License-Identifier: Apache-2.0
"""A releaser's tasks on disk, one folder each.

``<home>/tasks/<task>/`` holds ``task.json`` (its record), ``notice``, for each subtask
``envelope-<subtask>.sealed`` and, where it has a secret, ``secret-<subtask>.sealed``, and
``keys.json``. With results for the releaser also ``results.csv`` and, for each answer,
``answers/<subtask>-<slot>.json``, and a mark ``.deleted`` when its sealed files left the store.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pmcb_client.files import write_private

__all__ = [
    "TaskRecord",
    "answer_file",
    "deleted_mark",
    "doubted",
    "envelope_file",
    "notice_file",
    "records",
    "secret_file",
]

_RECORD = "task.json"


@dataclass(frozen=True)
class TaskRecord:
    """A task of this releaser, as its folder keeps it.

    Attributes:
        task: 32 lower-case hex.
        releaser: uid of the identity that publishes.
        title: off the ledger.
        digest: of the task file and the files it names.
        spec: what ``publish_task`` takes.
        published: whether the ledger said so; False is a doubt, not a no.
    """

    task: str
    releaser: str
    title: str
    digest: str
    spec: Mapping[str, Any]
    published: bool = False

    def save(self, folder: Path) -> None:
        """Write it into its folder below ``<home>/tasks``."""
        document = {"version": 1, **asdict(self)}
        content = json.dumps(document, ensure_ascii=False, indent=1).encode()
        write_private(folder / self.task / _RECORD, content)


def records(folder: Path) -> Iterator[TaskRecord]:
    """The tasks kept in ``<home>/tasks``, in the order of their ids; damaged ones are skipped."""
    for path in sorted(folder.glob(f"*/{_RECORD}")):
        try:
            document = json.loads(path.read_bytes())
            del document["version"]
            record = TaskRecord(**document)
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        if _is_sound(document):
            yield record


def doubted(folder: Path, digest: str, *, levels: int, releaser: str) -> TaskRecord | None:
    """A try to publish the file of this digest whose outcome is in doubt, if there is one."""
    for record in records(folder):
        same = (record.digest, record.releaser) == (digest, releaser)
        if same and not record.published and record.spec["levels"] == levels:
            return record
    return None


def envelope_file(place: Path, subtask: int) -> Path:
    """Where a task's folder has the questions of a subtask."""
    return place / f"envelope-{subtask:04}.sealed"


def secret_file(place: Path, subtask: int) -> Path:
    """Where it has the secret of a subtask."""
    return place / f"secret-{subtask:04}.sealed"


def notice_file(place: Path) -> Path:
    """Where it has the notice."""
    return place / "notice"


def answer_file(place: Path, subtask: int, slot: int) -> Path:
    """Where it has the opened answer from a slot, which is the only one from there."""
    return place / "answers" / f"{subtask}-{slot}.json"


def deleted_mark(place: Path, subtask: int, slot: int) -> Path:
    """What is there once the store was told to delete the sealed answer from a slot."""
    return place / "answers" / f"{subtask}-{slot}.deleted"


def _is_sound(document: dict[str, Any]) -> bool:
    match document:
        case {
            "task": str(),
            "releaser": str(),
            "title": str(),
            "digest": str(),
            "published": bool(),
            "spec": {
                "levels": int(),
                "subtasks": list(),
                "accept_until": int(),
                "submit_until": int(),
            },
        }:
            return True
    return False
