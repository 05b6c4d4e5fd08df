# SPDX-License-Identifier: Apache-2.0
"""A fake peer's ledger: a dict that answers a contract's calls as a peer does."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from pmcb_chaincode.bridge import ChaincodeMessage
from pmcb_chaincode.bridge._protos import (
    DelState,
    GetState,
    GetStateByRange,
    GetStateMultiple,
    GetStateMultipleResult,
    KVMessage,
    PutState,
    QueryMetadata,
    QueryResponse,
    QueryResponseMetadata,
    QueryStateClose,
    QueryStateNext,
    WriteBatchState,
    WriteRecord,
)

M = ChaincodeMessage


class FakeLedger:
    """Committed ``state``, the ``writes`` of running transactions, and their open ranges.

    ``sizes`` notes how many keys or records came in each message of a kind.
    """

    def __init__(self, state: Mapping[str, bytes] | None = None, *, rows: int = 100) -> None:
        self.state = dict(state or {})
        self.writes: dict[str, dict[str, bytes]] = {}
        self.iterators: dict[str, list[tuple[str, bytes]]] = {}
        self.sizes: defaultdict[int, list[int]] = defaultdict(list)
        self._rows = rows
        self._paged: set[str] = set()

    def reply(self, message: Any) -> bytes | None:
        """The payload of a call's answer; None for ERROR."""
        kind, payload = message.type, message.payload
        reads = {
            M.GET_STATE: self._get,
            M.GET_STATE_MULTIPLE: self._get_many,
            M.QUERY_STATE_NEXT: self._next,
            M.QUERY_STATE_CLOSE: self._close,
        }
        if kind in reads:
            return reads[kind](payload)
        if kind == M.GET_STATE_BY_RANGE:
            return self._range(message.txid, payload)
        return self._write(message.txid, kind, payload)

    def _get(self, payload: bytes) -> bytes:
        return self.state.get(GetState.FromString(payload).key, b"")

    def _get_many(self, payload: bytes) -> bytes:
        keys = GetStateMultiple.FromString(payload).keys
        self.sizes[M.GET_STATE_MULTIPLE].append(len(keys))
        values = [self.state.get(key, b"") for key in keys]
        return _bytes(GetStateMultipleResult(values=values))

    def _range(self, tx_id: str, payload: bytes) -> bytes:
        body = GetStateByRange.FromString(payload)
        about = QueryMetadata.FromString(body.metadata)
        start, end = about.bookmark or body.startKey, body.endKey
        rows = sorted(self.state.items(), key=lambda row: row[0].encode())
        rows = [
            (key, value)
            for key, value in rows
            if start.encode() <= key.encode() and (not end or key.encode() < end.encode())
        ]
        if about.pageSize:
            self._paged.add(tx_id)
            page, rest = rows[: about.pageSize], rows[about.pageSize :]
            tail = QueryResponseMetadata(
                fetched_records_count=len(page), bookmark=rest[0][0] if rest else ""
            )
            return _bytes(_rows(page, metadata=tail.SerializeToString()))
        query = f"{tx_id}-{len(self.iterators)}"
        self.iterators[query] = rows
        return self._batch(query)

    def _next(self, payload: bytes) -> bytes:
        return self._batch(QueryStateNext.FromString(payload).id)

    def _batch(self, query: str) -> bytes:
        rows = self.iterators[query]
        self.iterators[query] = rows[self._rows :]
        has_more = bool(self.iterators[query])
        if not has_more:
            del self.iterators[query]
        return _bytes(_rows(rows[: self._rows], has_more=has_more, id=query))

    def _close(self, payload: bytes) -> bytes:
        del self.iterators[QueryStateClose.FromString(payload).id]
        return b""

    def _write(self, tx_id: str, kind: int, payload: bytes) -> bytes | None:
        writes = self.writes[tx_id]
        if tx_id in self._paged:
            return None
        if kind == M.PUT_STATE:
            put = PutState.FromString(payload)
            writes[put.key] = put.value
        elif kind == M.DEL_STATE:
            writes[DelState.FromString(payload).key] = b""
        else:
            assert kind == M.WRITE_BATCH_STATE
            records = WriteBatchState.FromString(payload).rec
            self.sizes[kind].append(len(records))
            for record in records:
                assert record.type in {WriteRecord.PUT_STATE, WriteRecord.DEL_STATE}
                writes[record.key] = record.value
        return b""


def _rows(rows: list[tuple[str, bytes]], **fields: Any) -> Any:
    made = [
        {"resultBytes": KVMessage(key=key, value=value).SerializeToString()} for key, value in rows
    ]
    return QueryResponse(results=made, **fields)


def _bytes(message: Any) -> bytes:
    made: bytes = message.SerializeToString()
    return made
