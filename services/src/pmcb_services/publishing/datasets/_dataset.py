# SPDX-License-Identifier: Apache-2.0
"""One table that figures are measured on, and where it came from."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pmcb_services.publishing import Schema, Table
from pmcb_services.publishing._lattice import LATTICE

STAND_IN = "stand-in"
GENERATED = "generated"


@dataclass(frozen=True)
class DataSet:
    """Rows in original units within public bounds.

    Attributes:
        name: of the set.
        schema: its columns; all are numbers.
        rows: shape (n, d).
        origin: the files' names, ``generated``, or ``stand-in``.
        sha256: of each file's unpacked content; empty where there is no file.
    """

    name: str
    schema: Schema
    rows: NDArray[np.float64]
    origin: str
    sha256: tuple[str, ...] = field(default=())

    @property
    def is_stand_in(self) -> bool:
        """Whether the published rows were not at hand and others stand in their place."""
        return self.origin == STAND_IN

    @property
    def encoded(self) -> NDArray[np.float64]:
        """The rows as the mechanism sees them, in [-1, 1], clipped to the bounds: shape (n, d).

        >>> from pmcb_services.publishing import Numeric
        >>> schema = Schema([Numeric("hours", 0, 24)])
        >>> DataSet("days", schema, np.array([[6.], [12.], [30.]]), "generated").encoded.tolist()
        [[-0.5], [0.0], [1.0]]
        """
        chunks = Table.open(self.rows, self.schema).chunks()
        return np.vstack([x for x, _ in chunks]) / LATTICE

    @property
    def document(self) -> dict[str, object]:
        """What results say of it."""
        n, d = self.rows.shape
        return {
            "name": self.name,
            "rows": n,
            "columns": d,
            "origin": self.origin,
            "sha256": list(self.sha256),
        }


def from_files(
    name: str,
    schema: Schema,
    rows: Sequence[Sequence[float]],
    contents: Sequence[tuple[Path, bytes]],
) -> DataSet:
    """A set read from files: each with what it holds once unpacked."""
    return DataSet(
        name,
        schema,
        np.array(rows, dtype=np.float64).reshape(-1, schema.width),
        ", ".join(path.name for path, _ in contents),
        tuple(hashlib.sha256(content).hexdigest() for _, content in contents),
    )
