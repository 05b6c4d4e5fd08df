# SPDX-License-Identifier: Apache-2.0
import hashlib

import pytest
from fabric_protos.common import common_pb2

from pmcb_network.embedded._blocks import build, genesis, header_hash, last_block, note, verify
from pmcb_network.embedded._rwset import ReadWriteSet, encode
from pmcb_network.embedded._snapshot import TxStatus, Value
from pmcb_network.embedded._state import BlockWrite, Store
from pmcb_network.embedded._validator import VALID, Ordered, Outcome
from pmcb_network.errors import LedgerDamaged


def test_the_header_hash_is_that_of_its_asn1_form():
    """SEQUENCE of INTEGER and two OCTET STRINGs, written out by hand; 128 needs a leading zero."""
    header = common_pb2.BlockHeader(number=128, previous_hash=b"\x01" * 32, data_hash=b"\x02" * 32)
    spelled = "3048" + "02020080" + "0420" + "01" * 32 + "0420" + "02" * 32
    assert header_hash(header) == hashlib.sha256(bytes.fromhex(spelled)).digest()
    first = common_pb2.BlockHeader(number=0, data_hash=b"\x02" * 32)
    spelled = "3027" + "020100" + "0400" + "0420" + "02" * 32
    assert header_hash(first) == hashlib.sha256(bytes.fromhex(spelled)).digest()


def seed(store, values):
    rw = ReadWriteSet(writes=tuple(sorted(values.items())))
    raw = note("pmcb", encode("notes", rw), 0)
    last = last_block(store.current)
    number = store.height
    updates = {key: Value((number, 0), data) if data else None for key, data in values.items()}
    _, write = build(last, [Ordered(raw, "", VALID, rw)], Outcome((VALID,), updates))
    store.commit(write)
    store.refresh()


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "ledger")
    made.commit(genesis("pmcb", 0)[1])
    made.refresh()
    seed(made, {"a": b"1", "b": b"2"})
    seed(made, {"a": b"3", "b": b""})
    yield made
    made.close()


def replace(store, number, change):
    """Writes a block over the stored one, as somebody with the disk could."""
    block = common_pb2.Block.FromString(store.current.block(number))
    change(block)
    with store._env.begin(write=True) as txn:
        txn.put(number.to_bytes(8, "big"), block.SerializeToString(), db=store.blocks)
    store.refresh()


def test_a_sound_ledger_verifies(store):
    """Hash chain, index and state agree; the answer is the height."""
    assert verify(store.current, "notes") == 3


def change_message(block):
    raw = block.data.data[0]
    block.data.data[0] = raw[:-1] + bytes((raw[-1] ^ 1,))


def change_link(block):
    block.header.previous_hash = b"\x00" * 32


def change_code(block):
    block.metadata.metadata[2] = b"\x0b"


def change_number(block):
    block.header.number = 7


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (change_message, "messages of block 1"),
        (change_link, "block 1 does not follow"),
        (change_code, "codes of block 1"),
        (change_number, "block 1 carries the number 7"),
    ],
)
def test_a_changed_block_is_found(store, change, said):
    """One altered bit of a message, a link, a code or a number, and the block is named."""
    replace(store, 1, change)
    with pytest.raises(LedgerDamaged, match=said):
        verify(store.current, "notes")


def test_a_rewritten_block_breaks_the_chain_behind_it(store):
    """Whoever recomputes one block's hashes would have to rewrite all later ones."""

    def forge(block):
        rw = ReadWriteSet(writes=(("a", b"9"),))
        raw = note("pmcb", encode("notes", rw), 0)
        first = common_pb2.Block.FromString(store.current.block(0))
        forged, _ = build(first, [Ordered(raw, "", VALID, rw)], Outcome((VALID,), {}))
        block.CopyFrom(forged)

    replace(store, 1, forge)
    with pytest.raises(LedgerDamaged, match="block 2 does not follow"):
        verify(store.current, "notes")


def test_a_changed_state_is_found(store):
    """The state must be what the valid transactions add up to."""
    with store._env.begin(write=True) as txn:
        txn.put(b"c", b"\x00" * 12 + b"1", db=store.state)
    store.refresh()
    with pytest.raises(LedgerDamaged, match="state"):
        verify(store.current, "notes")


def test_a_changed_index_is_found(store):
    """So must the transaction index."""
    number = store.height
    last = last_block(store.current)
    _, write = build(last, [], Outcome((), {}))
    store.commit(BlockWrite(number, write.block, {"tx": TxStatus(1, 0, 0)}, {}))
    store.refresh()
    with pytest.raises(LedgerDamaged, match="index"):
        verify(store.current, "notes")


def test_a_changed_history_is_found(store):
    """An entry that no transaction made, and one that is gone."""
    for change in ("put", "delete"):
        with store._env.begin(write=True) as txn:
            getattr(txn, change)(
                b"a", (2).to_bytes(8, "big") + (7).to_bytes(4, "big"), db=store.history
            )
        store.refresh()
        if change == "put":
            with pytest.raises(LedgerDamaged, match="history"):
                verify(store.current, "notes")
    assert verify(store.current, "notes") == 3
    with store._env.begin(write=True) as txn:
        txn.delete(b"b", db=store.history)
    store.refresh()
    with pytest.raises(LedgerDamaged, match="history"):
        verify(store.current, "notes")


def test_a_missing_block_is_found(store):
    """A gap is named."""
    with store._env.begin(write=True) as txn:
        txn.delete((1).to_bytes(8, "big"), db=store.blocks)
    store.refresh()
    with pytest.raises(LedgerDamaged, match="block 1 is missing"):
        verify(store.current, "notes")


def test_an_unreadable_block_is_found(store):
    """Bytes that are no block, or a message that is no envelope."""
    kept = store.current.block(1)
    with store._env.begin(write=True) as txn:
        txn.put((1).to_bytes(8, "big"), b"\xff", db=store.blocks)
    store.refresh()
    with pytest.raises(LedgerDamaged, match="block 1 cannot be decoded"):
        verify(store.current, "notes")
    with store._env.begin(write=True) as txn:
        txn.put((1).to_bytes(8, "big"), kept, db=store.blocks)
    store.refresh()
    number = store.height
    bad = Ordered(b"\xff", "", VALID, ReadWriteSet())
    _, write = build(last_block(store.current), [bad], Outcome((VALID,), {}))
    store.commit(write)
    store.refresh()
    with pytest.raises(LedgerDamaged, match=f"message 0 of block {number} is unreadable"):
        verify(store.current, "notes")
