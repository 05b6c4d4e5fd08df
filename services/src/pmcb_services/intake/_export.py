# SPDX-License-Identifier: Apache-2.0
"""The table as a CSV: one row per measurement, one column per field."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pmcb_client.answers import csv_cell
from pmcb_client.files import write_atomic

if TYPE_CHECKING:
    from ._table import Intake

__all__ = ["export"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def export(intake: Intake, path: Path, *, task: str | None = None) -> int:
    """Write ``subject``, ``at`` and every field to a CSV; the number of its rows.

    Times are RFC 3339 in UTC; a field without a value is an empty cell. The file has mode 0600
    and replaces another as a whole.

    Args:
        intake: the table.
        path: its folder must be there.
        task: 32 hex; None for everything.
    """
    records = list(intake.records(task))
    columns = sorted({name for record in records for name in record.values})
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["subject", "at", *columns])
    for record in records:
        cells = (csv_cell(record.values.get(column, "")) for column in columns)
        writer.writerow([record.subject, _moment(record.at), *cells])
    write_atomic(path, text.getvalue().encode(), mode=0o600)
    return len(records)


def _moment(at_ms: int) -> str:
    moment = _EPOCH + timedelta(milliseconds=at_ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
