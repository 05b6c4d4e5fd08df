# SPDX-License-Identifier: Apache-2.0
"""A named batch is in the store once, whenever the gateway was killed."""

import pytest
from tests.services.retrieval.gateway.ward import SCHEMA, records

from pmcb_client.database import PrivateDatabase
from pmcb_services.retrieval.cloud import MemoryCloud
from pmcb_services.retrieval.gateway._batches import BATCHES_SCHEMA, Batches
from pmcb_services.retrieval.keys import StoreKeys
from pmcb_services.retrieval.oblivious import ObliviousStore

ONE, TWO = "1" * 64, "2" * 64
ROWS, CARRIED = [[80, 120, 36.6], [81, 121, 36.7]], {"patient": [1, 2]}


class Killed(BaseException):
    """As a kill: nothing after it runs."""


@pytest.fixture
def store():
    """Three records."""
    signs, carried = records(3)
    keys = StoreKeys.generate()
    with ObliviousStore.create(MemoryCloud(), SCHEMA, signs, carried, keys=keys) as made:
        yield made


def batches(store, tmp_path):
    """As after a start."""
    return Batches(PrivateDatabase(tmp_path / "state.sqlite3", BATCHES_SCHEMA), store)


def insert(store):
    """What the gateway does."""
    return store.insert(ROWS, CARRIED)


def dying(store, *, before):
    """The same, but the process dies before or after it."""

    def work():
        if not before:
            insert(store)
        raise Killed

    return work


@pytest.mark.parametrize("before", [True, False])
def test_a_batch_that_a_kill_interrupted_is_there_once(store, tmp_path, before):
    """Whether the records reached the store or not, and though another batch comes between."""
    with pytest.raises(Killed):
        batches(store, tmp_path).insert(ONE, dying(store, before=before))
    between = batches(store, tmp_path).insert(None, lambda: insert(store))
    again = batches(store, tmp_path).insert(ONE, lambda: insert(store))
    assert (between, again) == (([3, 4], [5, 6]) if before else ([5, 6], [3, 4]))
    assert store.next_id() == 7


def test_a_name_stands_for_one_batch(store, tmp_path):
    """The same again changes nothing; another name is another batch."""
    made = batches(store, tmp_path)
    assert made.insert(ONE, lambda: insert(store)) == [3, 4]
    assert made.insert(ONE, lambda: insert(store)) == [3, 4]
    assert made.insert(TWO, lambda: insert(store)) == [5, 6]
