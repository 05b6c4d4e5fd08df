# SPDX-License-Identifier: Apache-2.0
"""The history of a key, from the blocks of the ledger to the contract that asks."""

import json

import pytest
from fabric_protos.ledger.queryresult.kv_query_result_pb2 import KeyModification
from fabric_protos.peer import chaincode_shim_pb2
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.network.conftest import person
from tests.network.contracts import Notes
from tests.network.shim import Shim
from tests.network.wire import Wire, connect, propose

from pmcb_network.embedded import EmbeddedNetwork
from pmcb_network.embedded._blocks import build, genesis, last_block, note, verify
from pmcb_network.embedded._rwset import ReadWriteSet, encode
from pmcb_network.embedded._simulator import Simulator, Unsupported
from pmcb_network.embedded._state import Store
from pmcb_network.embedded._validator import Ordered, validate

S = chaincode_shim_pb2
M = S.ChaincodeMessage
CONFLICT = 11


def write_block(store, *messages: tuple[dict[str, bytes], int], now_ms: int = 0) -> None:
    """A block of notes: what each writes, and the code that it came with."""
    ordered = []
    for writes, code in messages:
        rw = ReadWriteSet(writes=tuple((key, data or None) for key, data in writes.items()))
        ordered.append(Ordered(note("pmcb", encode("notes", rw), now_ms), "", code, rw))
    outcome = validate(ordered, store.current, store.height)
    store.commit(build(last_block(store.current), ordered, outcome)[1])
    store.refresh()


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "ledger")
    made.commit(genesis("pmcb", 0)[1])
    made.refresh()
    yield made
    made.close()


def pages(snapshot, key):
    """All pages of the key's history, as a contract would fetch them."""
    simulator = Simulator(snapshot, "tx")
    name = simulator.open_history("notes", key)
    found = [simulator.next_page(name)]
    while found[-1].more:
        found.append(simulator.next_page(name))
    with pytest.raises(Unsupported, match="query iterator not found"):
        simulator.next_page(name)
    assert simulator.result() == ReadWriteSet()  # a history is no read
    simulator.done()
    return [list(page.rows) for page in found]


def history(snapshot, key):
    return [row.value for page in pages(snapshot, key) for row in page]


def test_what_was_not_valid_left_no_history(store):
    """Only valid transactions made the key what it is."""
    write_block(store, ({"a": b"1"}, 0), ({"a": b"2"}, CONFLICT), ({"a": b"3"}, 0))
    assert history(store.current, "a") == [b"3", b"1"]
    assert verify(store.current, "notes") == store.height


@pytest.mark.parametrize("key", ["b", "", "x" * 512])
def test_a_key_that_was_never_written_has_none(store, key):
    """One empty answer, also for a key that the ledger could not hold."""
    write_block(store, ({"a": b"1"}, 0))
    assert pages(store.current, key) == [[]]


def test_a_deletion_is_a_part_of_the_history(store):
    """Flagged, with an empty value and its own time; what came before stays."""
    for now_ms, value in ((1000, b"1"), (2000, b""), (3000, b"3")):
        write_block(store, ({"a": value}, 0), now_ms=now_ms)
    (rows,) = pages(store.current, "a")
    assert [(row.value, row.deleted, row.timestamp.ToMilliseconds()) for row in rows] == [
        (b"3", False, 3000),
        (b"", True, 2000),
        (b"1", False, 1000),
    ]


@pytest.mark.parametrize("count", [1, 99, 100, 101, 200, 201])
def test_no_page_of_a_history_is_empty(store, count):
    """A hundred rows each, newest first; another page is promised only if a row was seen in it."""
    write_block(store, *(({"a": b"%d" % number}, 0) for number in range(count)))
    found = pages(store.current, "a")
    assert [row.value for page in found for row in page] == [
        b"%d" % number for number in reversed(range(count))
    ]
    assert all(len(page) == 100 for page in found[:-1])
    assert 0 < len(found[-1]) <= 100


def test_an_older_height_has_an_older_history(store):
    """A reader's history ends where its state does."""
    write_block(store, ({"a": b"1"}, 0))
    old = store.current.acquire()
    write_block(store, ({"a": b"2"}, 0))
    assert (history(old, "a"), history(store.current, "a")) == ([b"1"], [b"2", b"1"])
    old.release()


