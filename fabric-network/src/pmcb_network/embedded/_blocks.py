# SPDX-License-Identifier: Apache-2.0
"""Blocks: built, chained by header hash, and checked from the first to the last."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from pmcb_network.errors import LedgerDamaged

from ._envelopes import Malformed, open_transaction
from ._history import read_write_set
from ._protos import VALIDATION_CODES, DecodeError, common
from ._rwset import ReadWriteSet
from ._snapshot import Snapshot, TxStatus, Value, Version
from ._state import BlockWrite
from ._validator import VALID, Ordered, Outcome

_COMMIT_HASH: int = common.BlockMetadataIndex.Value("COMMIT_HASH")
_PARTS = len(common.BlockMetadataIndex.keys())


def header_hash(header: Any) -> bytes:
    """SHA-256 over the header's ASN.1 form, as the next block carries it."""
    number = header.number.to_bytes(header.number.bit_length() // 8 + 1, "big")
    body = b"".join(
        bytes((tag, len(part))) + part
        for tag, part in ((2, number), (4, header.previous_hash), (4, header.data_hash))
    )
    return hashlib.sha256(bytes((0x30, len(body))) + body).digest()


def data_hash(messages: Sequence[bytes]) -> bytes:
    """SHA-256 over a block's messages, one after the other."""
    return hashlib.sha256(b"".join(messages)).digest()


def _commit_hash(last: Any | None, header: Any, codes: bytes) -> bytes:
    """The block's metadata that chains its codes to those of all blocks before it."""
    previous = common.Metadata.FromString(last.metadata.metadata[_COMMIT_HASH]) if last else None
    chained = (previous.value if previous else b"") + header_hash(header) + codes
    written: bytes = common.Metadata(value=hashlib.sha256(chained).digest()).SerializeToString()
    return written


def build(
    last: Any | None, messages: Sequence[Ordered], outcome: Outcome
) -> tuple[Any, BlockWrite]:
    """The block after `last` (`None`: the first) with its codes, and all that it changes.

    The codes are no part of the data hash; the commit hash chains them.
    """
    number = last.header.number + 1 if last else 0
    header = common.BlockHeader(
        number=number,
        previous_hash=header_hash(last.header) if last else b"",
        data_hash=data_hash([message.raw for message in messages]),
    )
    codes = bytes(outcome.codes)
    metadata = [b""] * _PARTS
    metadata[VALIDATION_CODES] = codes
    metadata[_COMMIT_HASH] = _commit_hash(last, header, codes)
    block = common.Block(
        header=header,
        data=common.BlockData(data=[message.raw for message in messages]),
        metadata=common.BlockMetadata(metadata=metadata),
    )
    statuses: dict[str, TxStatus] = {}
    history: list[tuple[str, Version]] = []
    for position, (message, code) in enumerate(zip(messages, outcome.codes, strict=True)):
        if message.tx_id:
            statuses.setdefault(message.tx_id, TxStatus(number, position, code))
        if code == VALID:
            history += [(key, (number, position)) for key, _ in message.rw.writes]
    raw = block.SerializeToString()
    return block, BlockWrite(number, raw, statuses, outcome.updates, history)


def genesis(channel: str, now_ms: int) -> tuple[Any, BlockWrite]:
    """The first block: names the channel, changes nothing."""
    raw = _note(channel, common.HeaderType.Value("CONFIG"), b"", now_ms)
    return build(None, [Ordered(raw, "", VALID, ReadWriteSet())], Outcome((VALID,), {}))


def note(channel: str, rw: bytes, now_ms: int) -> bytes:
    """An unsigned message that carries a read/write set: how tests seed the state."""
    return _note(channel, common.HeaderType.Value("MESSAGE"), rw, now_ms)


def _note(channel: str, kind: int, data: bytes, now_ms: int) -> bytes:
    header = common.ChannelHeader(type=kind, channel_id=channel)
    header.timestamp.FromMilliseconds(now_ms)
    payload = common.Payload(
        header=common.Header(channel_header=header.SerializeToString()), data=data
    )
    raw: bytes = common.Envelope(payload=payload.SerializeToString()).SerializeToString()
    return raw


def last_block(snapshot: Snapshot) -> Any | None:
    """The newest block, or `None` in an empty ledger."""
    raw = snapshot.block(snapshot.height - 1) if snapshot.height else None
    return common.Block.FromString(raw) if raw is not None else None


def verify(snapshot: Snapshot, chaincode: str) -> int:
    """Walks the whole ledger: hash chain, index, and what the blocks add up to.

    Returns the number of blocks.

    Raises:
        LedgerDamaged: names the first block or transaction, or the index, state or history.
    """
    last: Any | None = None
    state: dict[str, Value] = {}
    history: set[tuple[str, Version]] = set()
    statuses: dict[str, TxStatus] = {}
    for number in range(snapshot.height):
        block = _read(snapshot, number)
        _check_links(block, last, number)
        for key, version, data in _writes(block, number, chaincode, statuses):
            history.add((key, version))
            if data:
                state[key] = Value(version, data)
            else:
                state.pop(key, None)
        last = block
    if dict(snapshot.statuses()) != statuses:
        raise LedgerDamaged("the transaction index does not list what the blocks hold")
    if dict(snapshot.rows("", "")) != state:
        raise LedgerDamaged("the state is not what the valid transactions add up to")
    if set(snapshot.histories()) != history:
        raise LedgerDamaged("the history does not list what the valid transactions wrote")
    return snapshot.height


def _read(snapshot: Snapshot, number: int) -> Any:
    raw = snapshot.block(number)
    try:
        if raw is not None:
            return common.Block.FromString(raw)
    except DecodeError as error:
        raise LedgerDamaged(f"block {number} cannot be decoded") from error
    raise LedgerDamaged(f"block {number} is missing")


def _check_links(block: Any, last: Any | None, number: int) -> None:
    header, metadata = block.header, block.metadata.metadata
    if header.number != number:
        raise LedgerDamaged(f"block {number} carries the number {header.number}")
    if header.previous_hash != (header_hash(last.header) if last else b""):
        raise LedgerDamaged(f"block {number} does not follow the block before it")
    if header.data_hash != data_hash(block.data.data):
        raise LedgerDamaged(f"the messages of block {number} are not those of its header")
    if len(metadata) != _PARTS or metadata[_COMMIT_HASH] != _commit_hash(
        last, header, metadata[VALIDATION_CODES]
    ):
        raise LedgerDamaged(f"the codes of block {number} are not those that were committed")


def _writes(
    block: Any, number: int, chaincode: str, statuses: dict[str, TxStatus]
) -> Iterator[tuple[str, Version, bytes | None]]:
    """The valid writes of a block, in order; adds its transactions to `statuses`."""
    codes = block.metadata.metadata[VALIDATION_CODES]
    for position, (raw, code) in enumerate(zip(block.data.data, codes, strict=True)):
        try:
            opened = open_transaction(common.Envelope.FromString(raw))
            if opened.tx_id:
                statuses.setdefault(opened.tx_id, TxStatus(number, position, code))
            if code != VALID or opened.type == common.HeaderType.Value("CONFIG"):
                continue
            rw = read_write_set(opened, chaincode)
        except (Malformed, DecodeError) as error:
            raise LedgerDamaged(f"message {position} of block {number} is unreadable") from error
        for key, data in rw.writes if rw else ():
            yield key, (number, position), data
