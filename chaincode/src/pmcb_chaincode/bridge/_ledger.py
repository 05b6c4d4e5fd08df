# SPDX-License-Identifier: Apache-2.0
"""Ledger calls of one transaction: each one message to the peer and one answer."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ._keys import prefix_range
from ._protos import (
    ChaincodeAdditionalParams,
    ChaincodeMessage,
    GetState,
    GetStateByRange,
    GetStateMultiple,
    GetStateMultipleResult,
    KVMessage,
    QueryMetadata,
    QueryResponse,
    QueryResponseMetadata,
    QueryStateClose,
    QueryStateNext,
    decoded,
)
from ._writes import WriteBuffer
from .errors import ContractError, PeerError, TooManyRows

# ledger.state.totalQueryLimit of a peer: it ends a range there without saying so.
QUERY_LIMIT = 100_000

# An open start would reach the composite keys, which begin with U+0000.
_FIRST_SIMPLE_KEY = "\x01"

Call = Callable[[int, bytes], Awaitable[bytes]]
"""Sends a message of a type with a payload, gives the payload of the answer."""


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


class Ledger:
    """The state as committed before this transaction; writes are kept until it ends.

    Reads never see the transaction's own writes: that is how peers simulate.
    """

    def __init__(self, call: Call, offers: ChaincodeAdditionalParams, *, may_write: bool) -> None:
        self._call = call
        self._offers = offers
        self._may_write = may_write
        self._open: set[str] = set()
        self._writes = WriteBuffer()

    async def get(self, key: str) -> bytes | None:
        """The value under a key, ``None`` when absent."""
        _check_key(key)
        payload = GetState(key=key).SerializeToString()
        return await self._call(ChaincodeMessage.GET_STATE, payload) or None

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values under several keys, in their order, in as few messages as the peer allows."""
        for key in keys:
            _check_key(key)
        if not self._offers.use_get_multiple_keys:
            return [await self.get(key) for key in keys]
        size = self._offers.max_size_get_multiple_keys or max(len(keys), 1)
        values: list[bytes | None] = []
        for start in range(0, len(keys), size):
            asked = keys[start : start + size]
            answer = await self._call(
                ChaincodeMessage.GET_STATE_MULTIPLE,
                GetStateMultiple(keys=asked).SerializeToString(),
            )
            found = _decoded(GetStateMultipleResult, answer).values
            if len(found) != len(asked):
                raise PeerError("the peer answered another number of values than was asked for")
            values += [value or None for value in found]
        return values

    def put(self, key: str, value: bytes) -> None:
        """Write a value when the transaction ends well.

        Raises:
            ValueError: an empty key or value; an empty value could not be told from an absent one.
            ContractError: the function is a query.
        """
        _check_key(key)
        if not value:
            raise ValueError("an empty value cannot be told from an absent one")
        self._check_may_write()
        self._writes.put(key, value)

    def delete(self, key: str) -> None:
        """Delete a key when the transaction ends well."""
        _check_key(key)
        self._check_may_write()
        self._writes.delete(key)

    def range(self, start: str = "", end: str = "") -> AsyncIterator[KV]:
        """Keys from ``start`` (inclusive) to ``end`` (exclusive), "" = open, in byte order.

        The range is checked again at commit, so whoever adds a key to it meanwhile makes this
        transaction conflict.

        Raises:
            TooManyRows: the peer's query limit was reached, so the end of the range is unknown.
        """
        return self._rows(start or _FIRST_SIMPLE_KEY, end)

    def by_prefix(self, record_type: str, *attributes: str) -> AsyncIterator[KV]:
        """All composite keys that begin with these parts."""
        return self._rows(*prefix_range(record_type, *attributes))

    async def page(self, start: str, end: str, *, size: int, bookmark: str = "") -> Page:
        """At most ``size`` keys of a range, from ``bookmark`` where one is given.

        Raises:
            ContractError: the function is no query; peers refuse writes after paging.
        """
        if self._may_write:
            raise ContractError("only a query may page: a peer refuses to write after it")
        if size < 1:
            raise ValueError("a page holds at least one row")
        metadata = QueryMetadata(pageSize=size, bookmark=bookmark).SerializeToString()
        body = GetStateByRange(
            startKey=start or _FIRST_SIMPLE_KEY, endKey=end, metadata=metadata
        ).SerializeToString()
        answer = _decoded(
            QueryResponse, await self._call(ChaincodeMessage.GET_STATE_BY_RANGE, body)
        )
        about = _decoded(QueryResponseMetadata, answer.metadata)
        return Page(tuple(_kvs(answer)), about.bookmark, about.fetched_records_count)

    async def _rows(self, start: str, end: str) -> AsyncIterator[KV]:
        body = GetStateByRange(startKey=start, endKey=end).SerializeToString()
        kind, seen = ChaincodeMessage.GET_STATE_BY_RANGE, 0
        while True:
            answer = _decoded(QueryResponse, await self._call(kind, body))
            self._open.add(answer.id) if answer.has_more else self._open.discard(answer.id)
            for row in _kvs(answer):
                seen += 1
                if seen >= QUERY_LIMIT:
                    raise TooManyRows(f"a range reached the peer's limit of {QUERY_LIMIT} rows")
                yield row
            if not answer.has_more:
                return
            kind = ChaincodeMessage.QUERY_STATE_NEXT
            body = QueryStateNext(id=answer.id).SerializeToString()

    async def finish(self) -> None:
        """Close abandoned ranges and send the buffered writes; the last calls of a transaction."""
        for query in sorted(self._open):
            body = QueryStateClose(id=query).SerializeToString()
            await self._call(ChaincodeMessage.QUERY_STATE_CLOSE, body)
        for kind, payload in self._writes.messages(self._offers):
            await self._call(kind, payload)

    def _check_may_write(self) -> None:
        if not self._may_write:
            raise ContractError("a query may not write")


def _decoded(kind: Any, data: bytes) -> Any:
    try:
        return decoded(kind, data)
    except ValueError:
        raise PeerError("the peer's answer cannot be read") from None


def _kvs(answer: QueryResponse) -> list[KV]:
    rows = [_decoded(KVMessage, row.resultBytes) for row in answer.results]
    return [KV(row.key, row.value) for row in rows]


def _check_key(key: str) -> None:
    if not key:
        raise ValueError("a key must not be empty")
