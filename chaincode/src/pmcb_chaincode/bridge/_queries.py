# SPDX-License-Identifier: Apache-2.0
"""What a peer answers in rows: ranges, pages and histories."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ._protos import (
    ChaincodeMessage,
    KeyModification,
    KVMessage,
    QueryResponse,
    QueryResponseMetadata,
    QueryStateClose,
    QueryStateNext,
)
from ._replies import Call, read_reply
from .errors import PeerError, TooManyRows

# ledger.state.totalQueryLimit of a peer: it ends a query there without saying so.
QUERY_LIMIT = 100_000

RowT = TypeVar("RowT")


@dataclass(frozen=True)
class KV:
    """A key and its value, as a range yields them."""

    key: str
    value: bytes


@dataclass(frozen=True)
class Page:
    """Part of a range; ``bookmark`` is the key at which the next page starts, "" at the end."""

    items: tuple[KV, ...]
    bookmark: str
    count: int


@dataclass(frozen=True)
class Modification:
    """What one transaction made of a key: a value, or its deletion (``value`` is then empty)."""

    tx_id: str
    value: bytes
    time_ms: int
    deleted: bool


class Queries:
    """The queries that a transaction has open at its peer."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._open: set[str] = set()

    async def rows(
        self, kind: int, body: bytes, read: Callable[[bytes], RowT]
    ) -> AsyncIterator[RowT]:
        """Every row of a query, asked for as they are read.

        Raises:
            TooManyRows: the peer's query limit was reached, so the end is unknown.
            PeerError: an answer cannot be read, or promises rows and brings none.
        """
        seen = 0
        while True:
            answer = read_reply(QueryResponse, await self._call(kind, body))
            self._open.add(answer.id) if answer.has_more else self._open.discard(answer.id)
            if answer.has_more and not answer.results:  # else asked for without end
                raise PeerError("the peer promised more rows and sent none")
            for row in answer.results:
                seen += 1
                if seen >= QUERY_LIMIT:
                    raise TooManyRows(f"a query reached the peer's limit of {QUERY_LIMIT} rows")
                yield read(row.resultBytes)
            if not answer.has_more:
                return
            kind = ChaincodeMessage.QUERY_STATE_NEXT
            body = QueryStateNext(id=answer.id).SerializeToString()

    async def close(self) -> None:
        """Close what was abandoned; a query that was read to its end is closed already."""
        for query in sorted(self._open):
            body = QueryStateClose(id=query).SerializeToString()
            await self._call(ChaincodeMessage.QUERY_STATE_CLOSE, body)


def read_kv(data: bytes) -> KV:
    """A row of a range."""
    row = read_reply(KVMessage, data)
    return KV(row.key, row.value)


def read_modification(data: bytes) -> Modification:
    """A row of a history."""
    row = read_reply(KeyModification, data)
    return Modification(
        tx_id=row.tx_id,
        value=row.value,
        time_ms=to_ms(row.timestamp),
        deleted=row.is_delete,
    )


def read_page(data: bytes) -> Page:
    """The answer to a range that was asked for in pages."""
    answer = read_reply(QueryResponse, data)
    about = read_reply(QueryResponseMetadata, answer.metadata)
    rows = tuple(read_kv(row.resultBytes) for row in answer.results)
    return Page(rows, about.bookmark, about.fetched_records_count)


def to_ms(stamp: Any) -> int:
    """A protobuf time stamp in whole milliseconds UTC."""
    made: int = stamp.seconds * 1000 + stamp.nanos // 1_000_000
    return made
