# SPDX-License-Identifier: Apache-2.0
"""Where an institution keeps its keys, and of each store what the cloud must not forget for it.

::

    retrieval/HospitalBMSP.records/
        store.keys                  0600; the keys of all stores are derived from it
        stores/icu/store.json       the data set that the store is on the ledger
        stores/icu/state.sqlite3    newest root, end of the log, terms of grants, audit trail
"""

from __future__ import annotations

import json
import re
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from pmcb_client.database import PrivateDatabase
from pmcb_client.files import private_folder, write_private
from pmcb_services.common._alone import alone
from pmcb_services.common._chain import CHAIN_SCHEMA
from pmcb_services.retrieval.errors import SchemaError, StoreExists, UnknownStore
from pmcb_services.retrieval.keys import StoreKeys

from ._batches import BATCHES_SCHEMA

__all__ = ["Folder", "StoreFolder", "Unfinished"]

_NAME = re.compile(r"[a-z0-9_][a-z0-9._-]{0,63}")
_BEGUN = ".begun-"  # no store's name begins so
_SCHEMA = """
CREATE TABLE IF NOT EXISTS state (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL, digest BLOB NOT NULL, log_end INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS terms (grant_id TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS anchors (
  head TEXT PRIMARY KEY, salt BLOB NOT NULL, number INTEGER NOT NULL, hash TEXT NOT NULL
) STRICT;
"""


@dataclass(frozen=True)
class Unfinished:
    """A store that is being built.

    Attributes:
        dataset: its id on the ledger, 32 hex digits.
        version: the data set's, as long.
        mark: of schema and records, under a key: whether a repeat builds the same.
    """

    dataset: str
    version: str
    mark: str


class StoreFolder:
    """What is kept of one store.

    Args:
        path: of the folder, which is made if it is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = private_folder(path)
        self.name = path.name.removeprefix(_BEGUN)
        self.database = PrivateDatabase(
            path / "state.sqlite3", _SCHEMA + BATCHES_SCHEMA + CHAIN_SCHEMA
        )

    @property
    def dataset(self) -> str:
        """Its id on the ledger."""
        return self.about().dataset

    def about(self) -> Unfinished:
        """What was written when its building began."""
        return Unfinished(**json.loads((self.path / "store.json").read_bytes()))


class Folder:
    """Of one institution.

    Args:
        path: made with the first store.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stores = path / "stores"

    def alone(self) -> BinaryIO:
        """Hold it until the file that is returned is closed.

        Raises:
            InputError: another gateway holds it.
        """
        return alone(private_folder(self.path), "Another gateway serves the stores of this folder.")

    def keys(self) -> StoreKeys:
        """The institution's keys.

        Raises:
            KeyMismatch: they cannot be read; nothing was built here yet.
        """
        return StoreKeys.load(self.path / "store.keys")

    def made_keys(self, keys: StoreKeys | None = None) -> StoreKeys:
        """The same; where there are none, these, or new ones."""
        private_folder(self.path)
        with suppress(FileExistsError):
            (keys or StoreKeys.generate()).save(self.path / "store.keys")
        return self.keys()

    def names(self) -> list[str]:
        """Of the stores that stand."""
        if not self._stores.is_dir():
            return []
        return sorted(each.name for each in self._stores.iterdir() if _NAME.fullmatch(each.name))

    def store(self, name: str) -> StoreFolder:
        """A store that stands.

        Raises:
            UnknownStore: there is none of this name.
        """
        if not _NAME.fullmatch(name) or not (self._stores / name).is_dir():
            raise UnknownStore(f"There is no store '{name}' here.", field="store")
        return StoreFolder(self._stores / name)

    def begun(self, name: str, mark: str) -> StoreFolder:
        """The folder of a store that is to be built, or that a killed building left.

        Raises:
            SchemaError: the name is none.
            StoreExists: it stands, or other records were begun under this name.
        """
        made = self._unfinished(name)
        if not (made.path / "store.json").exists():
            _describe(made, Unfinished(secrets.token_hex(16), secrets.token_hex(16), mark))
        if made.about().mark != mark:
            raise StoreExists(
                f"The store '{name}' was begun with other records, or another schema.",
                field="store",
                next_step="Build it again as it was begun, or choose another name.",
            )
        return made

    def adopted(self, name: str, about: Unfinished) -> StoreFolder:
        """The folder of a store that was built elsewhere; it stands once it is finished.

        Raises:
            SchemaError: the name is none.
            StoreExists: a store of this name stands here, or was begun.
        """
        made = self._unfinished(name)
        if not (made.path / "store.json").exists():
            _describe(made, about)
        if made.about() != about:
            raise StoreExists(f"Another store '{name}' was begun here.", field="store")
        return made

    def finish(self, made: StoreFolder) -> None:
        """It stands from now on."""
        made.path.rename(self._stores / made.name)

    def _unfinished(self, name: str) -> StoreFolder:
        if not _NAME.fullmatch(name):
            raise SchemaError(
                "A store's name has 1 to 64 of a-z 0-9 . _ - and does not begin with a dot or "
                "hyphen.",
                field="store",
                next_step="Choose another name.",
            )
        if name in self.names():
            raise StoreExists(f"There is a store '{name}' here already.", field="store")
        return StoreFolder(self._stores / f"{_BEGUN}{name}")


def _describe(made: StoreFolder, about: Unfinished) -> None:
    write_private(made.path / "store.json", json.dumps(asdict(about)).encode())
