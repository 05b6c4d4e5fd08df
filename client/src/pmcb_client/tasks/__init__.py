# SPDX-License-Identifier: Apache-2.0
"""Tasks as their releaser sees them: the file, its split, the preview, publication."""

from ._envelope import Envelope, make_envelope
from ._fields import Field
from ._preview import DEFAULT_COLLUSION, SubtaskPreview, majority_collusion, preview
from ._publish import TaskRecord, prepare, publish, records
from ._split import mass, split
from ._task_file import Question, TaskFile, read_task_file

__all__ = [
    "DEFAULT_COLLUSION",
    "Envelope",
    "Field",
    "Question",
    "SubtaskPreview",
    "TaskFile",
    "TaskRecord",
    "majority_collusion",
    "make_envelope",
    "mass",
    "prepare",
    "preview",
    "publish",
    "read_task_file",
    "records",
    "split",
]
