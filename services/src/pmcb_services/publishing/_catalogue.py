# SPDX-License-Identifier: Apache-2.0
"""The cohorts, data sets and versions of an institution."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from pmcb_services.common._chain import append

from ._measurements import Probe
from ._policy import Policy
from ._schema import Schema
from ._store import Store
from .errors import SubjectsOverlap

__all__ = ["Catalogue", "Cohort", "Dataset", "Standing", "Version"]


class Standing(StrEnum):
    """Whether a version's persons were counted.

    A version whose count was lost, or that was never registered, stays unusable.
    """

    ADDING = "adding"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class Cohort:
    """A group of people with one budget.

    Attributes:
        cohort: 32 hex.
        schema: of every table about them.
        policy: who may spend how much without asking.
    """

    cohort: str
    schema: Schema
    policy: Policy

    @property
    def unit(self) -> str:
        """What a release protects, as the ledger names it."""
        return "row" if self.schema.subject is None else "subject"


@dataclass(frozen=True)
class Dataset:
    """A table that gets new versions; they are all about the same people.

    Attributes:
        name: here.
        dataset: on the ledger, 32 hex.
        cohort: whose data it is.
    """

    name: str
    dataset: str
    cohort: str


@dataclass(frozen=True)
class Version:
    """A table as it was registered.

    Attributes:
        version: 32 hex.
        name: of the data set.
        number: as the ledger counts; None before it was registered.
        path: of the file or folder.
        mark: by which a change of the file is seen.
        standing: whether its persons were counted.
        probe: their noisy number, once it was.
    """

    version: str
    name: str
    number: int | None
    path: Path
    mark: str
    standing: Standing = Standing.ADDING
    probe: Probe | None = None


class Catalogue:
    """What a store knows of cohorts, data sets and versions; changes leave a line in the log.

    Args:
        store: where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_cohort(self, cohort: str, schema: Schema, *, now_ms: int) -> bool:
        """Note a cohort; False where it is here already, with that schema or another."""
        unit = Cohort(cohort, schema, Policy()).unit
        values = (cohort, unit, json.dumps(schema.document()), "[]")
        with self._store.writing() as database:
            query = "INSERT INTO cohorts VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
            made = database.execute(query, values).rowcount == 1
            if made:
                append(database, "cohort", now_ms, cohort=cohort, schema=schema.hash)
        return made

    def drop_cohort(self, cohort: str, *, now_ms: int) -> None:
        """The ledger did not open it."""
        with self._store.writing() as database:
            database.execute("DELETE FROM cohorts WHERE cohort = ?", (cohort,))
            append(database, "cohort-dropped", now_ms, cohort=cohort)

    def cohort(self, cohort: str) -> Cohort | None:
        """The cohort of this id."""
        with self._store.reading() as database:
            query = "SELECT * FROM cohorts WHERE cohort = ?"
            row = database.execute(query, (cohort,)).fetchone()
        if row is None:
            return None
        schema = Schema.from_document(json.loads(row["document"]))
        return Cohort(cohort, schema, Policy.from_documents(json.loads(row["policy"])))

    def set_policy(self, cohort: str, policy: Policy, *, now_ms: int) -> None:
        """Say who may spend how much from now on."""
        text = json.dumps(policy.documents())
        with self._store.writing() as database:
            database.execute("UPDATE cohorts SET policy = ? WHERE cohort = ?", (text, cohort))
            append(database, "policy", now_ms, cohort=cohort, policy=text)

    def add_dataset(self, dataset: Dataset, *, now_ms: int) -> bool:
        """Note a data set; False where the name is taken."""
        with self._store.writing() as database:
            query = "INSERT INTO datasets VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
            values = (dataset.name, dataset.dataset, dataset.cohort)
            made = database.execute(query, values).rowcount == 1
            if made:
                ids = {"dataset": dataset.dataset, "cohort": dataset.cohort}
                append(database, "dataset", now_ms, name=dataset.name, **ids)
        return made

    def dataset(self, name: str) -> Dataset | None:
        """The data set of this name."""
        return next((each for each in self.datasets() if each.name == name), None)

    def datasets(self) -> list[Dataset]:
        """All of them, by name."""
        with self._store.reading() as database:
            rows = database.execute("SELECT * FROM datasets ORDER BY name").fetchall()
        return [Dataset(**dict(row)) for row in rows]

    def add_version(self, version: Version, cohort: str, tags: Collection[bytes]) -> None:
        """Note a version that is being registered, and whose data it holds.

        Args:
            version: not here yet.
            cohort: of its data set.
            tags: a keyed hash of each person; empty where rows are the unit.

        Raises:
            SubjectsOverlap: somebody is in another cohort, too; nothing was noted.
        """
        values = (version.version, version.name, str(version.path), version.mark, version.standing)
        with self._store.writing() as database:
            database.executemany(
                "INSERT INTO subjects VALUES (?, ?) ON CONFLICT DO NOTHING",
                ((tag, cohort) for tag in tags),
            )
            if tags and database.execute(_SHARED, (cohort, cohort)).fetchone():
                raise SubjectsOverlap
            database.execute(
                "INSERT INTO versions VALUES (?, ?, NULL, ?, ?, ?, NULL, NULL)", values
            )

    def knows_subjects(self) -> bool:
        """Whether anybody was ever compared."""
        with self._store.reading() as database:
            return bool(database.execute("SELECT EXISTS (SELECT 1 FROM subjects)").fetchone()[0])

    def number(self, version: str, number: int, *, now_ms: int) -> None:
        """The ledger has registered it under this number."""
        with self._store.writing() as database:
            database.execute("UPDATE versions SET number = ? WHERE version = ?", (number, version))
            append(database, "version", now_ms, version=version, version_number=number)

    def settle(self, version: str, probe: Probe | None) -> None:
        """Its persons were counted, or never will be."""
        standing = Standing.FAILED if probe is None else Standing.READY
        count, share = (None, None) if probe is None else (probe.count, str(probe.share))
        with self._store.writing() as database:
            database.execute(
                "UPDATE versions SET state = ?, count = ?, share = ? WHERE version = ?",
                (standing, count, share, version),
            )

    def versions(self, name: str) -> list[Version]:
        """The versions of a data set, the oldest first."""
        with self._store.reading() as database:
            query = "SELECT * FROM versions WHERE name = ? ORDER BY rowid"
            return [_version(row) for row in database.execute(query, (name,))]

    def version(self, version: str) -> Version | None:
        """The version of this id."""
        with self._store.reading() as database:
            query = "SELECT * FROM versions WHERE version = ?"
            row = database.execute(query, (version,)).fetchone()
        return None if row is None else _version(row)

    def unsettled(self) -> Sequence[Version]:
        """The versions that were being registered when the service ended."""
        with self._store.reading() as database:
            query = "SELECT * FROM versions WHERE state = ?"
            return [_version(row) for row in database.execute(query, (Standing.ADDING,))]


_SHARED = """
SELECT 1 FROM subjects AS own JOIN subjects AS other ON own.tag = other.tag
WHERE own.cohort = ? AND other.cohort <> ? LIMIT 1
"""


def _version(row: sqlite3.Row) -> Version:
    count = row["count"]
    return Version(
        version=row["version"],
        name=row["name"],
        number=row["number"],
        path=Path(row["path"]),
        mark=row["mark"],
        standing=Standing(row["state"]),
        probe=None if count is None else Probe(count, Fraction(row["share"])),
    )
