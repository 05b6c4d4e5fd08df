# SPDX-License-Identifier: Apache-2.0
"""Publishing a task: files in the releaser's folder first, then one transaction.

``<home>/tasks/<task>/`` holds ``task.json`` (this record), ``notice``, ``envelope-<subtask>.json``
and ``secrets.json``. It is complete before anything is sent, so that a publication whose outcome
is in doubt can be repeated with the same id, the same hashes and the same deadlines.
"""

import json
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pmcb_client._canonical import canonical
from pmcb_client._ledger import Ledger
from pmcb_client.errors import Refused
from pmcb_client.files import write_private

from ._envelope import make_envelope
from ._preview import SubtaskPreview
from ._task_file import TaskFile

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


def prepare(
    folder: Path,
    task: TaskFile,
    parts: Sequence[SubtaskPreview],
    *,
    releaser: str,
    now_ms: int,
) -> TaskRecord:
    """The task's files, written; those of an earlier try in doubt, if there is one.

    Args:
        folder: ``<home>/tasks``.
        task: the checked task file.
        parts: its preview under the active epoch.
        releaser: uid.
        now_ms: Unix time in milliseconds; deadlines count from here.
    """
    for record in records(folder):
        same = (record.digest, record.releaser) == (task.digest, releaser)
        if same and not record.published and record.spec["levels"] == len(parts):
            return record
    task_id = secrets.token_hex(16)
    envelopes = [make_envelope(task, part, task_id) for part in parts]
    spec = {
        "series": task.series,
        "levels": len(parts),
        "accept_until": now_ms + task.accept_for_ms,
        "submit_until": now_ms + task.submit_for_ms,
        "verifiers": list(task.verifiers),
        "institution": task.institution,
        "results_to": task.results_to,
        "notice_hash": task.notice_hash,
        "subtasks": [
            {
                "level": part.level,
                "slots": part.slots,
                "reward": task.reward,
                "envelope_hash": envelope.hash,
            }
            for part, envelope in zip(parts, envelopes, strict=True)
        ],
    }
    place = folder / task_id
    for part, envelope in zip(parts, envelopes, strict=True):
        write_private(place / f"envelope-{part.subtask:04}.json", envelope.content)
    kept = {question.id: question.secret for question in task.questions if question.secret}
    if kept:
        write_private(place / "secrets.json", json.dumps(kept, ensure_ascii=False).encode())
    write_private(place / "notice", task.notice)
    record = TaskRecord(task_id, releaser, task.title, task.digest, spec)
    _save(folder, record)  # last: a folder without a record is one that was never sent
    return record


async def publish(ledger: Ledger, folder: Path, record: TaskRecord) -> TaskRecord:
    """Send the task, or send it again; the contract answers a repeat with what stands.

    Raises:
        Refused: the task does not stand; its files are removed, so the next try starts afresh.
    """
    try:
        await ledger.submit("publish_task", record.task, canonical(record.spec).decode())
    except Refused:
        shutil.rmtree(folder / record.task)
        raise
    published = replace(record, published=True)
    _save(folder, published)
    return published


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


def _save(folder: Path, record: TaskRecord) -> None:
    document = {"version": 1, **asdict(record)}
    content = json.dumps(document, ensure_ascii=False, indent=1).encode()
    write_private(folder / record.task / _RECORD, content)
