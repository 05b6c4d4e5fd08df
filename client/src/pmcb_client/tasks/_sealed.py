# SPDX-License-Identifier: Apache-2.0
"""A subtask as it travels: its questions in an envelope, its secret in a file of its own."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from pmcb_client.answers import Asked, Instructions
from pmcb_client.sealing import Blob, Kind, Place, seal

from ._preview import SubtaskPreview
from ._task_file import TaskFile

__all__ = ["SealedSubtask", "seal_subtask"]

SECRET_KEY_BYTES = 16  # what is shared among holders: a share has the size of what it shares
VERSION = 1


@dataclass(frozen=True)
class SealedSubtask:
    """One subtask, sealed.

    Attributes:
        envelope: its questions, for those who judge, keep or receive answers; receivers get its
            key one by one.
        key: of the envelope, 32 bytes.
        secret: its secrets, for nobody alone; None where it has none.
        secret_key: of the secret, 16 bytes, which holders share; b"" where there is none.
    """

    envelope: Blob
    key: bytes = field(repr=False)
    secret: Blob | None = None
    secret_key: bytes = field(default=b"", repr=False)


def seal_subtask(
    task: TaskFile, part: SubtaskPreview, task_id: str, recipients: Mapping[str, str]
) -> SealedSubtask:
    """Seal a subtask: its own questions only, no sensitivity; secrets apart from them.

    Args:
        task: the checked task file.
        part: which questions, for which level.
        task_id: 32 hex.
        recipients: announced keys by uid of the task's verifiers, institution and releaser.
    """
    place = Place(task_id, part.subtask, level=part.level)
    content = _instructions(task, part, task_id).encode()
    envelope, key = seal(Kind.INSTRUCTIONS, place, content, recipients=recipients)
    texts = {question.id: question.secret for question in part.questions if question.secret}
    if not texts:
        return SealedSubtask(envelope, key)
    document = {"version": VERSION, "secrets": texts}
    data = json.dumps(document, ensure_ascii=False, sort_keys=True).encode()
    secret_key = secrets.token_bytes(SECRET_KEY_BYTES)
    secret, _ = seal(Kind.SECRET, place, data, key=secret_key)
    return SealedSubtask(envelope, key, secret, secret_key)


def _instructions(task: TaskFile, part: SubtaskPreview, task_id: str) -> Instructions:
    names = {name for question in part.questions for name in question.fields}
    return Instructions(
        task=task_id,
        subtask=part.subtask,
        level=part.level,
        title=task.title,
        notice_hash=task.notice_hash,
        questions=tuple(
            Asked(one.id, one.ask, one.fields, shared=one.shared, secret=bool(one.secret))
            for one in part.questions
        ),
        fields={name: task.fields[name] for name in names & set(task.fields)},
        # a pair that the split took apart is in no row
        plausible=tuple(pair for pair in task.plausible if names.issuperset(pair)),
    )