def test_a_history_ends_silently_at_the_query_limit(store, monkeypatch):
    """The peer's totalQueryLimit: the bridge counts the rows and knows."""
    monkeypatch.setattr(Simulator, "TOTAL_ROWS", 150)
    write_block(store, *(({"a": b"%d" % number}, 0) for number in range(160)))
    simulator = Simulator(store.current, "tx")
    name = simulator.open_history("notes", "a")
    found = [simulator.next_page(name), simulator.next_page(name)]
    assert [(len(page.rows), page.more) for page in found] == [(100, True), (50, False)]
    simulator.done()


_BLOCKS = st.lists(
    st.lists(
        st.dictionaries(st.sampled_from("abc"), st.sampled_from([b"", b"1", b"2"]), min_size=1),
        min_size=1,
        max_size=4,
    ),
    max_size=6,
)


@settings(max_examples=30)
@given(blocks=_BLOCKS, page_rows=st.integers(1, 3))
def test_a_history_is_what_was_written_backwards(tmp_path_factory, blocks, page_rows):
    """Against a list per key, whatever the page size; the newest entry is the state."""
    store = Store(tmp_path_factory.mktemp("ledger"))
    store.commit(genesis("pmcb", 0)[1])
    store.refresh()
    expected: dict[str, list[bytes]] = {key: [] for key in "abc"}
    for block in blocks:
        write_block(store, *((writes, 0) for writes in block))
        for writes in block:
            for key, value in writes.items():
                expected[key].insert(0, value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Simulator, "PAGE_ROWS", page_rows)
        for key, values in expected.items():
            assert history(store.current, key) == values
            now = store.current.get(key)
            assert (now.data if now else b"") == (values[0] if values else b"")
    assert verify(store.current, "notes") == store.height
    store.close()


async def test_a_shim_fetches_a_history_page_by_page(store):
    """GET_HISTORY_FOR_KEY, then QUERY_STATE_NEXT while there is more; QUERY_STATE_CLOSE too."""
    write_block(store, *(({"a": b"%d" % number}, 0) for number in range(150)), now_ms=7)
    shim = Shim(store)
    shim.register()
    task = await shim.begin()
    answer = shim.ask(M.GET_HISTORY_FOR_KEY, S.GetHistoryForKey(key="a"))
    first = S.QueryResponse.FromString(answer.payload)
    answer = shim.ask(M.QUERY_STATE_NEXT, S.QueryStateNext(id=first.id))
    rest = S.QueryResponse.FromString(answer.payload)
    assert ((len(first.results), first.has_more), (len(rest.results), rest.has_more)) == (
        (100, True),
        (50, False),
    )
    newest = KeyModification.FromString(first.results[0].resultBytes)
    assert (newest.value, newest.is_delete, newest.timestamp.ToMilliseconds()) == (b"149", False, 7)
    answer = shim.ask(M.QUERY_STATE_NEXT, S.QueryStateNext(id=first.id))
    assert (answer.type, answer.payload) == (M.ERROR, b"query iterator not found")
    answer = shim.ask(M.QUERY_STATE_CLOSE, S.QueryStateClose(id=first.id))
    assert answer.type == M.RESPONSE
    shim.simulator.done()
    shim.peer.close()
    with pytest.raises(Exception, match="stream terminated"):
        await task


async def test_a_contract_reads_the_history_of_a_key(tmp_path):
    """Transaction ids and the clients' times; both organisations agree, also after a restart."""
    folder = tmp_path / "network"
    async with EmbeddedNetwork(folder, contract=Notes()) as network, connect(network) as channel:
        alice, wire = person(network, "alice"), Wire(channel)
        await network.seed({"a": b"seeded"})
        made = []
        for args in (("put", "a", "1"), ("delete", "a"), ("put", "a", "2")):
            signed, tx_id = propose(alice, *args)
            await wire.submit(alice, await wire.endorse(signed))
            assert (await wire.status(alice, tx_id)).result == 0
            made.append((tx_id, args[2] if len(args) > 2 else ""))
        assert await wire.run(alice, "keep_history", "a", "kept") == 0
        assert network.verify() == network.height
    async with EmbeddedNetwork(folder, contract=Notes()) as network, connect(network) as channel:
        alice, wire = person(network, "alice"), Wire(channel)
        answer = await wire.evaluate(propose(alice, "history", "a")[0])
        told = json.loads(answer.payload)["history"]
        assert [(row["tx"], row["value"]) for row in told] == [*reversed(made), ("", "seeded")]
        assert [row["deleted"] for row in told] == [False, True, False, False]
        times = [row["time"] for row in told]
        assert times == sorted(times, reverse=True)
        assert times[0] > 1_700_000_000_000
