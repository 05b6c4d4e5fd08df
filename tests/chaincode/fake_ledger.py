# SPDX-License-Identifier: Apache-2.0
"""A fake peer's ledger: a dict that answers a contract's calls as a peer does."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from pmcb_chaincode.bridge import ChaincodeMessage
from pmcb_chaincode.bridge._protos import (
    ChaincodeSpec,
    DelState,
    GetHistoryForKey,
    GetState,
    GetStateByRange,
    GetStateMetadata,
    GetStateMultiple,
    GetStateMultipleResult,
    KVMessage,
    PurgePrivateState,
    PutState,
    PutStateMetadata,
    QueryMetadata,
    QueryResponse,
    QueryResponseMetadata,
    QueryStateClose,
    QueryStateNext,
    StateMetadataResult,
    WriteBatchState,
    WriteRecord,
)

M, W = ChaincodeMessage, WriteRecord

# What a message that sends one write alone holds, and the record that it stands for.
SINGLE = {
    M.PUT_STATE: (PutState, W.PUT_STATE),
    M.DEL_STATE: (DelState, W.DEL_STATE),
    M.PURGE_PRIVATE_DATA: (PurgePrivateState, W.PURGE_PRIVATE_DATA),
    M.PUT_STATE_METADATA: (PutStateMetadata, W.PUT_STATE_METADATA),
}


class FakeLedger:
    """Committed ``state``, the ``writes`` of running transactions, and their open queries.

    ``private`` is keyed by collection and key, ``metadata`` by key, ``histories`` hold serialised
    rows, ``chaincodes`` whole answers under "name" or "name/channel". ``records`` notes each
    transaction's writes in the order in which they came: kind, collection, key. ``sizes`` notes
    how many keys or records came in each message of a kind.
    """

    def __init__(self, state: Mapping[str, bytes] | None = None, *, rows: int = 100) -> None:
        self.state = dict(state or {})
        self.private: dict[tuple[str, str], bytes] = {}
        self.metadata: dict[str, Any] = {}
        self.histories: dict[str, list[bytes]] = {}
        self.chaincodes: dict[str, bytes] = {}
        self.invoked: list[Any] = []
        self.writes: dict[str, dict[str, bytes]] = {}
        self.records: defaultdict[str, list[Any]] = defaultdict(list)
        self.iterators: dict[str, list[bytes]] = {}
        self.sizes: defaultdict[int, list[int]] = defaultdict(list)
        self._rows = rows
        self._read_only: set[str] = set()

    def reply(self, message: Any) -> bytes | None:
        """The payload of a call's answer; None for ERROR."""
        kind, payload = message.type, message.payload
        reads = {
            M.GET_STATE: self._get,
            M.GET_STATE_MULTIPLE: self._get_many,
            M.GET_PRIVATE_DATA_HASH: self._get_hash,
            M.GET_STATE_METADATA: self._get_metadata,
            M.QUERY_STATE_NEXT: self._next,
            M.QUERY_STATE_CLOSE: self._close,
            M.INVOKE_CHAINCODE: self._invoke,
        }
        queries = {M.GET_STATE_BY_RANGE: self._range, M.GET_HISTORY_FOR_KEY: self._history}
        if kind in reads:
            return reads[kind](payload)
        if kind in queries:
            return queries[kind](message.txid, payload)
        return self._write(message.txid, kind, payload)

    def commit(self, tx_id: str) -> None:
        """Apply what a transaction wrote."""
        for record in self.records[tx_id]:
            if record.type == W.PUT_STATE_METADATA:
                self.metadata[record.key] = record.metadata
            elif record.collection:
                self.private[record.collection, record.key] = record.value
        self.private = {place: value for place, value in self.private.items() if value}
        self.state = {k: v for k, v in (self.state | self.writes[tx_id]).items() if v}

    def _value(self, coll: str, key: str) -> bytes:
        return self.private.get((coll, key), b"") if coll else self.state.get(key, b"")

    def _get(self, payload: bytes) -> bytes:
        body = GetState.FromString(payload)
        return self._value(body.collection, body.key)

    def _get_many(self, payload: bytes) -> bytes:
        body = GetStateMultiple.FromString(payload)
        self.sizes[M.GET_STATE_MULTIPLE].append(len(body.keys))
        values = [self._value(body.collection, key) for key in body.keys]
        return _bytes(GetStateMultipleResult(values=values))

    def _get_hash(self, payload: bytes) -> bytes:
        value = self._get(payload)
        return hashlib.sha256(value).digest() if value else b""

    def _get_metadata(self, payload: bytes) -> bytes:
        entry = self.metadata.get(GetStateMetadata.FromString(payload).key)
        return _bytes(StateMetadataResult(entries=[entry] if entry else []))

    def _invoke(self, payload: bytes) -> bytes | None:
        spec = ChaincodeSpec.FromString(payload)
        self.invoked.append(spec)
        return self.chaincodes.get(spec.chaincode_id.name)

    def _range(self, tx_id: str, payload: bytes) -> bytes:
        body = GetStateByRange.FromString(payload)
        about = QueryMetadata.FromString(body.metadata)
        start, end = about.bookmark or body.startKey, body.endKey
        rows = [
            (key, value)
            for key, value in sorted(self._all(body.collection), key=lambda row: row[0].encode())
            if start.encode() <= key.encode() and (not end or key.encode() < end.encode())
        ]
        packed = [_bytes(KVMessage(key=key, value=value)) for key, value in rows]
        if about.pageSize or body.collection:
            self._read_only.add(tx_id)
        if about.pageSize:
            page, rest = packed[: about.pageSize], rows[about.pageSize :]
            tail = QueryResponseMetadata(
                fetched_records_count=len(page), bookmark=rest[0][0] if rest else ""
            )
            return _bytes(_answer(page, metadata=_bytes(tail)))
        return self._open(tx_id, packed)

    def _all(self, coll: str) -> Iterator[tuple[str, bytes]]:
        if not coll:
            yield from self.state.items()
        yield from ((key, value) for (of, key), value in self.private.items() if coll == of)

    def _history(self, tx_id: str, payload: bytes) -> bytes:
        return self._open(tx_id, self.histories.get(GetHistoryForKey.FromString(payload).key, []))

    def _open(self, tx_id: str, rows: list[bytes]) -> bytes:
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
        return _bytes(_answer(rows[: self._rows], has_more=has_more, id=query))

    def _close(self, payload: bytes) -> bytes:
        del self.iterators[QueryStateClose.FromString(payload).id]
        return b""

    def _write(self, tx_id: str, kind: int, payload: bytes) -> bytes | None:
        if tx_id in self._read_only:
            return None
        if kind == M.WRITE_BATCH_STATE:
            records = list(WriteBatchState.FromString(payload).rec)
            self.sizes[kind].append(len(records))
        else:
            body, record_type = SINGLE[kind]
            fields = {field.name: value for field, value in body.FromString(payload).ListFields()}
            records = [W(type=record_type, **fields)]
        for record in records:
            assert record.type != W.UNDEFINED
            self.records[tx_id].append(record)
            if record.type != W.PUT_STATE_METADATA and not record.collection:
                self.writes[tx_id][record.key] = record.value
        return b""


def _answer(rows: list[bytes], **fields: Any) -> Any:
    return QueryResponse(results=[{"resultBytes": row} for row in rows], **fields)


def _bytes(message: Any) -> bytes:
    made: bytes = message.SerializeToString()
    return made
