# SPDX-License-Identifier: Apache-2.0
"""Files of records: CSV, .npz or Parquet; a column per attribute and carried field."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from zipfile import BadZipFile

from ._schema import Schema
from .errors import EmptyDataset, InputError, MissingValue, NotANumber, UnknownAttribute

__all__ = ["read_records"]

Columns = dict[str, object]


def read_records(path: Path, schema: Schema) -> tuple[Columns, Columns]:
    """The attributes' columns and the carried fields', for `Schema.encode`.

    Raises:
        InputError: the file cannot be read, or its columns are not the schema's.
        NotANumber, MissingValue: names the column and the row, counted from 0.
        EmptyDataset: it has no rows.
    """
    readers = {".csv": _csv, ".npz": _npz, ".parquet": _parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path.name} must end in {', '.join(readers)}.", field="records")
    try:
        columns = reader(path, schema)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{path.name} cannot be read ({reason}).", field="records") from error
    return _divided(columns, schema, path.name)


def _divided(columns: Mapping[str, object], schema: Schema, name: str) -> tuple[Columns, Columns]:
    if not len(columns[schema.names[0]]):  # type: ignore[arg-type]  # an array or a list
        raise EmptyDataset(f"{name} has no rows.", field="records")
    carried = [field.name for field in schema.carried]
    return {each: columns[each] for each in schema.names}, {each: columns[each] for each in carried}


def _check_names(names: Sequence[str], schema: Schema) -> None:
    """Before a cell is looked at."""
    known = [*schema.names, *(field.name for field in schema.carried)]
    for each in names:
        if each not in known or names.count(each) > 1:
            wrong = "is there twice" if each in known else "is none of the schema's"
            raise UnknownAttribute(f"The column '{each}' {wrong}.", field=each)
    for each in known:
        if each not in names:
            raise MissingValue(f"The column '{each}' is absent.", field=each)


def _csv(path: Path, schema: Schema) -> Columns:
    with path.open(newline="", encoding="utf-8-sig") as file:
        try:
            header, *rows = csv.reader(file)
        except (ValueError, csv.Error):
            raise InputError(f"{path.name} is no CSV with a header.", field="records") from None
    _check_names(header, schema)
    for at, row in enumerate(rows):
        if len(row) != len(header):
            raise InputError(f"Row {at} of {path.name} must have {len(header)} cells.")
    return {
        name: [_number(row[j], name, at) for at, row in enumerate(rows)]
        for j, name in enumerate(header)
    }


def _number(text: str, name: str, row: int) -> int | float | None:
    """A cell; an empty one is absent."""
    if not text.strip():
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        raise NotANumber(f"'{name}' is no number in row {row}.", field=name) from None


def _npz(path: Path, schema: Schema) -> Columns:
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as arrays:
            _check_names(arrays.files, schema)
            columns: Columns = {name: arrays[name] for name in arrays.files}
    except (ValueError, EOFError, BadZipFile):
        raise InputError(f"{path.name} is no .npz of numbers.", field="records") from None
    if any(np.ndim(column) != 1 for column in columns.values()):  # type: ignore[arg-type]
        raise InputError(f"{path.name} must hold one array of one axis a column.", field="records")
    return columns


def _parquet(path: Path, schema: Schema) -> Columns:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise InputError(
            "Parquet is read by pyarrow, which is not installed.",
            field="records",
            next_step="Install it: pip install 'pmcb-services[parquet]'.",
        ) from error
    try:
        table = pq.read_table(path)
    except pa.ArrowException:
        raise InputError(f"{path.name} is no Parquet file.", field="records") from None
    _check_names(table.column_names, schema)
    return {name: table.column(name).to_pylist() for name in table.column_names}
