# SPDX-License-Identifier: Apache-2.0
"""The reproduction as a store: range search by ASPE and range trees, which protects nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import structlog
from numpy.typing import NDArray

from pmcb_services.retrieval import Box, Schema
from pmcb_services.retrieval._schema import Ranges, Records
from pmcb_services.retrieval.errors import (
    BadMinimum,
    DuplicateRecord,
    InsecureMode,
    TooManyRecords,
    UnknownRecord,
)

from ._answer import LABEL, PaperAnswer
from ._aspe import AspeKey, generator
from ._blocks import Blocks
from ._cloud_side import CloudSide
from ._cost import MAX_INDEX_BYTES, Histograms, check_budget
from ._files import Saved, load, save
from ._forest import Forest, ForestPlan
from ._sealing import RecordKey

__all__ = ["PaperStore"]

_MOST = 2**31 - 1  # record numbers are int32

Carriable = Mapping[str, object] | NDArray[np.void] | None
Ids = NDArray[np.int32]

_log = structlog.get_logger("pmcb_services.retrieval")


class PaperStore:
    """Institution, fog and cloud of the published scheme in one process. Not for patients' data.

    Eighteen known records decrypt all others: see `attacks`.

    >>> from pmcb_services.retrieval import Attribute
    >>> schema = Schema("signs", [Attribute("HR", 0, 255, 1), Attribute("SBP", 0, 255, 1)])
    >>> rows = [[80, 120], [130, 70], [60, 110]]
    >>> with structlog.testing.capture_logs() as log:
    ...     store = PaperStore.create(schema, rows, acknowledge_insecure=True)
    >>> log[0]["event"]
    'insecure-reproduction-only'
    >>> store.query({"HR": (100, None)}).values.tolist()
    [[130.0, 70.0]]
    >>> store.insert([[140, 65]]).tolist(), len(store.query({"HR": (100, None)}))
    ([3], 2)
    >>> store.delete([1])
    >>> answer = store.query({"HR": (100, None)}, minimum=2)
    >>> answer.ids.tolist(), answer.in_range.tolist(), answer.label
    ([3, 0], [True, False], 'insecure-reproduction-only')
    """

    def __init__(self, held: Saved, rng: np.random.Generator) -> None:
        self.schema = held.schema
        self._plan, self._allowed, self._rng = held.plan, held.allowed, rng
        self._key, self._record_key = held.key, held.record_key
        self._cloud, self._live = held.cloud, held.live
        self._codes = np.zeros((len(held.live), len(held.schema.attributes)), dtype=np.uint16)
        rows = np.flatnonzero(held.live).astype(np.int32)
        self._codes[rows] = self._opened(rows)[0]
        levels = tuple(1 + each for each in held.schema.levels)
        self._histograms = Histograms(self._codes[rows], levels)
        self._blocks = Blocks(
            held.plan.leaf, lambda ids: Forest.build(self._codes, ids, self._plan)
        )
        self._blocks.places, self._blocks.buffer = dict(held.places), held.cloud.buffer

    @classmethod
    def create(
        cls,
        schema: Schema,
        records: Records,
        carried: Carriable = None,
        *,
        acknowledge_insecure: bool = False,
        forest: Literal["prefix", "pairs"] = "prefix",
        indexed: int = 3,
        leaf: int = 64,
        max_index_bytes: int = MAX_INDEX_BYTES,
        random_state: int | np.random.Generator | None = None,
    ) -> PaperStore:
        """Generate keys, build the index, encrypt.

        Args:
            schema: of the records; the order of its attributes is that of the tree.
            records: a column by name, or rows.
            carried: fields that come back with a hit.
            acknowledge_insecure: that whoever holds the index can read the records.
            forest: a tree over the first attributes, or one for each pair.
            indexed: g, how many attributes the tree has (forest "prefix").
            leaf: B, at least 1.
            max_index_bytes: of record numbers.
            random_state: seeds the keys; for figures only.

        Raises:
            InsecureMode: it was not acknowledged.
            IndexBudgetError: the index would be larger than allowed; nothing was built.
            SingularKey, PrecisionLimit: no usable key.
            InputError: a record is not of the schema.
        """
        _check_acknowledged(acknowledge_insecure)
        if indexed < 1 or leaf < 1:
            raise ValueError("indexed and leaf are at least 1")
        a = len(schema.attributes)
        pairs = forest == "pairs"
        plan = ForestPlan.pairs(a, leaf) if pairs else ForestPlan.prefix(a, indexed, leaf)
        rng = generator(random_state)
        key = AspeKey.generate(schema.levels, rng)
        key.check_precision(rng)
        cloud, nobody = CloudSide(2 * key.dimensions, a), np.empty(0, dtype=np.bool_)
        held = Saved(schema, plan, max_index_bytes, key, RecordKey(), cloud, nobody, {})
        store = cls(held, rng)
        store.insert(records, carried)
        _log.warning(LABEL, records=len(store))
        return store

    @classmethod
    def open(cls, folder: str | Path, *, acknowledge_insecure: bool = False) -> PaperStore:
        """A store that `save` wrote; its changes from now on are not in the folder.

        Raises:
            InsecureMode: it was not acknowledged that whoever holds the index can read the records.
            UnknownStore: the folder holds no store.
            KeyMismatch: its keys cannot be used.
            TamperedError: the cloud's file, or a record, was changed.
        """
        _check_acknowledged(acknowledge_insecure)
        store = cls(load(Path(folder)), generator(None))
        _log.warning(LABEL, records=len(store))
        return store

    def save(self, folder: str | Path) -> None:
        """Write the store into a new folder: the cloud's side, and the keys apart from it.

        Raises:
            StoreExists: there is something of this name.
            InputError: it cannot be written.
        """
        held = Saved(
            self.schema,
            self._plan,
            self._allowed,
            self._key,
            self._record_key,
            self._cloud,
            self._live,
            self._blocks.places,
        )
        save(Path(folder), held)

    def __len__(self) -> int:
        return int(np.count_nonzero(self._live))

    def query(self, ranges: Ranges, minimum: int = 0, *, everything: bool = False) -> PaperAnswer:
        """Every live record inside all ranges; then fillers until ``minimum`` are there.

        Raises:
            InputError: a range or the minimum cannot be.
            TamperedError: the cloud changed a record.
        """
        _check_minimum(minimum)
        box = self.schema.box(ranges, everything=everything)
        shares = self._histograms.selectivity(box)
        door = self._key.trapdoor(box, self._rng)
        hits, fillers = self._cloud.search(door, self._plan.choose(box.ranged, shares), minimum)
        return self._answer(box, hits.ids, fillers.ids, hits.tests + fillers.tests, hits.nodes)

    def insert(self, rows: Records, carried: Carriable = None) -> NDArray[np.uint32]:
        """Add records; their ids, which are never given again.

        The cloud sees at once between which others each of them ranks.
        """
        codes = self.schema.encode(rows)
        extra = self.schema.encode_carried(carried, len(codes))
        first, n = len(self._codes), len(self._codes) + len(codes)
        if n > _MOST:
            raise TooManyRecords(f"A reproduction holds at most {_MOST:,} records in its life.")
        check_budget(self._plan.index_bytes(len(self) + len(codes)), self._allowed)
        sealed = self._record_key.seal(first, _joined(codes, extra))
        self._cloud.put(self._key.encrypt(codes, self._rng), sealed)
        self._codes = np.concatenate([self._codes, codes])
        self._live = np.concatenate([self._live, np.ones(len(codes), dtype=np.bool_)])
        self._histograms.add(codes, 1)
        ids = np.arange(first, n, dtype=np.int32)
        self._blocks.add(ids, self._live)
        self._arrange([self._ranked(order, j, ids) for j, order in enumerate(self._cloud.orders)])
        return ids.astype(np.uint32)

    def delete(self, ids: Sequence[int] | NDArray[np.integer]) -> None:
        """Write tombstones.

        Raises:
            UnknownRecord: an id is unknown or dead; nothing was deleted.
            DuplicateRecord: an id is there twice.
        """
        listed = [int(each) for each in ids]
        if len(set(listed)) < len(listed):
            raise DuplicateRecord("An id is named twice.")
        for each in listed:
            if not 0 <= each < len(self._live) or not self._live[each]:
                raise UnknownRecord(f"There is no record {each}.")
        dead = np.array(listed, dtype=np.int32)
        self._live[dead] = False
        self._histograms.add(self._codes[dead], -1)
        self._cloud.bury(dead)
        self._blocks.bury(self._live)
        self._arrange([order[self._live[order]] for order in self._cloud.orders])

    def status(self) -> dict[str, object]:
        """Counts and sizes, labelled."""
        return {
            "label": LABEL,
            "records": len(self),
            "tombstones": self._blocks.held + len(self._blocks.buffer) - len(self),
            "blocks": [len(forest.ids) for forest in self._blocks.forests],
            "buffer": len(self._blocks.buffer),
            "index_bytes": self._cloud.size_bytes,
        }

    def _arrange(self, orders: list[Ids]) -> None:
        self._cloud.arrange(self._blocks.forests, self._blocks.buffer, orders)

    def _ranked(self, order: Ids, j: int, ids: Ids) -> Ids:
        """New records at their places in the order of attribute j, equal ones by number."""
        fresh = ids[np.argsort(self._codes[ids, j], kind="stable")]
        at = np.searchsorted(self._codes[order, j], self._codes[fresh, j], side="right")
        return np.insert(order, at, fresh)

    def _answer(self, box: Box, hits: Ids, fillers: Ids, tests: int, nodes: int) -> PaperAnswer:
        ids = np.concatenate([hits, fillers])
        codes, carried = self._opened(ids)
        gap = box.gap(codes)
        inside = np.arange(len(ids)) < len(hits)
        order = np.lexsort((ids, gap, ~inside))
        return PaperAnswer(
            ids=ids[order].astype(np.uint32),
            values=self.schema.decode(codes[order]),
            carried=carried[order],
            in_range=inside[order],
            gap=gap[order],
            rounds=1,
            certified=not len(fillers) or len(ids) == len(self),
            schema=self.schema,
            tests=tests,
            nodes=nodes,
        )

    def _opened(self, ids: Ids) -> tuple[NDArray[np.uint16], NDArray[np.void]]:
        sealed = self._cloud.sealed
        opened = b"".join(self._record_key.open(row, sealed[row]) for row in ids.tolist())
        records = np.frombuffer(opened, dtype=_layout(self.schema))
        return records["codes"], records["carried"]


def _check_acknowledged(acknowledged: bool) -> None:
    if not acknowledged:
        raise InsecureMode("This store reproduces a broken scheme; it protects nothing.")


def _check_minimum(minimum: object) -> None:
    if isinstance(minimum, bool) or not isinstance(minimum, int | np.integer) or minimum < 0:
        raise BadMinimum("The minimum is a whole number from 0 on.")


def _layout(schema: Schema) -> np.dtype[np.void]:
    a = len(schema.attributes)
    return np.dtype([("codes", "<u2", (a,)), ("carried", schema.carried_dtype)])


def _joined(codes: NDArray[np.uint16], carried: NDArray[np.void]) -> list[bytes]:
    size = carried.dtype.itemsize
    tails = carried.tobytes()
    return [
        row.tobytes() + tails[at * size : (at + 1) * size]
        for at, row in enumerate(np.ascontiguousarray(codes.astype("<u2")))
    ]
