# SPDX-License-Identifier: Apache-2.0
"""What a receiver keeps of a subtask until it is answered: enough to answer it off line.

``<home>/receiver/<msp>.<name>/opened/<task>.json``, mode 0600. It holds the questions, which the
holder may read, and the public keys of those who may read the answer; no private key, no share.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pmcb_client.answers import Instructions
from pmcb_client.files import write_private
from pmcb_client.sealing import Damaged, Place
from pmcb_client.usage_errors import NotOpened

if TYPE_CHECKING:
    from pmcb_client.wallet import WalletIdentity

__all__ = ["Opened", "receiver_folder"]

VERSION = 1
_PLAIN = ("holder", "slot", "since_ms", "submit_until")
_KEY = re.compile("0[23][0-9a-f]{64}")


def receiver_folder(home: Path, identity: WalletIdentity) -> Path:
    """Where a receiver's files are: ``<home>/receiver/<msp>.<name>``."""
    return home / "receiver" / f"{identity.msp_id}.{identity.enrollment_id}"


@dataclass(frozen=True)
class Opened:
    """A subtask that its holder opened.

    Attributes:
        holder: uid.
        slot: held by the holder.
        since_ms: when it was accepted, milliseconds UTC: nothing may be measured before.
        submit_until: when the time to submit is over, milliseconds UTC.
        readers: public keys, as announced, of those for whom the answer is sealed, by uid.
        instructions: the questions.
    """

    holder: str
    slot: int
    since_ms: int
    submit_until: int
    readers: Mapping[str, str]
    instructions: Instructions

    @property
    def place(self) -> Place:
        """Where its answer, and the holder's share, belong."""
        asked = self.instructions
        return Place(asked.task, asked.subtask, slot=self.slot, holder=self.holder)

    @property
    def has_secret(self) -> bool:
        """Whether a secret belongs to one of its questions."""
        return any(question.secret for question in self.instructions.questions)

    def save(self, folder: Path) -> None:
        """Keep it in the receiver's folder."""
        document = {
            "version": VERSION,
            **{name: getattr(self, name) for name in _PLAIN},
            "readers": dict(self.readers),
            "instructions": self.instructions.encode().decode(),
        }
        content = json.dumps(document, ensure_ascii=False, sort_keys=True).encode()
        write_private(_path(folder, self.instructions.task), content)

    @classmethod
    def load(cls, folder: Path, task: str) -> Opened:
        """What was kept of a task.

        Raises:
            NotOpened: nothing, or nothing that can be read.
        """
        try:
            document = json.loads(_path(folder, task).read_bytes())
            return cls._read(document, task)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, Damaged):
            raise NotOpened(
                f"Task {task} was not opened here yet.",
                next_step=f"`pmcb receiver open {task}` fetches its questions; after that, answers "
                "are taken off line.",
            ) from None

    @classmethod
    def _read(cls, document: Mapping[str, object], task: str) -> Opened:
        readers, holder = document["readers"], document["holder"]
        instructions = Instructions.decode(str(document["instructions"]).encode())
        numbers = [document[name] for name in _PLAIN if name != "holder"]
        sound = document["version"] == VERSION and instructions.task == task
        if not sound or not isinstance(readers, dict) or not readers:
            raise ValueError("keys")
        if not isinstance(holder, str) or not all(type(number) is int for number in numbers):
            raise ValueError("claim")
        if not all(_KEY.fullmatch(key) for key in readers.values()):
            raise ValueError("readers")
        slot, since_ms, submit_until = (int(str(number)) for number in numbers)
        return cls(holder, slot, since_ms, submit_until, readers, instructions)

    @staticmethod
    def forget(folder: Path, task: str) -> None:
        """Delete what was kept: it is answered."""
        _path(folder, task).unlink(missing_ok=True)


def _path(folder: Path, task: str) -> Path:
    return folder / "opened" / f"{task}.json"
