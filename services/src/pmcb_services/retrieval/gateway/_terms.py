# SPDX-License-Identifier: Apache-2.0
"""What a grant reaches: attributes, rounds, exports; kept sealed under the grant's id."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from pmcb_client.database import PrivateDatabase
from pmcb_services.retrieval._schema import Schema
from pmcb_services.retrieval.errors import GrantDenied, SchemaError, UnknownAttribute

from ._sealed import opened, sealed

__all__ = ["OWNER", "Terms", "TermsBook"]

ROUNDS = 8
MOST_ROUNDS = 2**20


@dataclass(frozen=True)
class Terms:
    """What may be done under a grant; without terms of its own a grant has these defaults.

    Attributes:
        attributes: that may be searched and seen; None for all.
        max_rounds: of a query; None, for the owner alone, for no limit.
        may_export: whether a wide query may read the whole store.
        may_patient: whether a patient's records may be asked for.
    """

    attributes: tuple[str, ...] | None = None
    max_rounds: int | None = ROUNDS
    may_export: bool = False
    may_patient: bool = False

    @property
    def limits(self) -> dict[str, Any]:
        """As searches of a store take them."""
        return {"max_rounds": self.max_rounds, "may_export": self.may_export}

    def check(self, schema: Schema, rounds: str) -> None:
        """Whether they fit a store of this schema and policy ("doubling", "fixed:R").

        Raises:
            UnknownAttribute, SchemaError: they do not.
        """
        for name in self.attributes or ():
            if name not in schema.names:
                raise UnknownAttribute(f"'{name}' is no attribute of the store.", field=name)
        if self.max_rounds is None or not 1 <= self.max_rounds <= MOST_ROUNDS:
            raise SchemaError(
                f"max_rounds is from 1 to {MOST_ROUNDS}.", field="max_rounds", next_step=""
            )
        fixed = rounds.partition(":")[2]
        if fixed and self.max_rounds < int(fixed):
            raise SchemaError(
                f"Every query of the store takes {fixed} rounds; this grant would allow none.",
                field="max_rounds",
                next_step=f"Grant with --max-rounds {fixed}.",
            )

    def check_names(self, names: Iterable[str]) -> None:
        """Whether attributes may be searched.

        Raises:
            GrantDenied: names the first that may not.
        """
        for name in names:
            if not self.shows(name):
                raise GrantDenied(f"Your grant does not reach to '{name}'.", field=name)

    def check_patient(self) -> None:
        """Whether a patient may be asked for.

        Raises:
            GrantDenied: not so.
        """
        if not self.may_patient:
            raise GrantDenied("Your grant does not let you ask for a patient.", field="patient")

    def shows(self, name: str) -> bool:
        """Whether an attribute may be seen."""
        return self.attributes is None or name in self.attributes

    def shown(self, answer: dict[str, object], schema: Schema) -> dict[str, object]:
        """An answer's document without the columns of other attributes."""
        if self.attributes is None:
            return answer
        columns, rows = answer["columns"], answer["rows"]
        assert isinstance(columns, list)
        assert isinstance(rows, list)
        kept = [n for n, c in enumerate(columns) if c not in schema.names or self.shows(c)]
        return {
            **answer,
            "columns": [columns[n] for n in kept],
            "rows": [[row[n] for n in kept] for row in rows],
        }


OWNER = Terms(max_rounds=None, may_export=True, may_patient=True)
"""Of the institutions of the store's own organisation, which need no grant."""


class TermsBook:
    """Terms by grant, sealed on disk; what was looked up is remembered.

    Nobody else writes them while a store is served, whose folder has one process.

    Args:
        database: of the store's folder.
        key: of the store, for this purpose.
    """

    def __init__(self, database: PrivateDatabase, key: bytes) -> None:
        self._database, self._key = database, key
        self._known: dict[str, Terms] = {}
        self._turn = asyncio.Lock()  # what is read never overtakes what is put

    async def get(self, grant: str) -> Terms:
        """Of a grant; the defaults where nothing was said.

        Raises:
            KeyMismatch: what was said cannot be opened.
        """
        if grant not in self._known:
            async with self._turn:
                self._known[grant] = await asyncio.to_thread(self._read, grant)
        return self._known[grant]

    async def put(self, grant: str, terms: Terms) -> None:
        """Replace what was said of a grant."""
        async with self._turn:
            await asyncio.to_thread(self._write, grant, terms)
            self._known[grant] = terms

    def _read(self, grant: str) -> Terms:
        query = "SELECT sealed FROM terms WHERE grant_id = ?"
        with self._database.open() as database:
            row = database.execute(query, (grant,)).fetchone()
        if row is None:
            return Terms()
        found = opened(self._key, row[0], _about(grant))
        names = found.pop("attributes")
        return Terms(None if names is None else tuple(names), **found)

    def _write(self, grant: str, terms: Terms) -> None:
        row = (grant, sealed(self._key, asdict(terms), _about(grant)))
        with self._database.open() as database:
            database.execute("INSERT OR REPLACE INTO terms VALUES (?, ?)", row)


def _about(grant: str) -> str:
    return f"grant {grant}"
