# SPDX-License-Identifier: Apache-2.0
from pmcb_network.embedded._assembled import Assembled
from pmcb_network.embedded._rwset import ReadWriteSet

RW = ReadWriteSet(writes=(("a", b"1"),))


def test_only_the_very_bytes_are_recalled_and_once():
    """One changed bit is another payload; the second time it is checked like a stranger's."""
    memory = Assembled()
    memory.remember(b"payload", RW)
    memory.remember(b"payload", RW)
    assert memory.recall(b"pay1oad") is None
    assert memory.recall(b"payload") == RW
    assert memory.recall(b"payload") is None


def test_the_memory_is_bounded_in_bytes():
    """The oldest go first; what was recalled counts no more."""
    memory = Assembled(limit_bytes=100)
    memory.remember(b"a" * 60, RW)
    memory.remember(b"b" * 60, RW)
    assert memory.recall(b"a" * 60) is None
    assert memory.recall(b"b" * 60) == RW
    for letter in b"cd":
        memory.remember(bytes([letter]) * 50, RW)
    assert memory.recall(b"c" * 50) == RW
    memory.remember(b"e" * 50, RW)
    assert memory.recall(b"d" * 50) == RW
    memory.remember(b"f" * 101, RW)
    assert memory.recall(b"f" * 101) is None
