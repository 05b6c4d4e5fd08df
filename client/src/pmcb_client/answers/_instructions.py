# SPDX-License-Identifier: Apache-2.0
"""What the receivers of one subtask get to read: the content of its envelope."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pmcb_client.fields import Field
from pmcb_client.sealing import Damaged

__all__ = ["Asked", "Instructions"]

VERSION = 1
_T = TypeVar("_T")


@dataclass(frozen=True)
class Asked:
    """One question as its receivers read it.

    Attributes:
        id, ask: its name and its text.
        fields: names of the values that an answer holds.
        shared: whether there is one truth for all, so that answers can be compared.
        secret: whether the subtask's secret has a part that belongs to it.
    """

    id: str
    ask: str
    fields: tuple[str, ...]
    shared: bool = False
    secret: bool = False


@dataclass(frozen=True)
class Instructions:
    """A subtask's questions, without sensitivities and without secrets.

    Attributes:
        task: 32 hex.
        subtask, level: its number and its level.
        title: of the task.
        notice_hash: SHA-256 of the notice, hex.
        questions: in the order in which they are asked.
        fields: descriptions by name; empty when the task describes none.
        plausible: pairs (less, greater) of fields: in one row the first is below the second.
    """

    task: str
    subtask: int
    level: int
    title: str
    notice_hash: str
    questions: tuple[Asked, ...]
    fields: Mapping[str, Field]
    plausible: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Every field that an answer may hold."""
        return frozenset(name for question in self.questions for name in question.fields)

    @property
    def shared_fields(self) -> frozenset[str]:
        """Those with one truth for all."""
        asked = (question.fields for question in self.questions if question.shared)
        return frozenset(name for names in asked for name in names)

    def encode(self) -> bytes:
        """JSON in UTF-8."""
        document = {
            "version": VERSION,
            **{name: getattr(self, name) for name in _PLAIN},
            "questions": [vars(question) for question in self.questions],
            "fields": [field.as_document() for _, field in sorted(self.fields.items())],
            "plausible": self.plausible,
        }
        return json.dumps(document, ensure_ascii=False, sort_keys=True).encode()

    @classmethod
    def decode(cls, data: bytes) -> Instructions:
        """The instructions in an opened envelope.

        Raises:
            Damaged: it holds something else.
        """
        try:
            document: dict[str, Any] = json.loads(data)
            if document["version"] != VERSION:
                raise Damaged("The envelope is of another version: update PMCB.")
            fields = map(Field.from_document, document["fields"])
            return cls(
                **{name: _of(kind, document[name]) for name, kind in _PLAIN.items()},
                questions=tuple(map(_asked, document["questions"])),
                fields={field.name: field for field in fields},
                plausible=tuple(
                    (_of(str, less), _of(str, greater)) for less, greater in document["plausible"]
                ),
            )
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise Damaged("The envelope holds no instructions.") from error


_WORD = re.compile("[A-Za-z0-9._-]{1,64}")
_PLAIN = {"task": str, "subtask": int, "level": int, "title": str, "notice_hash": str}


def _asked(document: Mapping[str, Any]) -> Asked:
    names = tuple(map(_word, document["fields"]))
    asked = Asked(**{**document, "fields": names})
    _word(asked.id), _of(str, asked.ask), _of(bool, asked.shared), _of(bool, asked.secret)
    return asked


def _word(value: object) -> str:
    """A name, as task files take it: it is shown on terminals and names columns."""
    word = _of(str, value)
    if not _WORD.fullmatch(word):
        raise ValueError("name")
    return word


def _of(kind: type[_T], value: object) -> _T:
    """The value, if it is of that very type: what others wrote is used as it stands."""
    if type(value) is not kind:
        raise TypeError(kind.__name__)
    return value
