# SPDX-License-Identifier: Apache-2.0
"""Validation against a model that runs one transaction after the other on a dictionary."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_network.embedded._rwset import RangeRead, ReadWriteSet
from pmcb_network.embedded._snapshot import TxStatus, Value
from pmcb_network.embedded._validator import Ordered, validate

VALID, DUPLICATE, MVCC, PHANTOM, POLICY = 0, 9, 11, 12, 10


@dataclass
class Memory:
    """A committed state in a dictionary."""

    values: dict[str, Value] = field(default_factory=dict)
    known: dict[str, TxStatus] = field(default_factory=dict)

    def version(self, key):
        return self.values[key].version if key in self.values else None

    def rows(self, start, end, *, limit=0, end_included=False):
        found = [
            (key, value)
            for key, value in sorted(self.values.items())
            if key >= start and (not end or key < end or (end_included and key == end))
        ]
        return found[:limit] if limit else found

    def status(self, tx_id):
        return self.known.get(tx_id)

    def apply(self, updates):
        for key, value in updates.items():
            if value is None:
                self.values.pop(key, None)
            else:
                self.values[key] = value


def message(tx_id, *, reads=(), ranges=(), writes=(), code=VALID):
    return Ordered(tx_id.encode(), tx_id, code, ReadWriteSet(reads, ranges, writes))


def put(tx_id, key, data=b"1", **more):
    return message(tx_id, writes=((key, data),), **more)


@pytest.fixture
def state():
    return Memory({"a": Value((1, 0), b"1"), "c": Value((1, 1), b"3")})


def codes(messages, state):
    return list(validate(messages, state, 2).codes)


def test_a_read_that_changed_is_a_conflict(state):
    """Another version, a value that came, a value that went: each is `MVCC_READ_CONFLICT`."""
    for key, version in (("a", (0, 0)), ("a", None), ("b", (1, 0))):
        assert codes([message("t", reads=((key, version),))], state) == [MVCC]


def test_a_read_that_stands_is_valid(state):
    """The recorded version is the committed one, absent keys included."""
    assert codes([message("t", reads=(("a", (1, 0)), ("b", None)))], state) == [VALID]


def test_an_earlier_write_of_the_same_block_conflicts(state):
    """Also a deletion, also where nothing was before; an invalid earlier one does not count."""
    reader = message("r", reads=(("a", (1, 0)), ("b", None)))
    assert codes([put("w", "a"), reader], state) == [VALID, MVCC]
    assert codes([put("w", "b", None), reader], state) == [VALID, MVCC]
    assert codes([put("w", "b", code=POLICY), reader], state) == [POLICY, VALID]
    assert codes([reader, put("w", "a")], state) == [VALID, VALID]


def test_a_known_transaction_id_is_a_duplicate(state):
    """In an earlier block or this one, whatever became of the first."""
    state.known["old"] = TxStatus(1, 0, MVCC)
    sent = [
        put("old", "x"),
        put("t", "y"),
        put("t", "z"),
        put("p", "q", code=POLICY),
        put("p", "q"),
    ]
    outcome = validate(sent, state, 2)
    assert list(outcome.codes) == [DUPLICATE, VALID, DUPLICATE, POLICY, DUPLICATE]
    assert set(outcome.updates) == {"y"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (put("w", "b"), PHANTOM),  # appears
        (put("w", "c", None), PHANTOM),  # disappears
        (put("w", "a"), PHANTOM),  # changes
        (put("w", "d"), VALID),  # beyond the end
        (put("w", "D"), VALID),  # before the start
    ],
)
def test_a_range_is_walked_again(state, change, code):
    """Rows that came, went or changed in it are phantoms, also earlier in the block."""
    walk = RangeRead("a", "d", True, (("a", (1, 0)), ("c", (1, 1))))
    assert codes([change, message("t", ranges=(walk,))], state) == [VALID, code]


def test_a_range_left_early_ends_with_its_last_row(state):
    """Its end key counts; what comes after it was never read."""
    walk = RangeRead("a", "a", False, (("a", (1, 0)),))
    reader = message("t", ranges=(walk,))
    assert codes([put("w", "b"), reader], state) == [VALID, VALID]
    assert codes([put("w", "a"), reader], state) == [VALID, PHANTOM]


def test_the_last_valid_write_stands(state):
    """Updates carry block and position of their transaction."""
    outcome = validate([put("1", "x", b"a"), put("2", "x", b"b"), put("3", "a", None)], state, 7)
    assert outcome.updates == {"x": Value((7, 1), b"b"), "a": None}


KEYS = st.sampled_from("abcdef")
STEPS = st.one_of(
    st.tuples(st.just("read"), KEYS),
    st.tuples(st.just("walk"), KEYS, KEYS, st.integers(0, 3)),
    st.tuples(st.just("write"), KEYS, st.none() | st.sampled_from([b"1", b"2"])),
)
BLOCKS = st.lists(
    st.lists(st.tuples(st.integers(0, 3), st.lists(STEPS, max_size=4)), max_size=5), max_size=6
)


def simulate(tx_id, steps, state):
    reads, ranges, writes = {}, [], {}
    for kind, *about in steps:
        if kind == "read":
            reads[about[0]] = state.version(about[0])
        elif kind == "write":
            writes[about[0]] = about[1]
        else:
            start, end, limit = about
            rows = state.rows(start, end)
            seen = tuple((key, value.version) for key, value in (rows[:limit] if limit else rows))
            whole = not limit or len(rows) <= limit
            ranges.append(RangeRead(start, end if whole else seen[-1][0], whole, seen))
    return message(
        tx_id,
        reads=tuple(sorted(reads.items())),
        ranges=tuple(ranges),
        writes=tuple(sorted(writes.items())),
    )


@given(BLOCKS)
def test_valid_transactions_read_what_a_serial_run_would_read(blocks):
    """Run on any older height, a transaction is valid exactly if its reads still stand.

    The model commits one transaction at a time; the one thing it adds is Fabric's rule that a key
    written earlier in the same block conflicts whatever the write did.
    """
    heights = [Memory()]
    for number, transactions in enumerate(blocks):
        messages = [
            simulate(f"{number}.{position}", steps, heights[max(0, len(heights) - 1 - behind)])
            for position, (behind, steps) in enumerate(transactions)
        ]
        outcome = validate(messages, heights[-1], number)
        serial = Memory(dict(heights[-1].values))
        touched: set[str] = set()
        for position, (sent, code) in enumerate(zip(messages, outcome.codes, strict=True)):
            stands = all(
                serial.version(key) == version and key not in touched
                for key, version in sent.rw.reads
            )
            same = all(
                tuple(
                    (key, value.version)
                    for key, value in serial.rows(
                        walk.start, walk.end, end_included=not walk.exhausted
                    )
                )
                == walk.reads
                for walk in sent.rw.ranges
            )
            assert code == (VALID if stands and same else PHANTOM if stands else MVCC)
            if code == VALID:
                writes = dict(sent.rw.writes)
                touched |= set(writes)
                serial.apply(
                    {k: Value((number, position), d) if d else None for k, d in writes.items()}
                )
        after = Memory(dict(heights[-1].values))
        after.apply(outcome.updates)
        assert after.values == serial.values
        heights.append(after)
