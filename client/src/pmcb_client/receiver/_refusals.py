# SPDX-License-Identifier: Apache-2.0
"""What this person was refused, and by which rule: a record on the person's own machine.

The ledger keeps no refusals, since a refusal changes nothing there. One JSON object a line.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from pmcb_client.files import private_folder

__all__ = ["Refusal", "note_refusal", "refusals"]

_FILE = "refusals.jsonl"


@dataclass(frozen=True)
class Refusal:
    """One refusal.

    Attributes:
        at: milliseconds UTC.
        act: what was tried: ``accept``, ``submit``, ``withdraw``.
        task: 32 hex.
        code: the rule.
    """

    at: int
    act: str
    task: str
    code: str


def note_refusal(folder: Path, refusal: Refusal) -> None:
    """Add one to the record in the receiver's folder."""
    path = private_folder(folder) / _FILE
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.write(json.dumps(asdict(refusal)).encode() + b"\n")


def refusals(folder: Path) -> list[Refusal]:
    """The record, oldest first; a line that was cut off is left out."""
    try:
        lines = (folder / _FILE).read_bytes().splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            found.append(Refusal(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return found
