# SPDX-License-Identifier: Apache-2.0
"""The institution's tables on disk: which ones may be read, whose data is in them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ._parsing import as_texts
from ._schema import Schema
from ._source import open_source
from .errors import TableUnreadable

if TYPE_CHECKING:
    from pmcb_services.intake import Subjects

__all__ = ["Tables"]

TAG_BYTES = 16


class Tables:
    """Files and folders below the roots that the operator named; nothing else is ever read.

    Args:
        roots: folders.
        subjects: the key under which persons are compared.
    """

    def __init__(self, roots: Sequence[Path], subjects: Subjects) -> None:
        self._roots = [root.resolve() for root in roots]
        self._subjects = subjects

    def find(self, path: Path, schema: Schema) -> tuple[Path, str]:
        """The table's real place, and a mark by which a change of it is seen.

        Raises:
            TableUnreadable: it is not below a root, no table, or its header does not fit.
        """
        place = _resolved(path)
        if place is None or not any(place.is_relative_to(root) for root in self._roots):
            raise TableUnreadable(
                f"{path.name} is not in a folder that this service reads.",
                next_step="Move it there, or name its folder when the service starts: --tables.",
            )
        open_source(place, schema.names)
        return place, _mark(place)

    def check(self, path: Path, mark: str, schema: Schema) -> None:
        """Whether the table is still the one that was registered.

        Raises:
            TableUnreadable: it is gone, or was changed.
        """
        if self.find(path, schema)[1] != mark:
            raise TableUnreadable(
                f"{path.name} was changed after it was registered.",
                next_step="Register it as a new version.",
            )

    def tags(self, path: Path, schema: Schema) -> set[bytes]:
        """A keyed hash of each person in a table; none where rows are the unit.

        Raises:
            TableUnreadable: the file cannot be read.
        """
        if schema.subject is None:
            return set()
        known: set[bytes] = set()
        for columns in open_source(path, schema.names).chunks():
            persons = {text for text in as_texts(columns[-1]) if text is not None}
            known.update(map(self._tag, persons))
        return known

    def _tag(self, person: str) -> bytes:
        printable = person.encode("utf-8", "surrogatepass").hex()
        return bytes.fromhex(self._subjects.subject(printable))[:TAG_BYTES]


def _resolved(path: Path) -> Path | None:
    try:
        return path.resolve()
    except (OSError, ValueError):  # a loop of links; no name of a file
        return None


def _mark(place: Path) -> str:
    """Names, sizes and times of change: no hash of what is in the files."""
    files = sorted(place.rglob("*")) if place.is_dir() else [place]
    found = hashlib.sha256()
    for file in files:
        try:
            stat = file.stat()
        except OSError as error:
            raise TableUnreadable(f"{file.name} cannot be read.") from error
        name = file.relative_to(place)
        found.update(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return found.hexdigest()
