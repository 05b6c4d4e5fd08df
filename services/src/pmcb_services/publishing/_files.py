# SPDX-License-Identifier: Apache-2.0
"""CSV and Parquet files, and folders of them, as raw columns."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from ._arrow import batch_columns
from ._header import Places, find_columns
from ._lattice import CHUNK
from ._parsing import Cells
from .errors import TableUnreadable

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

__all__ = ["open_files"]


class _File(Protocol):
    def chunks(self) -> Iterator[list[Cells]]: ...


@dataclass(frozen=True)
class _Files:
    """Files one after the other, in the order of their names."""

    files: Sequence[_File]

    def chunks(self) -> Iterator[list[Cells]]:
        for file in self.files:
            yield from file.chunks()


def open_files(path: Path, names: Sequence[str]) -> _Files:
    """A ``.csv`` or ``.parquet`` file, or a folder with such files at any depth.

    Raises:
        TableUnreadable: nothing there can be read, or a header lacks a column.
    """
    with _refusing(path):
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
    paths = [each for each in found if each.suffix.lower() in _READERS]
    if not paths:
        raise TableUnreadable(
            f"{path.name} is no table, nor a folder with one.",
            next_step="Give a .csv or a .parquet file, or a folder of them.",
        )
    return _Files([_READERS[each.suffix.lower()](each, names) for each in paths])


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise TableUnreadable(f"{path.name} cannot be read ({reason}).") from error


class _Csv:
    """UTF-8, commas, a header; a record is what RFC 4180 makes of the lines.

    Bytes that are no UTF-8 stay apart from each other, a record that cannot be read is one without
    values, and an empty line is no record.
    """

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self._path = path
        with self._open() as file:
            header = next(_records(file), None)
        if header is None:
            raise TableUnreadable(f"{path.name} has no header.")
        self._width = len(header)
        self._places = find_columns([name.strip() for name in header], names)

    @contextmanager
    def _open(self) -> Iterator[TextIO]:
        with (
            _refusing(self._path),
            self._path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file,
        ):
            yield file

    def chunks(self) -> Iterator[list[Cells]]:
        with self._open() as file:
            records = islice(_records(file), 1, None)
            while chunk := list(islice(records, CHUNK)):
                for record in chunk:
                    record.extend([""] * (self._width - len(record)))
                yield [[record[index] for record in chunk] for index in self._places.indexes]


def _records(file: TextIO) -> Iterator[list[str]]:
    reader = csv.reader(file)
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error:  # a cell beyond the reader's limit, after an open quote
            record = [""]
        if record:
            yield record


class _Parquet:
    """A Parquet file, read a row group's pages at a time."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self._path = path
        with self._open() as file:
            self._places: Places = find_columns(file.schema_arrow.names, names)

    @contextmanager
    def _open(self) -> Iterator[ParquetFile]:
        try:
            import pyarrow as pa
            from pyarrow.parquet import ParquetFile
        except ModuleNotFoundError as error:
            raise TableUnreadable(
                "Parquet is read through pyarrow, which is not installed.",
                next_step="Install the extra: pip install 'pmcb-services[parquet]'.",
            ) from error
        with _refusing(self._path):
            try:
                with ParquetFile(self._path) as file:
                    yield file
            except pa.ArrowException as error:
                raise TableUnreadable(f"{self._path.name} is no intact Parquet file.") from error

    def chunks(self) -> Iterator[list[Cells]]:
        header = list(self._places.header)
        with self._open() as file:
            for batch in file.iter_batches(CHUNK, columns=header):
                yield from batch_columns(batch, find_columns(batch.schema.names, header).indexes)


_READERS: dict[str, Callable[[Path, Sequence[str]], _File]] = {".csv": _Csv, ".parquet": _Parquet}
