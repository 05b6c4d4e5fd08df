# SPDX-License-Identifier: Apache-2.0
"""Arrow batches as raw columns. No import of Arrow: whoever has a batch has it already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._header import find_columns
from ._lattice import CHUNK
from ._parsing import Cells
from .errors import TableUnreadable

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Batches", "batch_columns"]

_FLOATS = {"halffloat", "float", "double"}
_INTEGERS = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
_TIMES = ("timestamp", "date", "time", "duration", "month")


@dataclass(frozen=True)
class Batches:
    """A callable that gives record batches of any size, the same rows at every call."""

    give: Callable[[], Iterable[pa.RecordBatch]]
    names: Sequence[str]

    def chunks(self) -> Iterator[list[Cells]]:
        """Columns in the order of the names."""
        for batch in self.give():
            schema = getattr(batch, "schema", None)
            if schema is None or not hasattr(batch, "slice"):
                raise TableUnreadable("The callable must give Arrow record batches.")
            yield from batch_columns(batch, find_columns(schema.names, self.names).indexes)


def batch_columns(batch: pa.RecordBatch, indexes: Sequence[int]) -> Iterator[list[Cells]]:
    """Chunks of some columns of a batch."""
    for start in range(0, batch.num_rows, CHUNK):
        part = batch.slice(start, CHUNK)
        yield [_cells(part.column(index)) for index in indexes]


def _cells(column: pa.Array) -> Cells:
    """Cells as they are: whole numbers beside absent ones must not become floats."""
    kind = str(column.type)
    if kind in _FLOATS or (kind in _INTEGERS and column.null_count == 0):
        numbers: Cells = column.to_numpy(zero_copy_only=False)
        return numbers
    if kind.startswith(_TIMES):
        return [None] * len(column)  # a moment is neither a number nor one of a list
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:
        raw = column.cast("binary").to_pylist()
        return [each if each is None else each.decode("utf-8", "surrogateescape") for each in raw]
