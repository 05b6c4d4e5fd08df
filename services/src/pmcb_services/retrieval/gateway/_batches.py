# SPDX-License-Identifier: Apache-2.0
"""Which batches of records a store has: each is there once, however often it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pmcb_client.database import PrivateDatabase
    from pmcb_services.retrieval.oblivious import ObliviousStore

    Ids = NDArray[np.uint32]

__all__ = ["BATCHES_SCHEMA", "Batches"]

BATCHES_SCHEMA = """
CREATE TABLE IF NOT EXISTS batches (
  batch TEXT PRIMARY KEY, first INTEGER NOT NULL, count INTEGER
) STRICT;
"""


class Batches:
    """Inserts under names, one after another.

    A store inserts all of a batch or nothing. Before a batch is inserted the id that its first
    record will get is on disk; whatever was killed then, the next id tells what became of it.

    Args:
        database: of the store, with `BATCHES_SCHEMA`.
        store: open; nothing else inserts.
    """

    def __init__(self, database: PrivateDatabase, store: ObliviousStore) -> None:
        self._file = database
        self._store = store

    def insert(self, batch: str | None, work: Callable[[], Ids]) -> list[int]:
        """The ids of a batch, inserted now or before; without a name, of what is inserted now."""
        next_id = self._store.next_id()
        self._resolve(next_id)
        if batch is None:
            return _listed(work())
        with self._file.open() as database:
            query = "SELECT first, count FROM batches WHERE batch = ?"
            found = database.execute(query, (batch,)).fetchone()
            if found is not None:
                return [*range(found[0], found[0] + found[1])]
            database.execute("INSERT INTO batches VALUES (?, ?, NULL)", (batch, next_id))
        ids = _listed(work())
        with self._file.open() as database:
            database.execute("UPDATE batches SET count = ? WHERE batch = ?", (len(ids), batch))
        return ids

    def _resolve(self, next_id: int) -> None:
        """What became of the batch that was under way."""
        with self._file.open() as database:
            database.execute("DELETE FROM batches WHERE count IS NULL AND first = ?", (next_id,))
            query = "UPDATE batches SET count = ? - first WHERE count IS NULL"
            database.execute(query, (next_id,))


def _listed(ids: Ids) -> list[int]:
    found: list[int] = ids.tolist()
    return found
