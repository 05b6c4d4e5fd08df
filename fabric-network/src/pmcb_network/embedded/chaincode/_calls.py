# SPDX-License-Identifier: Apache-2.0
"""Answers a contract's ledger calls from its transaction's simulator."""

from collections.abc import Callable, Mapping

from pmcb_network.embedded._envelopes import name_of
from pmcb_network.embedded._history import Modification
from pmcb_network.embedded._protos import Type, queryresult, shim
from pmcb_network.embedded._simulator import Page, Simulator, Unsupported
from pmcb_network.embedded._snapshot import Value

MAX_BATCH = 1000  # announced to the contract for both batch sizes, as a peer does


def answer(kind: int, payload: bytes, simulator: Simulator, namespace: str) -> bytes:
    """The payload of the `RESPONSE` to one call.

    Raises:
        Unsupported: the text belongs into an `ERROR`.
        DecodeError: the payload is not the message that its type promises.
    """
    handler = _HANDLERS.get(kind)
    if handler is None:
        raise Unsupported(f"{_OFFERED_BY_FABRIC.get(kind, name_of(Type.Type, kind))}{_NOT_HERE}")
    return handler(payload, simulator, namespace)


_NOT_HERE = " is not offered by the embedded network"
_PRIVATE = "private data"
_KEY_LEVEL = "key-level endorsement"
_OFFERED_BY_FABRIC = {
    Type.INVOKE_CHAINCODE: "calling another chaincode",
    Type.GET_QUERY_RESULT: "a rich query",
    Type.GET_STATE_METADATA: _KEY_LEVEL,
    Type.PUT_STATE_METADATA: _KEY_LEVEL,
    Type.GET_PRIVATE_DATA_HASH: _PRIVATE,
    Type.PURGE_PRIVATE_DATA: _PRIVATE,
}


def _public(collection: str) -> None:
    if collection:
        raise Unsupported(_PRIVATE + _NOT_HERE)


def _get(payload: bytes, simulator: Simulator, _: str) -> bytes:
    call = shim.GetState.FromString(payload)
    _public(call.collection)
    return simulator.get(call.key)


def _get_many(payload: bytes, simulator: Simulator, _: str) -> bytes:
    call = shim.GetStateMultiple.FromString(payload)
    _public(call.collection)
    values = [simulator.get(key) for key in call.keys]
    written: bytes = shim.GetStateMultipleResult(values=values).SerializeToString()
    return written


def _put(payload: bytes, simulator: Simulator, _: str) -> bytes:
    call = shim.PutState.FromString(payload)
    _public(call.collection)
    simulator.put(call.key, call.value)
    return b""


def _delete(payload: bytes, simulator: Simulator, _: str) -> bytes:
    call = shim.DelState.FromString(payload)
    _public(call.collection)
    simulator.delete(call.key)
    return b""


def _write_batch(payload: bytes, simulator: Simulator, _: str) -> bytes:
    record = shim.WriteRecord
    for call in shim.WriteBatchState.FromString(payload).rec:
        _public(call.collection)
        if call.type == record.PUT_STATE:
            simulator.put(call.key, call.value)
        elif call.type == record.DEL_STATE:
            simulator.delete(call.key)
        elif call.type == record.PUT_STATE_METADATA:
            raise Unsupported(_KEY_LEVEL + _NOT_HERE)
        else:
            raise Unsupported("unknown operation type")
    return b""


def _range(payload: bytes, simulator: Simulator, namespace: str) -> bytes:
    call = shim.GetStateByRange.FromString(payload)
    _public(call.collection)
    wanted = shim.QueryMetadata.FromString(call.metadata)
    name = simulator.open_range(
        call.startKey, call.endKey, page_size=wanted.pageSize, bookmark=wanted.bookmark
    )
    paged = bool(wanted.pageSize or wanted.bookmark)
    return _page(simulator.next_page(name), name, namespace, paged=paged)


def _history(payload: bytes, simulator: Simulator, namespace: str) -> bytes:
    name = simulator.open_history(namespace, shim.GetHistoryForKey.FromString(payload).key)
    return _page(simulator.next_page(name), name, namespace, paged=False)


def _next(payload: bytes, simulator: Simulator, namespace: str) -> bytes:
    name = shim.QueryStateNext.FromString(payload).id
    return _page(simulator.next_page(name), name, namespace, paged=False)


def _close(payload: bytes, _: Simulator, __: str) -> bytes:
    name = shim.QueryStateClose.FromString(payload).id
    written: bytes = shim.QueryResponse(id=name).SerializeToString()
    return written


def _page(page: Page, name: str, namespace: str, *, paged: bool) -> bytes:
    rows = [shim.QueryResultBytes(resultBytes=_row(row, namespace)) for row in page.rows]
    metadata = b""
    if paged:
        metadata = shim.QueryResponseMetadata(
            fetched_records_count=len(rows), bookmark=page.bookmark
        ).SerializeToString()
    written: bytes = shim.QueryResponse(
        results=rows, has_more=page.more, id=name, metadata=metadata
    ).SerializeToString()
    return written


def _row(row: tuple[str, Value] | Modification, namespace: str) -> bytes:
    if isinstance(row, Modification):
        made = queryresult.KeyModification(
            tx_id=row.tx_id, value=row.value, timestamp=row.timestamp, is_delete=row.deleted
        )
    else:
        made = queryresult.KV(namespace=namespace, key=row[0], value=row[1].data)
    written: bytes = made.SerializeToString()
    return written


_HANDLERS: Mapping[int, Callable[[bytes, Simulator, str], bytes]] = {
    Type.GET_STATE: _get,
    Type.GET_STATE_MULTIPLE: _get_many,
    Type.PUT_STATE: _put,
    Type.DEL_STATE: _delete,
    Type.WRITE_BATCH_STATE: _write_batch,
    Type.GET_STATE_BY_RANGE: _range,
    Type.GET_HISTORY_FOR_KEY: _history,
    Type.QUERY_STATE_NEXT: _next,
    Type.QUERY_STATE_CLOSE: _close,
}
