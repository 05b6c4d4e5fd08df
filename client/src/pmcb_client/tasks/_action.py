# SPDX-License-Identifier: Apache-2.0
"""What the releaser's agent did, or could not do: one line each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

__all__ = ["Act", "Action"]


class Act(StrEnum):
    """An act by its name in documents, with its sentence for people.

    >>> Act.KEYS.sentence
    'Delivered the key of the questions.'
    """

    sentence: str

    def __new__(cls, value: str, sentence: str) -> Self:
        """Attach the sentence to the name."""
        act = str.__new__(cls, value)
        act._value_ = value
        act.sentence = sentence
        return act

    KEYS = "keys_delivered", "Delivered the key of the questions."
    SHARES = "shares_delivered", "Shared the secret; accepting is over."
    REWARDS = "rewards_settled", "Settled rewards."
    RESULTS = "results_taken", "Took accepted answers into results.csv."
    SKIPPED = "holder_skipped", "A holder was left out, by the rule named."
    TOO_FEW = "secret_not_shared", "WARNING: a secret waits: three holders or --allow-small."
    AMONG_FEW = "secret_among_few", "WARNING: the secret was shared among fewer than three."
    KEY_MISSING = "secret_key_missing", "WARNING: the secret's key is only where it was published."
    UNREADABLE = "answer_unreadable", "WARNING: an accepted answer does not open; it is left out."
    NOT_DELETED = "answer_not_deleted", "The store keeps an answer that was not sealed for you."
    LATER = "later", "Something does not answer, or refuses for now; it is tried again."


@dataclass(frozen=True)
class Action:
    """One act.

    Attributes:
        act: which.
        task: 32 hex.
        subtask: its number; None where the whole task is meant.
        slots: those concerned.
        code: a refusal's rule, or an error's class.
    """

    act: Act
    task: str
    subtask: int | None = None
    slots: tuple[int, ...] = ()
    code: str = ""

    def as_document(self) -> dict[str, object]:
        """Its fields."""
        return {**vars(self), "act": self.act.value, "slots": list(self.slots)}

    def __str__(self) -> str:
        where = [f"task {self.task}"]
        if self.subtask is not None:
            where.append(f"subtask {self.subtask}")
        if self.slots:
            where.append(f"slots {', '.join(map(str, self.slots))}")
        if self.code:
            where.append(self.code)
        return f"{self.act.sentence} ({', '.join(where)})"
