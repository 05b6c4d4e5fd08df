# SPDX-License-Identifier: Apache-2.0
"""One submission, as the ledger has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pmcb_client.sealing import Place

from ._table import Source

__all__ = ["Case"]


@dataclass(frozen=True)
class Case:
    """What is to be decided on.

    Attributes:
        source: its name in the table.
        place: task, subtask, slot and holder.
        submitted_ms: when it was submitted.
        accepted: whether more than half of the task's verifiers accept; None while neither
            acceptance nor refusal has more than half.
        judged: whether every verifier of the task has said something.
        ends_ms: when the settle window is over.
        level, envelope_hash: of the subtask.
    """

    source: Source
    place: Place
    submitted_ms: int
    accepted: bool | None
    judged: bool
    ends_ms: int
    level: int
    envelope_hash: str

    @classmethod
    def of(
        cls, task: Mapping[str, Any], subtask: int, submission: Mapping[str, Any], ends_ms: int
    ) -> Case:
        """The case of one item of ``list_submissions``."""
        slot, digest = int(submission["slot"]), str(submission["content_hash"])
        said = [verdict["verdict"] for verdict in submission["verdicts"]]
        majority = (
            word for word in ("accept", "reject") if 2 * said.count(word) > len(task["verifiers"])
        )
        word = next(majority, None)
        part = task["subtasks"][subtask]
        return cls(
            source=Source.submission(task["task"], subtask, slot, digest),
            place=Place(task["task"], subtask, slot=slot, holder=submission["holder"]),
            submitted_ms=submission["at"],
            accepted=None if word is None else word == "accept",
            judged=len(said) == len(task["verifiers"]),
            ends_ms=ends_ms,
            level=part["level"],
            envelope_hash=part["envelope_hash"],
        )
