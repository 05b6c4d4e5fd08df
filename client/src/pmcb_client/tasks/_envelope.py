# SPDX-License-Identifier: Apache-2.0
"""What one subtask's receivers get to read, and its hash on the ledger."""

import hashlib
import json
import secrets
from dataclasses import dataclass

from ._preview import SubtaskPreview
from ._task_file import TaskFile

SALT_BYTES = 32


@dataclass(frozen=True)
class Envelope:
    """The questions of one subtask with their fields.

    Attributes:
        content: JSON in UTF-8. It holds 32 random bytes, so that its hash on the ledger tells
            nobody who guesses the questions that the guess is right.
    """

    content: bytes

    @property
    def hash(self) -> str:
        """SHA-256 of the content, hex."""
        return hashlib.sha256(self.content).hexdigest()


def make_envelope(task: TaskFile, part: SubtaskPreview, task_id: str) -> Envelope:
    """The envelope of one subtask: its own questions only, no sensitivity, no secret."""
    names = {name for question in part.questions for name in question.fields}
    document = {
        "version": 1,
        "salt": secrets.token_hex(SALT_BYTES),
        "task": task_id,
        "subtask": part.subtask,
        "level": part.level,
        "title": task.title,
        "notice_hash": task.notice_hash,
        "questions": [
            {"id": question.id, "ask": question.ask, "fields": list(question.fields)}
            for question in part.questions
        ],
        "fields": [task.fields[name].as_document() for name in sorted(names & set(task.fields))],
    }
    return Envelope(json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1).encode())
