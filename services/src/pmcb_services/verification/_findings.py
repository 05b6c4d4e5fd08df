# SPDX-License-Identifier: Apache-2.0
"""What a verifier has found, on disk before anybody is told."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pmcb_client.answers import Reason
from pmcb_client.database import PrivateDatabase
from pmcb_client.evidence import keep
from pmcb_client.files import write_private

from ._finding import Finding, Verdict

__all__ = ["Findings", "Place", "Record"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS submissions (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  task TEXT NOT NULL, subtask INTEGER NOT NULL, slot INTEGER NOT NULL,
  fingerprint TEXT, passed INTEGER NOT NULL DEFAULT 0,
  verdict TEXT, score INTEGER, reason TEXT, evidence TEXT, told INTEGER NOT NULL DEFAULT 0,
  UNIQUE (task, subtask, slot)
) STRICT;
CREATE INDEX IF NOT EXISTS fingerprints ON submissions (fingerprint);
"""
_HERE = "task = ? AND subtask = ? AND slot = ?"


@dataclass(frozen=True, order=True)
class Place:
    """Where a submission stands on the ledger."""

    task: str
    subtask: int
    slot: int


@dataclass(frozen=True)
class Record:
    """How far a submission is.

    Attributes:
        place: whose.
        passed: whether nothing was wrong with it by itself; it waits for the others.
        finding: what was found; None while nothing is.
        evidence: hash of what was kept, hex; "" while nothing is.
        told: whether the ledger has the verdict, or will never take one.
    """

    place: Place
    passed: bool
    finding: Finding | None
    evidence: str
    told: bool

    @property
    def is_settled(self) -> bool:
        """Whether it was judged by itself, or needs no judgement."""
        return self.passed or self.told or self.finding is not None

    @property
    def is_waiting(self) -> bool:
        """Whether it is to be judged together with others."""
        return self.passed and not self.told and self.finding is None


class Findings:
    """A verifier's findings, in an SQLite file and beside it; only their owner can read them.

    A finding stands once it is written: another one for the same place changes nothing. Evidence
    is written before the finding that names it.

    Args:
        folder: of one verifier; made if it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = PrivateDatabase(folder / "findings.sqlite3", _SCHEMA)

    @cached_property
    def key(self) -> bytes:
        """With which fingerprints are made: 32 random bytes of this verifier."""
        path = self._folder / "fingerprints.key"
        if not path.exists():
            write_private(path, secrets.token_bytes(32))
        return path.read_bytes()

    def note(self, places: Iterable[Place]) -> None:
        """Number submissions in this order, which is the ledger's; those that are known stay."""
        with self._file.open() as database:
            database.executemany(
                "INSERT INTO submissions (task, subtask, slot) VALUES (?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                [_key(place) for place in places],
            )

    def drop(self, task: str, subtask: int) -> None:
        """Forget those of a subtask on which nothing was found: they are others' to judge."""
        with self._file.open() as database:
            database.execute(
                "DELETE FROM submissions WHERE task = ? AND subtask = ? "
                "AND NOT passed AND NOT told AND verdict IS NULL",
                (task, subtask),
            )

    def of_subtask(self, task: str, subtask: int) -> dict[int, Record]:
        """What is known of a subtask's submissions, by slot."""
        query = (
            "SELECT slot, passed, verdict, score, reason, evidence, told FROM submissions "
            "WHERE task = ? AND subtask = ? ORDER BY seq"
        )
        with self._file.open() as database:
            rows = database.execute(query, (task, subtask)).fetchall()
        return {slot: _record(Place(task, subtask, slot), *rest) for slot, *rest in rows}

    def is_repeated(self, place: Place, fingerprint: str) -> bool:
        """Whether an earlier submission has the same fingerprint."""
        query = (
            "SELECT 1 FROM submissions WHERE fingerprint = ? AND seq < "  # noqa: S608 - no value
            f"(SELECT seq FROM submissions WHERE {_HERE})"
        )
        with self._file.open() as database:
            return database.execute(query, (fingerprint, *_key(place))).fetchone() is not None

    def passed(self, place: Place, fingerprint: str | None) -> None:
        """Nothing is wrong with it by itself; its fingerprint is kept, where it has one."""
        with self._file.open() as database:
            database.execute(
                f"UPDATE submissions SET passed = 1, fingerprint = ? WHERE {_HERE}",  # noqa: S608
                (fingerprint, *_key(place)),
            )

    def decide(self, findings: Mapping[Place, Finding]) -> None:
        """Write findings down, all or none, where none stands yet."""
        rows = [
            (one.verdict, one.score, one.reason, self._keep(place, one), *_key(place))
            for place, one in sorted(findings.items())
        ]
        with self._file.open() as database:
            database.executemany(
                "UPDATE submissions SET verdict = ?, score = ?, reason = ?, evidence = ? "  # noqa: S608
                f"WHERE {_HERE} AND verdict IS NULL",
                rows,
            )

    def told(self, place: Place) -> None:
        """The ledger has the verdict, or will never take one."""
        with self._file.open() as database:
            database.execute(
                f"UPDATE submissions SET told = 1 WHERE {_HERE}",  # noqa: S608 - no value
                _key(place),
            )

    def _keep(self, place: Place, finding: Finding) -> str:
        return keep(self._folder / place.task, finding.evidence(), vars(place)).hash


def _key(place: Place) -> tuple[str, int, int]:
    return place.task, place.subtask, place.slot


def _record(
    place: Place,
    passed: int,
    verdict: str | None,
    score: int,
    reason: str,
    evidence: str | None,
    told: int,
) -> Record:
    finding = None if verdict is None else Finding(Verdict(verdict), score, Reason(reason))
    return Record(place, bool(passed), finding, evidence or "", bool(told))
