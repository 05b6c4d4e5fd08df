# SPDX-License-Identifier: Apache-2.0
"""Blocks: built, chained by header hash, and checked from the first to the last."""

import hashlib
from collections.abc import Sequence
from typing import Any

from pmcb_network.errors import LedgerDamaged

from ._envelopes import Malformed, open_action, open_transaction
from ._protos import VALIDATION_CODES, DecodeError, common
from ._rwset import ReadWriteSet, decode
from ._snapshot import Snapshot, TxStatus, Value
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


def _commit_hash(previous: bytes, header: Any, codes: bytes) -> bytes:
    return hashlib.sha256(previous + header_hash(header) + codes).digest()


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
    previous = last.metadata.metadata[_COMMIT_HASH] if last else b""
    metadata = [b""] * _PARTS
    metadata[VALIDATION_CODES] = codes
    metadata[_COMMIT_HASH] = _commit_hash(previous, header, codes)
    block = common.Block(
        header=header,
        data=common.BlockData(data=[message.raw for message in messages]),
        metadata=common.BlockMetadata(metadata=metadata),
    )
    statuses: dict[str, TxStatus] = {}
    for position, (message, code) in enumerate(zip(messages, outcome.codes, strict=True)):
        if message.tx_id:
            statuses.setdefault(message.tx_id, TxStatus(number, position, code))
    return block, BlockWrite(number, block.SerializeToString(), statuses, outcome.updates)


def genesis(channel: str) -> tuple[Any, BlockWrite]:
    """The first block: names the channel, changes nothing."""
    raw = _note(channel, common.HeaderType.Value("CONFIG"), b"")
    return build(None, [Ordered(raw, "", VALID, ReadWriteSet())], Outcome((VALID,), {}))


def note(channel: str, rw: bytes) -> bytes:
    """An unsigned message that carries a read/write set: how tests seed the state."""
    return _note(channel, common.HeaderType.Value("MESSAGE"), rw)


def _note(channel: str, kind: int, data: bytes) -> bytes:
    header = common.ChannelHeader(type=kind, channel_id=channel)
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
    """Walks the whole ledger: hash chain, index, and the state that the blocks add up to.

    Returns the number of blocks.

    Raises:
        LedgerDamaged: names the first block, transaction or the state.
    """
    last: Any | None = None
    state: dict[str, Value] = {}
    statuses: dict[str, TxStatus] = {}
    for number in range(snapshot.height):
        block = _read(snapshot, number)
        _check_links(block, last, number)
        _replay(block, number, chaincode, state, statuses)
        last = block
    if dict(snapshot.statuses()) != statuses:
        raise LedgerDamaged("the transaction index does not list what the blocks hold")
    if dict(snapshot.rows("", "")) != state:
        raise LedgerDamaged("the state is not what the valid transactions add up to")
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
    before = last.metadata.metadata[_COMMIT_HASH] if last else b""
    if len(metadata) != _PARTS or metadata[_COMMIT_HASH] != _commit_hash(
        before, header, metadata[VALIDATION_CODES]
    ):
        raise LedgerDamaged(f"the codes of block {number} are not those that were committed")


def _replay(
    block: Any, number: int, chaincode: str, state: dict[str, Value], statuses: dict[str, TxStatus]
) -> None:
    codes = block.metadata.metadata[VALIDATION_CODES]
    for position, (raw, code) in enumerate(zip(block.data.data, codes, strict=True)):
        try:
            opened = open_transaction(common.Envelope.FromString(raw))
            if opened.tx_id:
                statuses.setdefault(opened.tx_id, TxStatus(number, position, code))
            if code != VALID or opened.type == common.HeaderType.Value("CONFIG"):
                continue
            results = open_action(opened).results if opened.tx_id else opened.data
            rw = decode(chaincode, results)
        except (Malformed, DecodeError) as error:
            raise LedgerDamaged(f"message {position} of block {number} is unreadable") from error
        for key, data in rw.writes if rw else ():
            if data:
                state[key] = Value((number, position), data)
            else:
                state.pop(key, None)
