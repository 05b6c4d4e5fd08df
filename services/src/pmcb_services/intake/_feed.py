# SPDX-License-Identifier: Apache-2.0
"""From the table into an encrypted store, as it grows: every row once, whatever is killed."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from pmcb_client.errors import NetworkFileError
from pmcb_services.retrieval.errors import RetrievalError, SchemaError

from ._feeds import FIRST_NUMBER

if TYPE_CHECKING:
    import numpy as np

    from pmcb_services.retrieval import Schema

    from ._feeds import Feeds
    from ._table import Intake, Record

__all__ = ["AT", "Feed", "feeding"]

AT = "at"
"""A carried field of this name takes the time of a measurement, milliseconds UTC."""

MOST_ROWS = 4096
EVERY_S = 1.0
LONGEST_PAUSE_S = 300.0

_log = structlog.get_logger("pmcb_services.intake")

Row = list[float | None]


class Gateway(Protocol):
    """As much of `pmcb_services.retrieval.worker.RetrievalClient` as a feed needs."""

    async def schema(self, store: str) -> Schema:
        """What the store takes."""

    async def insert(
        self,
        store: str,
        rows: Sequence[Sequence[float | None]],
        carried: Mapping[str, Sequence[float]] | None,
        *,
        batch: str,
    ) -> list[int]:
        """Add records, once however often the batch is sent."""


class Feed:
    """What the table has taken in goes on to one store.

    A row fits where it has a number for every attribute of the store (or the store codes missing
    ones), inside its scale, and for every carried field: the patient, `AT`, or a field of the row.
    Values between two of a scale become the nearest. Rows that do not fit are counted, by reason.

    Which entries are sent is on disk before they are, and the gateway knows a batch again: killed
    anywhere, the same batch is sent again, and its records are there once.

    Args:
        intake: the table.
        feeds: how far it has come.
        store: its name at the gateway.
        gateway: a way there, wherever it is now.
    """

    def __init__(
        self,
        intake: Intake,
        feeds: Feeds,
        store: str,
        gateway: Callable[[], AbstractAsyncContextManager[Gateway]],
    ) -> None:
        self.store = store
        self._intake = intake
        self._feeds = feeds
        self._gateway = gateway

    async def step(self) -> int:
        """Send what was taken in since, up to some thousand rows; how many entries there were.

        Raises:
            SchemaError: the store's patient is too narrow for the numbers of the intake's people.
            RetrievalError: the gateway does not answer, or refuses.
            NetworkFileError: nobody knows where it is.
        """
        after, upto = await asyncio.to_thread(
            self._feeds.begin, self.store, lambda entry: self._intake.upto(entry, MOST_ROWS)
        )
        if after == upto:
            return 0
        records = await asyncio.to_thread(self._intake.between, after, upto)
        async with self._gateway() as gateway:
            schema = await gateway.schema(self.store)
            _check_patient(schema)
            rows, carried, unfit = await asyncio.to_thread(self._shaped, records, schema)
            if rows:
                await gateway.insert(self.store, rows, carried, batch=self._name(records))
        await asyncio.to_thread(self._feeds.end, self.store, upto, unfit)
        _log.info("fed", store=self.store, rows=len(rows), unfit=sum(unfit.values()))
        return upto - after

    def _name(self, records: Sequence[Record]) -> str:
        """Of a batch: the same for the same entries, and for no others."""
        told = "\0".join([self.store, *dict.fromkeys(record.source for record in records)])
        return hashlib.sha256(told.encode()).hexdigest()

    def _shaped(
        self, records: Sequence[Record], schema: Schema
    ) -> tuple[list[Row], dict[str, list[float]] | None, Counter[str]]:
        """Rows and carried columns of the records that fit, and how many do not, by reason."""
        unfit: Counter[str] = Counter()
        rows: list[Row] = []
        carried: dict[str, list[float]] = {field.name: [] for field in schema.carried}
        numbers = self._feeds.numbers(record.subject for record in records)
        for record in records:
            row = _row(record, schema)
            others = _others(record, schema, numbers[record.subject])
            if isinstance(row, str) or others is None:
                unfit[row if isinstance(row, str) else "carried"] += 1
                continue
            rows.append(row)
            for name, value in others.items():
                carried[name].append(value)
        return rows, carried or None, unfit


async def feeding(feed: Feed, *, every_s: float = EVERY_S) -> None:
    """Keep a store fed until this is cancelled; nothing that fails ends it."""
    pause_s = every_s
    while True:
        try:
            pause_s = 0.0 if await feed.step() else every_s
        except (RetrievalError, NetworkFileError, sqlite3.Error) as error:
            pause_s = min(max(2 * pause_s, every_s), LONGEST_PAUSE_S)
            _log.warning("unfed", store=feed.store, kind=type(error).__name__, problem=str(error))
        await asyncio.sleep(pause_s)


def _check_patient(schema: Schema) -> None:
    import numpy as np  # only who feeds a store pays for it

    name = schema.patient
    if name is not None and np.iinfo(schema.carried_dtype[name]).max <= FIRST_NUMBER:
        raise SchemaError(
            f"'{name}' cannot hold the numbers of the intake's people, which begin at 2^31.",
            field=name,
            next_step="Build the store with a uint32, or wider.",
        )


def _row(record: Record, schema: Schema) -> Row | str:
    """The values of the attributes, or why they are none."""
    row: Row = []
    for attribute in schema.attributes:
        value = record.values.get(attribute.name)
        if value is None and schema.missing == "code":
            row.append(None)
            continue
        if value is None:
            return "absent"
        if isinstance(value, str):
            return "no number"
        code = round((value - attribute.min) / attribute.step)
        if not 0 <= code < attribute.levels:
            return "out of range"
        row.append(float(attribute.values[code]))
    return row if any(each is not None for each in row) else "absent"


def _others(record: Record, schema: Schema, number: int) -> dict[str, float] | None:
    """The carried values; None where one is missing or its type cannot hold it."""
    found: dict[str, float] = {}
    for field in schema.carried:
        value = record.at if field.name == AT else record.values.get(field.name)
        value = number if field.name == schema.patient else value
        if not _fits(value, schema.carried_dtype[field.name]):
            return None
        found[field.name] = value  # type: ignore[assignment]  # a number
    return found


def _fits(value: object, kind: np.dtype[Any]) -> bool:
    """Whether a carried field of this type can hold it without loss."""
    if not isinstance(value, int | float):
        return False
    if kind.kind == "f":
        return True
    import numpy as np

    limits = np.iinfo(kind)
    return value == int(value) and limits.min <= value <= limits.max
