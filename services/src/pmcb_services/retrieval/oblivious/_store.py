# SPDX-License-Identifier: Apache-2.0
"""An encrypted store whose cloud sees counts and times, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval._answer import Answer
from pmcb_services.retrieval._carried import Columns
from pmcb_services.retrieval._colours import Analysis, Finding
from pmcb_services.retrieval._schema import Ranges, Records, Schema
from pmcb_services.retrieval._settings import Settings
from pmcb_services.retrieval.cloud._cloud import Cloud
from pmcb_services.retrieval.errors import (
    IntegrityError,
    QueryTooWide,
    RetrievalError,
    StaleWriter,
    WriterError,
)
from pmcb_services.retrieval.keys import StoreKeys

from ._checks import (
    check_bins,
    check_colour,
    check_ids,
    check_minimum,
    check_patient,
    check_patients,
)
from ._colouring import analyse, counted, paint, profile
from ._contents import Build
from ._creation import create
from ._held import Held
from ._lease import Writer
from ._policy import Policy
from ._query import Limits, export, query, query_patient
from ._recovery import recover
from ._state import MemoryState, State
from ._status import status_of
from ._updates import delete, insert

__all__ = ["ObliviousStore"]


class ObliviousStore:
    """Records on a cloud that learns neither them nor the questions.

    One writer holds a store open; one operation runs at a time.

    >>> from pmcb_services.retrieval import Attribute
    >>> from pmcb_services.retrieval.cloud import MemoryCloud
    >>> schema = Schema("signs", [Attribute("HR", 0, 255, 1), Attribute("SBP", 0, 255, 1)])
    >>> keys, cloud = StoreKeys.generate(), MemoryCloud()
    >>> store = ObliviousStore.create(cloud, schema, [[110, 85], [80, 120]], keys=keys)
    >>> store.query({"HR": (100, None), "SBP": (60, 90)}).ids.tolist()
    [0]
    >>> store.query({"HR": (100, None)}, minimum=2).in_range.tolist()
    [True, False]
    >>> store.delete(store.insert([[130, 70]]))
    >>> store.close()
    """

    def __init__(self, held: Held) -> None:
        self._held = held
        self._lock = RLock()
        self._ended: RetrievalError | None = None

    @classmethod
    def create(
        cls,
        cloud: Cloud,
        schema: Schema,
        records: Records,
        carried: Columns = None,
        *,
        name: str = "store",
        keys: StoreKeys,
        rounds: str = "doubling",
        layouts: str = "kd+1d",
        state: State | None = None,
        settings: Settings | None = None,
    ) -> ObliviousStore:
        """Build and upload a store; a record's id is its row.

        Args:
            cloud: where it will lie.
            schema: of the records.
            records: a column by name, or a table; there may be none.
            carried: the carried fields, by name.
            name: of the store, 1 to 64 of ``a-z 0-9 . _ -``.
            keys: of the institution.
            rounds: "doubling", or "fixed:R", which hides the queries' width, too.
            layouts: "kd+1d", or "kd", which is smaller and slower where few attributes are ranged.
            state: what the fog remembers beside the cloud; without one, no longer than it runs.
            settings: sizes.

        Raises:
            InputError: records or schema do not fit; nothing was sent.
            StoreExists: there is a store of this name.
            StaleWriter: somebody else writes it.
            CloudUnavailable: create it again, with the same name.
        """
        build = Build(name, schema, layouts, Policy.parse(rounds), settings or Settings())
        return cls(create(cloud, build, records, carried, keys, state or MemoryState()))

    @classmethod
    def open(
        cls, cloud: Cloud, name: str, keys: StoreKeys, *, state: State | None = None
    ) -> ObliviousStore:
        """Take a store over, from the cloud alone.

        Raises:
            UnknownStore, KeyMismatch, WrongStore: it cannot be opened so.
            StaleWriter: somebody else holds it open.
            RolledBack, TamperedError: the cloud does not show what was written.
        """
        writer = Writer(cloud, name)
        try:
            return cls(recover(cloud, name, keys, state or MemoryState(), writer))
        except RetrievalError:
            writer.release()
            raise

    def query(
        self,
        ranges: Ranges,
        minimum: int = 0,
        *,
        everything: bool = False,
        max_rounds: int | None = None,
        may_export: bool = True,
    ) -> Answer:
        """Every live record inside all ranges, and the nearest others up to ``minimum``.

        Args:
            ranges: (lo, hi) by attribute, both included; None opens an end.
            minimum: k; fillers outside the ranges have ``in_range = False``.
            everything: whether a query without any range is meant.
            max_rounds: of the asker's grant; None for no limit beyond the policy's.
            may_export: whether a wide query may read the whole pool.

        Raises:
            InputError: nothing was sent.
            QueryTooWide: nothing was sent either.
            CloudUnavailable: what was sent is sent again before the next query.
            TamperedError, MissingBlob: the store is suspended.
        """
        box = self.schema.box(ranges, everything=everything)
        wanted = check_minimum(minimum)
        with self._operating() as held:
            return query(held, box, wanted, Limits(max_rounds, may_export))

    def patient(self, id: int, *, max_rounds: int | None = None, may_export: bool = True) -> Answer:
        """Every live record of a patient, read by rounds that look like any query's.

        Raises:
            SchemaError: the schema names no patient.
            NotANumber: the id is no whole number.
        """
        counted(self.schema)
        wanted = check_patient(id)
        with self._operating() as held:
            return query_patient(held, wanted, Limits(max_rounds, may_export))

    def insert(self, rows: Records, carried: Columns = None) -> NDArray[np.uint32]:
        """Add records; once this returns, the cloud has them for good.

        Returns:
            their ids, never given before.
        """
        codes = self.schema.encode(rows)
        fields = self.schema.encode_carried(carried, len(codes))
        with self._operating() as held:
            return insert(held, codes, fields)

    def delete(self, ids: object) -> None:
        """Delete records; after the next epoch change they are in no blob that can be opened.

        Raises:
            DuplicateRecord, UnknownRecord, NotANumber: nothing was deleted.
        """
        checked = check_ids(ids)
        with self._operating() as held:
            delete(held, checked)

    def colour(self, name: str, patients: object) -> None:
        """Name a set of patients, those who have a disease; an empty set removes the name.

        Raises:
            SchemaError: the schema names no patient, or the name is none.
            NotANumber: a patient's id is no whole number.
        """
        check_colour(name)
        found = check_patients(patients, self.schema.carried_dtype[counted(self.schema)])
        with self._operating() as held:
            paint(held, name, found)

    def analyse(
        self,
        ranges: Ranges,
        colour: str,
        *,
        max_rounds: int | None = None,
        may_export: bool = True,
    ) -> Analysis:
        """Whether the patients of a colour crowd inside the ranges: one query, joined here.

        Raises:
            UnknownAttribute: there is no such colour.
        """
        box = self.schema.box(ranges)
        with self._operating() as held:
            return analyse(held, box, colour, Limits(max_rounds, may_export))

    def profile(
        self,
        colour: str,
        bins: int = 8,
        *,
        max_rounds: int | None = None,
        may_export: bool = True,
    ) -> list[Finding]:
        """Every attribute over bins of equally many records, by falling lift: one wide query.

        Raises:
            UnknownAttribute: there is no such colour.
            QueryTooWide: the policy fixes fewer rounds than the whole store takes.
        """
        check_bins(bins)
        with self._operating() as held:
            return profile(held, colour, bins, Limits(max_rounds, may_export))

    def export(self) -> Answer:
        """Every live record; the whole pool is read, and a new epoch begins.

        Raises:
            QueryTooWide: a fixed policy hides widths, and this would show one.
        """
        box = self.schema.box({}, everything=True)
        with self._operating() as held:
            fixed, most = held.contents.build.policy.fixed, held.contents.shape.rounds
            if fixed:
                raise QueryTooWide(rounds_needed=most, allowed=fixed)
            return export(held, box, 0, most)

    def status(self) -> dict[str, object]:
        """Sizes and counts; of these the cloud sees all but ``live`` and ``colours``."""
        with self._lock:
            return status_of(self._held, is_suspended=self._ended is not None)

    def next_id(self) -> int:
        """The next record's id, known once what found no answer was sent again."""
        with self._operating() as held:
            return len(held.live)

    def renew(self) -> None:
        """Keep the lease where nothing else is asked; every 3 s, before it runs out after 10."""
        with self._operating() as held:
            held.writer.fence()

    @property
    def schema(self) -> Schema:
        """Of the records."""
        return self._held.contents.build.schema

    def close(self) -> None:
        """Give the lease back; whatever was acknowledged is on the cloud already."""
        with self._lock:
            if self._ended is None:
                self._held.writer.release()
                self._ended = StaleWriter("The store was closed here.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _operating(self) -> Iterator[Held]:
        """One operation at a time; none after the cloud or another writer cannot be trusted."""
        with self._lock:
            if self._ended is not None:
                raise self._ended
            try:
                self._held.settle()
                yield self._held
            except (IntegrityError, WriterError) as error:
                self._ended = error
                raise
