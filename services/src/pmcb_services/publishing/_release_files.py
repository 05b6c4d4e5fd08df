# SPDX-License-Identifier: Apache-2.0
"""The tables of a release as bytes, and measurements from bytes. Equal ones have equal bytes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ._clusters import coreset
from ._measurements import Measurements, Probe, Stage, Step
from ._plan import Route
from ._rows import synthetic_rows
from ._schema import Schema
from ._units import coordinate_names, in_units
from ._verify import HEADER, read_stages
from ._verify import Stage as Read
from .errors import RequestError

__all__ = [
    "as_json",
    "measurements_of",
    "measurements_table",
    "rows_file",
    "rows_table",
    "tables_of",
]

_Table = tuple[Sequence[str], Sequence[Sequence[object]]]

DECIMALS = 12
PROBE = "probe"
"""The step of what was paid for before, the number of persons."""


def as_json(document: object) -> bytes:
    """A document as it is published: in its own order, one item a line."""
    return (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def measurements_table(measurements: Measurements) -> bytes:
    """Every cell of every stage: a line of step, cost, centre, reach and noisy whole numbers."""
    return _csv(HEADER, _lines(measurements))


def _lines(measurements: Measurements) -> Iterable[list[object]]:
    if measurements.probe is not None:
        probe = measurements.probe
        yield [PROBE, 0, probe.share, "", 0, "", "", probe.count]
    for stage in measurements.stages:
        cells = zip(stage.centres, stage.reach, stage.values, strict=True)
        for cell, lists in enumerate(cells):
            columns = " ".join(map(str, stage.columns))
            texts = (" ".join(map(str, numbers.tolist())) for numbers in lists)
            yield [stage.step, stage.level, stage.share, columns, cell, *texts]


def measurements_of(data: bytes, schema: Schema, route: str) -> Measurements:
    """The measurements behind `measurements_table`.

    Raises:
        ValueError: it is none.
    """
    stages = read_stages(data)
    probes = [stage for stage in stages if stage.step == PROBE]
    measured = tuple(_stage(stage) for stage in stages if stage.step != PROBE)
    epsilon = sum((stage.share for stage in measured), Fraction(0))
    probe = Probe(probes[0].noisy[0][0], probes[0].epsilon) if probes else None
    return Measurements(epsilon, schema.width, Route(route), measured, probe)


def _stage(read: Read) -> Stage:
    values, centres, reach = map(_integers, (read.noisy, read.centres, read.reach))
    return Stage(Step(read.step), read.epsilon, values, centres, reach, read.columns, read.level)


def _integers(rows: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    return np.array(rows, dtype=np.int64).reshape(len(rows), -1)


def tables_of(measurements: Measurements, schema: Schema) -> dict[str, bytes]:
    """``coreset.csv``, and ``rows.csv`` if rows were paid for; with pyarrow in Parquet, too.

    Of the coreset cell, persons, and the encoded coordinates of each point, to twelve decimals.
    """
    points = _points(measurements)
    header = ["cell", "persons", *coordinate_names(schema)]
    made = {"coreset.csv": _csv(header, ([row[0], *map(_decimal, row[1:])] for row in points))}
    twins: dict[str, _Table] = {"coreset.parquet": (header, points)}
    if measurements.of(Step.TREE):
        rows = in_units(schema, synthetic_rows(measurements, schema))
        made["rows.csv"] = rows_table(schema, rows)
        twins["rows.parquet"] = (_names(schema), rows)
    if _can_parquet():
        made |= {name: _parquet(*table) for name, table in twins.items()}
    return made


def _points(measurements: Measurements) -> list[list[float]]:
    found = coreset(measurements)
    numbers = np.column_stack([found.weights, found.points]).tolist()
    pairs = zip(found.cells.tolist(), numbers, strict=True)
    return [[cell, *(round(number, DECIMALS) for number in row)] for cell, row in pairs]


def rows_table(schema: Schema, rows: Iterable[Sequence[object]]) -> bytes:
    """Synthetic rows in original units."""
    return _csv(_names(schema), rows)


def _names(schema: Schema) -> list[str]:
    return [column.name for column in schema.columns]


def rows_file(path: Path, schema: Schema, rows: Sequence[Sequence[object]]) -> None:
    """Write synthetic rows to a .csv, or to a .parquet through pyarrow.

    Raises:
        RequestError: it cannot be written, or pyarrow is not there.
    """
    parquet = path.suffix == ".parquet"
    if parquet and not _can_parquet():
        raise RequestError(
            "Parquet is written through pyarrow, which is not installed.",
            field="out",
            next_step="Install the extra: pip install 'pmcb-services[parquet]'.",
        )
    data = _parquet(_names(schema), rows) if parquet else rows_table(schema, rows)
    try:
        path.write_bytes(data)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RequestError(f"{path.name} cannot be written ({reason}).", field="out") from error


def _can_parquet() -> bool:
    return find_spec("pyarrow") is not None


def _parquet(header: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    columns = [pa.array(column) for column in zip(*rows, strict=True)]
    written = pa.BufferOutputStream()
    write_table(pa.table(columns, names=list(header)), written)
    return bytes(written.getvalue())


def _decimal(number: float) -> str:
    """Twelve decimals at most: what is below comes from the order of sums.

    >>> _decimal(0.5), _decimal(-1e-15), _decimal(-1.0)
    ('0.5', '0', '-1')
    """
    text = f"{number:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _csv(header: Sequence[str], lines: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return text.getvalue().encode()
