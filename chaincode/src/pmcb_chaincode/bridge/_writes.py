# SPDX-License-Identifier: Apache-2.0
"""Writes of one transaction: kept in call order, sent in batches where the peer takes them."""

from collections.abc import Iterator

from ._policies import POLICY
from ._protos import (
    ChaincodeAdditionalParams,
    ChaincodeMessage,
    DelState,
    PurgePrivateState,
    PutState,
    PutStateMetadata,
    StateMetadata,
    WriteBatchState,
    WriteRecord,
)


class WriteBuffer:
    """Collects writes; ``messages`` turns them into what the peer is sent.

    ``coll`` names a private data collection, "" the public state.
    """

    def __init__(self) -> None:
        self._records: list[WriteRecord] = []

    def put(self, key: str, value: bytes, coll: str = "") -> None:
        """Keep a write."""
        self._keep(WriteRecord.PUT_STATE, key, coll, value=value)

    def delete(self, key: str, coll: str = "") -> None:
        """Keep a deletion."""
        self._keep(WriteRecord.DEL_STATE, key, coll)

    def purge(self, key: str, coll: str) -> None:
        """Keep the purge of a private value and its past."""
        self._keep(WriteRecord.PURGE_PRIVATE_DATA, key, coll)

    def set_policy(self, key: str, policy: bytes) -> None:
        """Keep a key's endorsement policy."""
        metadata = StateMetadata(metakey=POLICY, value=policy)
        self._keep(WriteRecord.PUT_STATE_METADATA, key, "", metadata=metadata)

    def _keep(self, kind: int, key: str, coll: str, **what: object) -> None:
        self._records.append(WriteRecord(type=kind, key=key, collection=coll, **what))

    def messages(self, offers: ChaincodeAdditionalParams) -> Iterator[tuple[int, bytes]]:
        """Message types and payloads, batched as the peer announced.

        The peer announces a batch size and does not enforce it (measured), so it is kept here.
        """
        records = self._records
        if offers.use_write_batch:
            size = offers.max_size_write_batch or max(len(records), 1)
            for start in range(0, len(records), size):
                batch = WriteBatchState(rec=records[start : start + size])
                yield ChaincodeMessage.WRITE_BATCH_STATE, batch.SerializeToString()
            return
        for record in records:
            yield _single(record)


def _single(record: WriteRecord) -> tuple[int, bytes]:
    where = {"key": record.key, "collection": record.collection}
    if record.type == WriteRecord.PUT_STATE:
        kind, body = ChaincodeMessage.PUT_STATE, PutState(value=record.value, **where)
    elif record.type == WriteRecord.DEL_STATE:
        kind, body = ChaincodeMessage.DEL_STATE, DelState(**where)
    elif record.type == WriteRecord.PURGE_PRIVATE_DATA:
        kind, body = ChaincodeMessage.PURGE_PRIVATE_DATA, PurgePrivateState(**where)
    else:
        kind = ChaincodeMessage.PUT_STATE_METADATA
        body = PutStateMetadata(metadata=record.metadata, **where)
    return kind, body.SerializeToString()
