# SPDX-License-Identifier: Apache-2.0
"""Tasks as their releaser sees them: the file, its split, publication, and what follows."""

from pmcb_client.fields import Field

from ._action import Act, Action
from ._agent import TaskAgent
from ._deal import FEWEST_HOLDERS
from ._keys import SecretKey, TaskKeys
from ._preview import DEFAULT_COLLUSION, SubtaskPreview, majority_collusion, preview
from ._publish import announced_keys, escrow, prepare, publish
from ._record import TaskRecord, doubted, records
from ._sealed import SealedSubtask, seal_subtask
from ._settle import decision
from ._split import mass, split
from ._task_file import Question, TaskFile, read_task_file

__all__ = [
    "DEFAULT_COLLUSION",
    "FEWEST_HOLDERS",
    "Act",
    "Action",
    "Field",
    "Question",
    "SealedSubtask",
    "SecretKey",
    "SubtaskPreview",
    "TaskAgent",
    "TaskFile",
    "TaskKeys",
    "TaskRecord",
    "announced_keys",
    "decision",
    "doubted",
    "escrow",
    "majority_collusion",
    "mass",
    "prepare",
    "preview",
    "publish",
    "read_task_file",
    "records",
    "seal_subtask",
    "split",
]
