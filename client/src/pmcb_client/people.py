# SPDX-License-Identifier: Apache-2.0
"""Who is who: persons on the ledger, and the authority's list of them.

``people.csv`` (node, msp, enrollment_id) never leaves the authority: the nodes of the social graph
are not enrolment ids.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .usage_errors import PeopleError

PART = re.compile(r"[A-Za-z0-9._-]{1,64}")
_COLUMNS = ["node", "msp", "enrollment_id"]
_MAX_PEOPLE = 1_000_000  # batches x entries that an epoch can hold


@dataclass(frozen=True, order=True)
class Person:
    """A person of the ledger; persons are ordered by (msp, enrollment_id).

    >>> Person("HospitalAMSP", "r17").uid
    'HospitalAMSP/r17'
    """

    msp: str
    enrollment_id: str

    @property
    def uid(self) -> str:
        """``msp/enrollment_id``."""
        return f"{self.msp}/{self.enrollment_id}"


def parse_uid(text: str) -> Person:
    """The person whose uid is ``text``.

    Raises:
        PeopleError: not ``MSP/NAME`` with parts of ``[A-Za-z0-9._-]{1,64}``.

    >>> parse_uid("HospitalAMSP/r17").enrollment_id
    'r17'
    """
    parts = text.split("/")
    if len(parts) != 2 or not all(PART.fullmatch(part) for part in parts):
        raise PeopleError(
            "A person is written MSP/NAME.", next_step="For instance HospitalAMSP/receiver1."
        )
    return Person(*parts)


def read_people(path: Path) -> Mapping[str, Person]:
    """Persons by node id, from a CSV file with the header ``node,msp,enrollment_id``.

    Raises:
        PeopleError: names the line; node ids and persons stand once each.
    """
    people: dict[str, Person] = {}
    seen: set[Person] = set()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            if [name.strip() for name in next(rows, [])] != _COLUMNS:
                raise _at(path, 1, f"the first line must be {','.join(_COLUMNS)}.")
            for row in rows:
                if row:
                    node, person = _person(path, rows.line_num, row)
                    if node in people or person in seen:
                        what = "node" if node in people else "person"
                        raise _at(path, rows.line_num, f"the same {what} stands twice.")
                    people[node] = person
                    seen.add(person)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise PeopleError(f"Cannot read {path.name}: {reason}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise PeopleError(f"{path.name} is not a CSV file in UTF-8.") from error
    if not 0 < len(people) <= _MAX_PEOPLE:
        raise PeopleError(f"{path.name} must list 1 to {_MAX_PEOPLE:,} people.")
    return people


def _person(path: Path, line: int, row: list[str]) -> tuple[str, Person]:
    if len(row) != len(_COLUMNS):
        raise _at(path, line, f"{len(_COLUMNS)} columns are needed, {len(row)} are there.")
    node, msp, enrollment_id = (cell.strip() for cell in row)
    if not node:
        raise _at(path, line, "the node is empty.")
    for column, cell in (("msp", msp), ("enrollment_id", enrollment_id)):
        if not PART.fullmatch(cell):
            raise _at(path, line, f"{column} must be 1 to 64 of A-Z, a-z, 0-9, dot, _ and -.")
    return node, Person(msp, enrollment_id)


def _at(path: Path, line: int, message: str) -> PeopleError:
    return PeopleError(f"{path.name}, line {line}: {message}")
