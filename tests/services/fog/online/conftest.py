# SPDX-License-Identifier: Apache-2.0
from contextlib import suppress

import pytest
from tests.services.fog.online.hall import Hall, plan_nothing

from pmcb_benchmarks._postgres import absent, postgres
from pmcb_services.fog.online._postgres import PostgresDatabase
from pmcb_services.fog.online._session import PREFIX
from pmcb_services.fog.online._sqlite import SqliteDatabase
from pmcb_services.fog.online._store import Store


@pytest.fixture
def anyio_backend():
    """Gateway and store are asyncio's."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql_server():
    """A PostgreSQL of this run's own; skips with the reason where there is none."""
    if reason := absent():
        pytest.skip(reason)
    with postgres() as url:
        yield url


@pytest.fixture
def postgresql(postgresql_server):
    """Its address; no orders are there yet."""
    import psycopg

    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        for name in ("orders", "events", "payloads", "servers", "plans", "facts"):
            with suppress(psycopg.errors.UndefinedTable):
                connection.execute(f"DROP TABLE {PREFIX}{name}")
    return postgresql_server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    """Makes a new connection to one and the same store."""
    if request.param == "sqlite":
        return lambda: SqliteDatabase(tmp_path / "store" / "orders.sqlite3")
    url = request.getfixturevalue("postgresql")
    return lambda: PostgresDatabase(url)


@pytest.fixture
async def store(database):
    """Empty."""
    async with Store(database()) as made:
        yield made


@pytest.fixture
def without_plans(monkeypatch):
    """Nothing is planned anew: a planner takes seconds to start."""
    plan_nothing(monkeypatch)


@pytest.fixture
async def hall(tmp_path, without_plans):
    """A gateway on SQLite, and no server yet."""
    made = Hall(SqliteDatabase(tmp_path / "store" / "orders.sqlite3"))
    async with made.serving():
        yield made
