# SPDX-License-Identifier: Apache-2.0
"""Others that answer the same boxes: DuckDB and PostgreSQL on plain records, the MRSE scan."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np

from pmcb_services.retrieval.paper import AspeKey, scan

from ._postgres import absent, postgres
from ._retrieval_names import DUCKDB, MRSE, POSTGRESQL
from ._retrieval_worlds import Question, World

__all__ = ["Asker", "askers", "reasons"]


class Asker(Protocol):
    """Something that finds the records of a box."""

    def ask(self, question: Question) -> list[int]:
        """Their numbers, in any order."""


@contextmanager
def askers(world: World, names: tuple[str, ...]) -> Iterator[dict[str, Asker]]:
    """Those named that can run here, filled with the records."""
    made = {DUCKDB: _duckdb, POSTGRESQL: _postgresql, MRSE: _mrse}
    missing = reasons()
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(made[name](world)) for name in names if name not in missing
        }


def reasons() -> dict[str, str]:
    """Why some of them cannot run."""
    found = {}
    if find_spec("duckdb") is None:
        found[DUCKDB] = "not installed; it is of the dependency group bench"
    if reason := absent():
        found[POSTGRESQL] = reason
    return found


class _DuckDb:
    """A table in memory, one thread, a prepared statement."""

    def __init__(self, world: World, connection: Any) -> None:
        self._connection = connection
        columns = {name: world.codes[:, j] for j, name in enumerate(_names(world))}
        records = {"id": np.arange(len(world.codes), dtype=np.uint32), **columns}
        connection.register("records", records)
        connection.execute("CREATE TABLE vitals AS SELECT * FROM records")
        tests = " AND ".join(
            f"{name} BETWEEN ${2 * j + 1} AND ${2 * j + 2}" for j, name in enumerate(columns)
        )
        connection.execute(f"PREPARE inside AS SELECT id FROM vitals WHERE {tests}")  # noqa: S608

    def ask(self, question: Question) -> list[int]:
        """By a scan of compressed columns, whose blocks know least and greatest."""
        bounds = ",".join(map(str, _bounds(question)))
        found = self._connection.execute(f"EXECUTE inside({bounds})").fetchnumpy()["id"]
        ids: list[int] = found.tolist()
        return ids


@contextmanager
def _duckdb(world: World) -> Iterator[Asker]:
    import duckdb

    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        yield _DuckDb(world, connection)


class _PostgreSql:
    """A b-tree an attribute, a prepared statement, no second worker."""

    def __init__(self, world: World, connection: Any) -> None:
        self._connection = connection
        names = _names(world)
        columns = ", ".join(f"{name} smallint NOT NULL" for name in names)
        connection.execute(f"CREATE TABLE vitals (id integer PRIMARY KEY, {columns})")
        numbered = np.column_stack([np.arange(len(world.codes)), world.codes]).tolist()
        with connection.cursor() as cursor, cursor.copy("COPY vitals FROM STDIN") as copy:
            for row in numbered:
                copy.write_row(row)
        for name in names:
            connection.execute(f"CREATE INDEX ON vitals ({name})")
        connection.execute("VACUUM ANALYZE vitals")
        connection.execute("SET max_parallel_workers_per_gather = 0")
        tests = " AND ".join(f"{name} BETWEEN %s AND %s" for name in names)
        self._asked = f"SELECT id FROM vitals WHERE {tests}"  # noqa: S608 - c0, c1, ...

    def ask(self, question: Question) -> list[int]:
        """As its planner sees fit."""
        rows = self._connection.execute(self._asked, _bounds(question), prepare=True).fetchall()
        return [row[0] for row in rows]


@contextmanager
def _postgresql(world: World) -> Iterator[Asker]:
    import psycopg

    with postgres() as url, psycopg.connect(url, autocommit=True) as connection:
        yield _PostgreSql(world, connection)


class _Mrse:
    """The product of every encrypted record and every token."""

    def __init__(self, world: World) -> None:
        self._rng = world.rng
        self._key = AspeKey.generate(world.schema.levels, self._rng)
        self._table = self._key.encrypt(world.codes, self._rng)

    def ask(self, question: Question) -> list[int]:
        """By the signs of all products."""
        found = scan(self._table, None, self._key.trapdoor(question.box, self._rng))
        ids: list[int] = found.ids.tolist()
        return ids


@contextmanager
def _mrse(world: World) -> Iterator[Asker]:
    yield _Mrse(world)


def _names(world: World) -> list[str]:
    return [f"c{j}" for j in range(world.codes.shape[1])]


def _bounds(question: Question) -> list[int]:
    pairs = zip(question.box.lo, question.box.hi, strict=True)
    return [int(bound) for pair in pairs for bound in pair]
