# SPDX-License-Identifier: Apache-2.0
"""One organisation's CA on disk: one SQLite file. What was answered outlives a kill."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ._certificates import Certificates
from ._registrations import Registrations


class CaDatabase:
    """Registered ids and issued certificates; `with database.together():` changes both or none."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")  # on disk before the answer
        self.registrations = Registrations(self._db)
        self.certificates = Certificates(self._db)

    @contextmanager
    def together(self) -> Iterator[None]:
        """One transaction: committed at the end, taken back if anything is raised."""
        with self._db:
            self._db.execute("begin immediate")
            yield

    def close(self) -> None:
        """Closes the database."""
        self._db.close()
