# SPDX-License-Identifier: Apache-2.0
"""Read/write sets: what a transaction read, walked and writes, and their form on the wire."""

from dataclasses import dataclass
from typing import Any

from ._protos import kvrwset, rwset
from ._snapshot import MAX_KEY_BYTES, Version


@dataclass(frozen=True, slots=True)
class RangeRead:
    """A range as walked: `end` is the last key seen unless the walk reached the end."""

    start: str
    end: str
    exhausted: bool
    reads: tuple[tuple[str, Version], ...]


@dataclass(frozen=True, slots=True)
class ReadWriteSet:
    """What a transaction read (absent = `None`), walked and writes (deletion = `None`)."""

    reads: tuple[tuple[str, Version | None], ...] = ()
    ranges: tuple[RangeRead, ...] = ()
    writes: tuple[tuple[str, bytes | None], ...] = ()


def encode(namespace: str, rw: ReadWriteSet) -> bytes:
    """The read/write set as Fabric's `TxReadWriteSet`, equal bytes for equal sets."""
    kv = kvrwset.KVRWSet(
        reads=[_read(key, version) for key, version in rw.reads],
        range_queries_info=[
            kvrwset.RangeQueryInfo(
                start_key=walk.start,
                end_key=walk.end,
                itr_exhausted=walk.exhausted,
                raw_reads=kvrwset.QueryReads(kv_reads=[_read(*read) for read in walk.reads]),
            )
            for walk in rw.ranges
        ],
        writes=[
            kvrwset.KVWrite(key=key, is_delete=value is None, value=value or b"")
            for key, value in rw.writes
        ],
    )
    space = rwset.NsReadWriteSet(namespace=namespace, rwset=kv.SerializeToString())
    written: bytes = rwset.TxReadWriteSet(ns_rwset=[space]).SerializeToString()
    return written


def _read(key: str, version: Version | None) -> Any:
    if version is None:
        return kvrwset.KVRead(key=key)
    return kvrwset.KVRead(key=key, version=kvrwset.Version(block_num=version[0], tx_num=version[1]))


def decode(namespace: str, raw: bytes) -> ReadWriteSet | None:
    """The set inside `TxReadWriteSet`; `None` when it touches anything but this namespace's keys.

    Raises:
        DecodeError: these are not its bytes.
    """
    reads: tuple[tuple[str, Version | None], ...] = ()
    ranges: tuple[RangeRead, ...] = ()
    writes: tuple[tuple[str, bytes | None], ...] = ()
    for space in rwset.TxReadWriteSet.FromString(raw).ns_rwset:
        kv = kvrwset.KVRWSet.FromString(space.rwset)
        touched = kv.reads or kv.writes or kv.range_queries_info or kv.metadata_writes
        if space.collection_hashed_rwset or kv.metadata_writes:
            return None
        if space.namespace != namespace:
            if touched:
                return None
            continue
        reads += tuple((read.key, _version(read)) for read in kv.reads)
        ranges += tuple(
            RangeRead(
                walk.start_key,
                walk.end_key,
                walk.itr_exhausted,
                tuple(
                    (read.key, (read.version.block_num, read.version.tx_num))
                    for read in walk.raw_reads.kv_reads
                ),
            )
            for walk in kv.range_queries_info
        )
        writes += tuple((w.key, None if w.is_delete else w.value) for w in kv.writes)
    if any(not 0 < len(key.encode()) <= MAX_KEY_BYTES for key, _ in writes):
        return None
    return ReadWriteSet(reads, ranges, writes)


def _version(read: Any) -> Version | None:
    if not read.HasField("version"):
        return None
    return (read.version.block_num, read.version.tx_num)
