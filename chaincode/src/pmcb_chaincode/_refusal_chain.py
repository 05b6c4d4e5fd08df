# SPDX-License-Identifier: Apache-2.0
"""The lines of a refusal log: one JSON object each, bound to the line before by its hash.

A line is a refusal, or a note about the log itself: ``torn`` (what stands right before is the
remainder of a write that was cut off) or ``lost`` (so many refusals found no room).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

_REFUSAL = frozenset({"time", "tx", "channel", "function", "code", "uid"})
_TORN = frozenset({"time", "note", "bytes", "digest"})
_LOST = frozenset({"time", "note", "refusals"})
_CHAIN = frozenset({"sequence", "previous", "hash"})
_NUMBERS = frozenset({"time", "sequence", "bytes", "refusals"})

_FILE_NAME = re.compile(r"refusals-(\d{4}-\d{2}-\d{2})\.jsonl")


@dataclass(frozen=True)
class Link:
    """Where a chain stands: the last line's number, counted from 1, and its hash."""

    sequence: int
    hash: str


START = Link(0, "0" * 64)


@dataclass(frozen=True)
class Line:
    """A line in the form that the log writes; only ``is_whole`` says that it is unaltered."""

    fields: Mapping[str, str | int]

    @property
    def link(self) -> Link:
        """Where the chain stands after it."""
        return Link(int(self.fields["sequence"]), str(self.fields["hash"]))

    @property
    def is_whole(self) -> bool:
        """Whether the hash is that of the other fields."""
        rest = {name: value for name, value in self.fields.items() if name != "hash"}
        return _digest(rest) == self.fields["hash"]

    def explains(self, torn: bytes) -> bool:
        """Whether this is the note about the bytes that stand before it."""
        digest = hashlib.sha256(torn).hexdigest()
        return (self.fields.get("bytes"), self.fields.get("digest")) == (len(torn), digest)


def next_line(link: Link, fields: Mapping[str, str | int]) -> tuple[bytes, Link]:
    """The line that follows ``link``, and where the chain stands then."""
    chained = {**fields, "sequence": link.sequence + 1, "previous": link.hash}
    made = Link(link.sequence + 1, _digest(chained))
    return _encode({**chained, "hash": made.hash}) + b"\n", made


def torn_note(torn: bytes) -> dict[str, str | int]:
    """The fields of a note about bytes that are no line; the line's end counts among them."""
    return {"note": "torn", "bytes": len(torn), "digest": hashlib.sha256(torn).hexdigest()}


def read_line(raw: bytes) -> Line | None:
    """The line behind the bytes; None when the log would have written no such bytes."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or set(found) - _CHAIN not in (_REFUSAL, _TORN, _LOST):
        return None
    for name, value in found.items():
        if type(value) is not (int if name in _NUMBERS else str):
            return None
    return Line(found) if set(found) >= _CHAIN and _encode(found) + b"\n" == raw else None


def day_of(time_ms: int) -> date:
    """The UTC day of a time."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).date()


def day_file(folder: Path, day: date) -> Path:
    """The file that holds a day's lines."""
    return folder / f"refusals-{day.isoformat()}.jsonl"


def day_files(folder: Path) -> list[Path]:
    """The folder's files of lines, in order; other files are not the log's."""
    return sorted(path for path in folder.iterdir() if file_day(path) is not None)


def file_day(path: Path) -> date | None:
    """The day that a file is named after; None when it is no file of lines."""
    name = _FILE_NAME.fullmatch(path.name)
    try:
        return date.fromisoformat(name[1]) if name else None
    except ValueError:
        return None


def _encode(fields: Mapping[str, str | int]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode("ascii")


def _digest(fields: Mapping[str, str | int]) -> str:
    return hashlib.sha256(_encode(fields)).hexdigest()
