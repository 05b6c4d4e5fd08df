# SPDX-License-Identifier: Apache-2.0
"""What a root says, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval._schema import Schema
from pmcb_services.retrieval._settings import LAYOUTS, Settings
from pmcb_services.retrieval.errors import SchemaError

from ._directory import Directory
from ._entry import entry_dtype
from ._hotlog import Generation, HotLog
from ._policy import Policy
from ._pool import Pool
from ._root import Document
from ._seal import Seal
from ._shape import Shape

__all__ = ["Build", "Contents", "layout_names"]

Patients = NDArray[np.generic]


def layout_names(layouts: str, schema: Schema) -> tuple[str, ...]:
    """The layouts of a store; the patients' one comes last and serves `patient` alone."""
    single = ("1d",) * len(schema.attributes) if layouts == "kd+1d" else ()
    return ("kd", *single, *(("patient",) if schema.patient else ()))


@dataclass(frozen=True)
class Build:
    """How a store was created; this never changes."""

    store: str
    schema: Schema
    layouts: str
    policy: Policy
    settings: Settings

    def __post_init__(self) -> None:
        if self.layouts not in LAYOUTS:
            raise SchemaError(f"layouts is one of {', '.join(LAYOUTS)}.", field="layouts")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The layouts' names."""
        return layout_names(self.layouts, self.schema)

    @property
    def searched(self) -> int:
        """How many layouts, from the first on, serve ranges."""
        return len(self.names) - bool(self.schema.patient)

    @cached_property
    def dtype(self) -> np.dtype[np.void]:
        """Of an entry."""
        return entry_dtype(self.schema)

    @property
    def patient_dtype(self) -> np.dtype[np.generic]:
        """Of a patient's id; any where nobody is counted."""
        if self.schema.patient is None:
            return np.dtype("<u4")
        return self.schema.carried_dtype[self.schema.patient]

    def shape(self, records: int) -> Shape:
        """The shape of an epoch with so many records."""
        return Shape.of(records, len(self.names), self.dtype.itemsize, self.settings, self.policy)

    def context(self, epoch: int) -> bytes:
        """What an epoch's blobs are bound to."""
        return self.store.encode() + b"\0" + self.schema.digest + epoch.to_bytes(8, "big")


@dataclass(frozen=True, eq=False)
class Contents:
    """One root.

    Attributes:
        build: how the store was created.
        previous: digest of the root before, 32 bytes.
        epoch: its number.
        pool: the pool's name.
        seal: the epoch's keys.
        records: n+ of the epoch.
        directory: bounds of its buckets.
        live: shape (next id,), which ids are alive.
        patients: shape (m,), ids that have a record in the pool, ascending.
        cut: position of the log up to which everything is in the pool.
        generations: of the log, those that reach beyond the cut.
        colours: patients by colour, ascending.
    """

    build: Build
    previous: bytes
    epoch: int
    pool: str
    seal: Seal
    records: int
    directory: Directory
    live: NDArray[np.bool_]
    patients: Patients
    cut: int
    generations: tuple[Generation, ...]
    colours: Mapping[str, Patients] = field(default_factory=dict)

    @classmethod
    def vacant(cls, build: Build) -> Contents:
        """Before the first root: no pool, no log."""
        nothing = np.zeros(0, dtype=build.patient_dtype)
        none = np.zeros((0, 0), dtype=np.uint16)
        directory = Directory(none, none, np.zeros(0, np.uint16), nothing)
        return cls(
            build=build,
            previous=bytes(32),
            epoch=0,
            pool="",
            seal=Seal.fresh(build.context(0)),
            records=0,
            directory=directory,
            live=np.zeros(0, dtype=np.bool_),
            patients=nothing,
            cut=0,
            generations=(),
        )

    @cached_property
    def shape(self) -> Shape:
        """The epoch's numbers."""
        return self.build.shape(self.records)

    def whole_pool(self) -> Pool:
        """The pool of the epoch."""
        return Pool(self.seal, self.shape, self.build.dtype.itemsize)

    def log(self) -> HotLog:
        """The log after the cut, still to be read."""
        return HotLog(self.build.dtype, self.cut, self.generations)

    def with_generation(self, first: int) -> Contents:
        """With a new generation of the log from this position on."""
        number = self.generations[-1].number + 1 if self.generations else 1
        fresh = Generation.fresh(self.build.store, number, first)
        return replace(self, generations=(*self.generations, fresh))

    def document(self) -> Document:
        """As the root stores it."""
        build, directory = self.build, self.directory
        head: dict[str, object] = {
            "schema": build.schema.document(),
            "layouts": build.layouts,
            "rounds": str(build.policy),
            "settings": asdict(build.settings),
            "previous": self.previous.hex(),
            "epoch": self.epoch,
            "pool": self.pool,
            "keys": _key_texts(self.seal),
            "records": self.records,
            "ids": len(self.live),
            "cut": self.cut,
            "generations": [[g.number, g.first, _key_texts(g.seal)] for g in self.generations],
        }
        arrays = {
            "low": directory.low,
            "high": directory.high,
            "counts": directory.counts,
            "ends": directory.patients,
            "live": np.packbits(self.live),
            "patients": self.patients,
        }
        colours = {f"colour:{name}": held for name, held in self.colours.items()}
        return Document(head, {**arrays, **colours})

    @classmethod
    def of(cls, document: Document, store: str) -> Contents:
        """What a root's document says."""
        head: dict[str, Any] = document.head  # as `document` wrote it, and sealed
        arrays: dict[str, Any] = {**document.arrays}
        build = Build(
            store,
            Schema.from_document(head["schema"]),
            str(head["layouts"]),
            Policy.parse(str(head["rounds"])),
            Settings(**head["settings"]),
        )
        epoch = int(head["epoch"])
        return cls(
            build=build,
            previous=bytes.fromhex(str(head["previous"])),
            epoch=epoch,
            pool=str(head["pool"]),
            seal=_seal_of(head["keys"], build.context(epoch)),
            records=int(head["records"]),
            directory=_directory(arrays),
            live=np.unpackbits(arrays["live"], count=head["ids"]).astype(np.bool_),
            patients=arrays["patients"],
            cut=int(head["cut"]),
            generations=tuple(
                Generation(number, first, _seal_of(keys, Generation.context(store, number)))
                for number, first, keys in head["generations"]
            ),
            colours={
                name.removeprefix("colour:"): held
                for name, held in arrays.items()
                if name.startswith("colour:")
            },
        )


def _key_texts(seal: Seal) -> list[str]:
    return [seal.label_key.hex(), seal.blob_key.hex()]


def _seal_of(texts: Any, context: bytes) -> Seal:
    label_key, blob_key = texts
    return Seal(bytes.fromhex(label_key), bytes.fromhex(blob_key), context)


def _directory(arrays: dict[str, Any]) -> Directory:
    return Directory(arrays["low"], arrays["high"], arrays["counts"], arrays["ends"])
