# SPDX-License-Identifier: Apache-2.0
"""A cloud in PostgreSQL: several servers on one database, and a database that is away."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from pmcb_services.retrieval.cloud import PostgresCloud
from pmcb_services.retrieval.errors import CloudUnavailable, StaleWriter

SECRET = "hunter2"


def test_a_database_that_is_away_is_told_of():
    """Neither address nor password is shown."""
    pytest.importorskip("psycopg")
    with pytest.raises(CloudUnavailable) as caught:
        PostgresCloud(f"postgresql://pmcb:{SECRET}@127.0.0.1:1/pmcb")
    assert SECRET not in repr(caught.value)
    assert caught.value.exit_code == 3


def test_an_address_that_is_none_is_told_of():
    """Whatever was written there."""
    pytest.importorskip("psycopg")
    with pytest.raises(CloudUnavailable) as caught:
        PostgresCloud(f"mysql://{SECRET}")
    assert SECRET not in str(caught.value)


def test_without_its_library_the_way_out_is_named(monkeypatch):
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(CloudUnavailable, match="psycopg") as caught:
        PostgresCloud("postgresql:///pmcb")
    assert "postgres" in caught.value.next_step


def test_two_servers_share_a_database(database, postgresql, descriptor):
    """They begin at once; what one writes the other reads; there is one writer."""
    with ThreadPoolExecutor(4) as pool:
        others = list(pool.map(PostgresCloud, [database] * 4))
    other, name = others[0], descriptor.name
    postgresql.create(descriptor)
    other.create(descriptor)
    fence = postgresql.lease(name, "first", 3600).fence
    with pytest.raises(StaleWriter):
        other.lease(name, "second", 3600)
    postgresql.append(name, fence, 0, bytes(20))
    other.release(name, fence)
    assert other.lease(name, "second", 3600).fence == fence + 1
    with pytest.raises(StaleWriter):
        postgresql.append(name, fence, 1, bytes(20))
    assert other.read_log(name, 0, 9).items == bytes(20)
    for each in others:
        each.close()


def test_a_connection_that_was_cut_is_replaced(database, descriptor):
    """The call that met it is told so; the same call again succeeds."""
    import psycopg

    cloud = PostgresCloud(f"{database}&application_name=cut")
    cloud.create(descriptor)
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE application_name = 'cut'"
        )
    with pytest.raises(CloudUnavailable, match="database fails"):
        cloud.describe(descriptor.name)
    assert cloud.describe(descriptor.name) == descriptor
    cloud.close()


def test_a_dropped_pool_leaves_no_table(database, postgresql, descriptor):
    """Whole pools go at once."""
    import psycopg

    def tables():
        with psycopg.connect(database) as admin:
            found = admin.execute("SELECT tablename FROM pg_tables WHERE tablename ~ 'pmcb_pool_'")
            return set(found.fetchall())

    before = tables()
    postgresql.create(descriptor)
    fence = postgresql.lease(descriptor.name, "me", 3600).fence
    postgresql.put_pool(descriptor.name, fence, "p", bytes(24))
    assert len(tables() - before) == 1
    postgresql.drop_pool(descriptor.name, fence, "p")
    assert tables() == before
