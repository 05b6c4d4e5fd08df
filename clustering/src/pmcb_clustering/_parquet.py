# SPDX-License-Identifier: Apache-2.0
"""Ties from Parquet tables, through the extra ``parquet``."""

from __future__ import annotations

from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pmcb_clustering._edge_lists import LARGEST, Ties
from pmcb_clustering.errors import GraphError

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray
    from pyarrow.parquet import ParquetFile

__all__ = ["read_table", "table_bytes"]

BATCH = 2**18  # rows
BYTES_PER_ROW = 250  # measured peak with ids as text, rounded up; numbers need half of it


def _open(path: Path) -> ParquetFile:
    try:
        import pyarrow as pa
        from pyarrow.parquet import ParquetFile
    except ModuleNotFoundError as error:
        raise GraphError(
            "Parquet is read through pyarrow, which is not installed",
            path=path.name,
            next_step="Install the extra: pip install 'pmcb-clustering[parquet]'.",
        ) from error
    try:
        return ParquetFile(path)
    except pa.ArrowException as error:
        raise GraphError("this is not Parquet", path=path.name) from error


def table_bytes(path: Path) -> int:
    """Memory that reading the table takes at most; its foot tells the number of rows."""
    with _open(path) as file:
        return int(file.metadata.num_rows) * BYTES_PER_ROW


def read_table(path: Path) -> Ties:
    """The ties of a table of two columns, whole numbers or text, and perhaps one of weights.

    Raises:
        GraphError: names the file, and the row where one is to blame.
        OSError: the file cannot be read.
    """
    import pyarrow as pa

    ties, row = Ties(), 0
    with _open(path) as file:
        ties.weighted = _check_columns(file.schema_arrow, path.name)
        try:
            for batch in file.iter_batches(BATCH, columns=file.schema_arrow.names[:2]):
                _take(batch.column(0), batch.column(1), ties, path.name, row)
                row += batch.num_rows
        except pa.ArrowException as error:
            message = f"the table is damaged after row {row}"
            step = "Fetch the file again."
            raise GraphError(message, path=path.name, next_step=step) from error
    return ties


def _check_columns(schema: pa.Schema, name: str) -> bool:
    """Whether there are weights, as a third column."""
    import pyarrow as pa

    kinds = [each.value_type if pa.types.is_dictionary(each) else each for each in schema.types]
    ids = all(
        pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
        for kind in kinds[:2]
    )
    weights = all(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        for kind in kinds[2:]
    )
    if len(kinds) not in {2, 3} or not ids or not weights:
        found = ", ".join(f"{each.name} ({each.type})" for each in schema)
        message = "two columns of user ids are needed, whole numbers or text, and at most a third "
        raise GraphError(f"{message}of weights; here are {found or 'none'}", path=name)
    return len(kinds) == 3


def _take(left: pa.Array, right: pa.Array, ties: Ties, name: str, row: int) -> None:
    for column in (left, right):
        if column.null_count:
            missing = row + 1 + int(column.is_null().index(True).as_py())
            raise GraphError(f"row {missing} lacks a user id", path=name)
    numbers = [_numbers(column) for column in (left, right)]
    if all(map(len, numbers)):
        ties.add_numbers(np.column_stack(numbers).ravel())
        return
    pairs = list(zip(map(str, left.to_pylist()), map(str, right.to_pylist()), strict=True))
    if not all(starmap(_both, pairs)):
        empty = row + 1 + [_both(*pair) for pair in pairs].index(False)
        raise GraphError(f"row {empty} lacks a user id", path=name)
    for pair in pairs:
        ties.add(*pair)


def _both(left: str, right: str) -> bool:
    return bool(left and right)


def _numbers(column: pa.Array) -> NDArray[np.int64]:
    """The column's values if all are whole numbers 0 .. 10^18 - 1, else nothing."""
    values = column.to_numpy(zero_copy_only=False)
    if values.dtype.kind in "iu" and values.size and values.min() >= 0 and values.max() < LARGEST:
        return np.asarray(values, np.int64)
    return np.empty(0, np.int64)
