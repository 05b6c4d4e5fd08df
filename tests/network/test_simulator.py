# SPDX-License-Identifier: Apache-2.0
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_network.embedded._rwset import RangeRead, ReadWriteSet, decode, encode
from pmcb_network.embedded._simulator import Simulator, Unsupported
from pmcb_network.embedded._snapshot import Value
from pmcb_network.embedded._state import BlockWrite, Store


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = Store(tmp_path_factory.mktemp("ledger"))
    values = {f"k{index:03}": Value((0, index), b"%d" % index) for index in range(250)}
    made.commit(BlockWrite(0, b"block", {}, values))
    made.refresh()
    yield made
    made.close()


@pytest.fixture
def simulator(store):
    made = Simulator(store.current, "tx1")
    yield made
    made.done()


def walk(simulator, start, end):
    name = simulator.open_range(start, end)
    pages = [simulator.next_page(name)]
    while pages[-1].more:
        pages.append(simulator.next_page(name))
    return [[key for key, _ in page.rows] for page in pages]


def test_a_key_longer_than_the_store_takes_is_refused_at_the_write(simulator):
    """512 bytes are one too many, counted in UTF-8; the committer never meets such a key."""
    simulator.put("x" * 511, b"1")
    for key in ("x" * 512, "\u00e4" * 256, ""):
        with pytest.raises(Unsupported, match="key"):
            simulator.put(key, b"1")
        with pytest.raises(Unsupported, match="key"):
            simulator.delete(key)
    assert [key for key, _ in simulator.result().writes] == ["x" * 511]


def test_writing_after_paging_is_refused(simulator):
    """A paged range is not checked again at commit, so nothing may be written after one."""
    simulator.next_page(simulator.open_range("k", "l", page_size=10))
    with pytest.raises(Unsupported, match="already performed a paginated query"):
        simulator.put("a", b"1")


def test_paging_after_writing_is_refused(simulator):
    """The other way round as well."""
    simulator.put("a", b"1")
    with pytest.raises(Unsupported, match="supported only in a read-only transaction"):
        simulator.open_range("k", "l", page_size=10)


def test_a_walk_that_is_over_or_unknown_has_no_next_page(simulator):
    """Asking past the end is an error, not an empty page."""
    name = simulator.open_range("k", "k002")
    simulator.next_page(name)
    for asked in (name, "7"):
        with pytest.raises(Unsupported, match="query iterator not found"):
            simulator.next_page(asked)


def test_nothing_is_read_after_the_end(store):
    """A simulator that was ended reads no more."""
    simulator = Simulator(store.current, "tx1")
    simulator.done()
    simulator.done()
    with pytest.raises(Unsupported, match="after calling Done"):
        simulator.get("k001")


def test_reads_see_the_committed_state_only(simulator):
    """A transaction's own writes stay invisible to it; every read is recorded with its version."""
    simulator.put("k001", b"new")
    simulator.put("fresh", b"new")
    assert (simulator.get("k001"), simulator.get("fresh")) == (b"1", b"")
    assert simulator.result().reads == (("fresh", None), ("k001", (0, 1)))


def test_an_absent_key_is_read_without_version(simulator):
    """Absence is recorded too, and encoded without the version field; so is an endless key."""
    simulator.get("absent")
    simulator.get("x" * 600)
    rw = simulator.result()
    assert rw.reads == (("absent", None), ("x" * 600, None))
    assert decode("notes", encode("notes", rw)) == rw


def test_an_empty_value_is_a_deletion(simulator):
    """Nobody could tell it from an absent one."""
    simulator.put("k001", b"")
    assert simulator.result().writes == (("k001", None),)


@pytest.mark.parametrize("rows", [0, 1, 99, 100, 101, 200, 201])
def test_no_page_is_ever_empty_but_the_first(store, rows):
    """`more` is said only when a row was seen ahead: some shims choke on an empty last page."""
    simulator = Simulator(store.current, "tx1")
    pages = walk(simulator, "k000", f"k{rows:03}")
    assert list(chain.from_iterable(pages)) == [f"k{index:03}" for index in range(rows)]
    assert all(pages[1:])
    assert all(len(page) == 100 for page in pages[:-1])
    simulator.done()


def test_a_range_walked_to_its_end_is_recorded_with_the_asked_end(simulator):
    """Nothing may appear anywhere in it until commit."""
    walk(simulator, "k248", "m")
    (read,) = simulator.result().ranges
    assert read == RangeRead("k248", "m", True, (("k248", (0, 248)), ("k249", (0, 249))))


def test_a_range_left_early_is_recorded_up_to_the_last_row_seen(simulator):
    """What lies beyond was not read, so it may change."""
    simulator.next_page(simulator.open_range("k", "l"))
    (read,) = simulator.result().ranges
    assert (read.start, read.end, read.exhausted, len(read.reads)) == ("k", "k099", False, 100)


def test_equal_walks_are_recorded_once(simulator):
    """As Fabric records them."""
    walk(simulator, "k248", "m")
    walk(simulator, "k248", "m")
    assert len(simulator.result().ranges) == 1


def test_a_bookmark_is_the_key_of_the_next_page(simulator):
    """Paging goes on where it stopped and ends with an empty bookmark."""
    first = simulator.next_page(simulator.open_range("k240", "m", page_size=6))
    assert ([key for key, _ in first.rows][-1], first.bookmark, first.more) == (
        "k245",
        "k246",
        False,
    )
    last = simulator.next_page(
        simulator.open_range("k240", "m", page_size=6, bookmark=first.bookmark)
    )
    assert ([key for key, _ in last.rows], last.bookmark) == (
        ["k246", "k247", "k248", "k249"],
        "",
    )


def test_ranges_end_silently_at_the_query_limit(store, monkeypatch):
    """The peer's totalQueryLimit: the bridge counts the rows and knows."""
    monkeypatch.setattr(Simulator, "TOTAL_ROWS", 120)
    simulator = Simulator(store.current, "tx1")
    assert [len(page) for page in walk(simulator, "k", "l")] == [100, 20]
    assert simulator.result().ranges[0].exhausted is False
    simulator.done()


KEYS = st.text(min_size=1, max_size=8)
VERSIONS = st.tuples(st.integers(0, 2**63 - 1), st.integers(0, 2**31 - 1))
SETS = st.builds(
    ReadWriteSet,
    st.lists(st.tuples(KEYS, st.none() | VERSIONS)).map(tuple),
    st.lists(
        st.builds(
            RangeRead, KEYS, KEYS, st.booleans(), st.lists(st.tuples(KEYS, VERSIONS)).map(tuple)
        )
    ).map(tuple),
    st.lists(st.tuples(KEYS, st.none() | st.binary(min_size=1, max_size=8))).map(tuple),
)


@given(SETS)
def test_what_is_signed_can_be_read_back(rw):
    """The encoded read/write set says exactly what was recorded."""
    assert decode("notes", encode("notes", rw)) == rw


def test_a_set_of_another_namespace_is_not_taken():
    """Endorsers of this contract sign nothing about another one's keys."""
    rw = ReadWriteSet(writes=(("a", b"1"),))
    assert decode("notes", encode("lscc", rw)) is None
    assert decode("notes", encode("notes", ReadWriteSet(writes=(("x" * 512, b"1"),)))) is None
    assert decode("notes", encode("lscc", ReadWriteSet())) == ReadWriteSet()
