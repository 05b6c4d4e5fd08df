# SPDX-License-Identifier: Apache-2.0
"""Writes of one transaction: kept in call order, sent in batches where the peer takes them."""

from collections.abc import Iterator

from ._protos import (
    ChaincodeAdditionalParams,
    ChaincodeMessage,
    DelState,
    PutState,
    WriteBatchState,
    WriteRecord,
)


class WriteBuffer:
    """Collects writes; ``messages`` turns them into what the peer is sent."""

    def __init__(self) -> None:
        self._records: list[WriteRecord] = []

    def put(self, key: str, value: bytes) -> None:
        """Keep a write."""
        self._records.append(WriteRecord(type=WriteRecord.PUT_STATE, key=key, value=value))

    def delete(self, key: str) -> None:
        """Keep a deletion."""
        self._records.append(WriteRecord(type=WriteRecord.DEL_STATE, key=key))

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
            if record.type == WriteRecord.PUT_STATE:
                body = PutState(key=record.key, value=record.value)
                yield ChaincodeMessage.PUT_STATE, body.SerializeToString()
            else:
                body = DelState(key=record.key)
                yield ChaincodeMessage.DEL_STATE, body.SerializeToString()
