# SPDX-License-Identifier: Apache-2.0
"""Ledger calls: in batches or one by one, ranges and pages."""

import asyncio

import pytest
from tests.chaincode.fake_peer import FakePeer, connect
from tests.chaincode.faults import endless, error, short
from tests.chaincode.notes import Notes

from pmcb_chaincode.bridge import ChaincodeMessage, _queries

M = ChaincodeMessage
ROWS = {f"k{number:05}": str(number).encode() for number in range(250)}


@pytest.mark.parametrize("call", [["read", ""], ["read_many", '["a",""]']])
async def test_empty_key_is_never_read(serve, call):
    """It would reach the peer as another call."""
    peer = serve(FakePeer())
    assert (await peer.call(*call)).code == "INTERNAL"
    assert not peer.calls


@pytest.mark.parametrize(("key", "value"), [("", "v"), ("k", ""), ("", "")])
async def test_empty_key_or_value_is_never_written(serve, key, value):
    """An empty value could not be told from an absent one."""
    peer = serve(FakePeer())
    assert (await peer.call("write_badly", key, value)).code == "INTERNAL"
    assert not peer.calls


@pytest.mark.parametrize("multiple", [1000, 0, 3, 1, None])
async def test_many_values_come_in_order(serve, multiple):
    """Whatever the peer offers, values come in the order of their keys, absent ones as None."""
    peer = serve(FakePeer(ROWS, multiple=multiple))
    keys = ["k00007", "absent", "k00003", "k00007", "k00001", "k00002", "gone"]
    listed = '["' + '","'.join(keys) + '"]'
    answer = await peer.call("read_many", listed)
    assert answer.json() == {"values": ["7", "-", "3", "7", "1", "2", "-"]}
    assert (await peer.call("read_many", "[]")).json() == {"values": []}
    sizes = {1000: [7], 0: [7], 3: [3, 3, 1], 1: [1] * 7, None: []}[multiple]
    assert peer.sizes[M.GET_STATE_MULTIPLE] == sizes
    assert peer.calls[M.GET_STATE] == (7 if multiple is None else 0)


@pytest.mark.parametrize("multiple", [3, 1000])
async def test_missing_value_is_an_error_of_the_peer(serve, multiple):
    """Values are never matched to keys by guess."""
    peer = serve(FakePeer(ROWS, multiple=multiple))
    peer.at(M.GET_STATE_MULTIPLE, 1, short)
    answer = await peer.call("read_many", '["k00001","k00002","k00003","k00004"]')
    assert answer.code == "PEER_ERROR"


@pytest.mark.parametrize(
    ("batch", "sizes"), [(1000, [1000, 1000, 500]), (0, [2500]), (1, [1] * 2500), (None, [])]
)
async def test_writes_are_split_as_the_peer_announced(serve, batch, sizes):
    """The peer does not enforce its limit, so the bridge keeps it."""
    peer = serve(FakePeer(batch=batch))
    answer = await peer.call("fill", "2500")
    assert answer.status == 200
    assert len(peer.state) == 2500
    assert peer.sizes[M.WRITE_BATCH_STATE] == sizes
    assert peer.calls[M.PUT_STATE] == (2500 if batch is None else 0)


@pytest.mark.parametrize("batch", [1000, 0, None])
async def test_transaction_without_writes_sends_none(serve, batch):
    """Nothing to flush is no message."""
    peer = serve(FakePeer(batch=batch))
    assert (await peer.call("fill", "0")).status == 200
    assert not peer.calls


@pytest.mark.parametrize("batch", [1000, 1, None])
async def test_writes_keep_their_order(serve, batch):
    """Of two writes to a key the later one stands, also when it deletes."""

    class Twice(Notes):
        async def call(self, function, ctx, texts):
            ctx.ledger.put("a", b"1")
            ctx.ledger.put("a", b"2")
            ctx.ledger.put("b", b"1")
            ctx.ledger.delete("b")
            ctx.ledger.delete("c")
            ctx.ledger.put("c", b"1")
            return b""

    peer = FakePeer({"b": b"0"}, batch=batch)
    session = connect(peer, Twice())
    await peer.call("fill", "0")
    assert peer.state == {"a": b"2", "c": b"1"}
    await session.close()


@pytest.mark.parametrize(
    ("batch", "kind", "nth"),
    [(1000, M.WRITE_BATCH_STATE, 2), (None, M.PUT_STATE, 3)],
)
async def test_failed_flush_is_answered_500(serve, batch, kind, nth):
    """When a write fails, nothing is endorsed and no further write is sent."""
    peer = serve(FakePeer(batch=batch))
    peer.at(kind, nth, error)
    answer = await peer.call("fill", "2500")
    assert (answer.status, answer.code, answer.payload) == (500, "PEER_ERROR", b"")
    assert peer.calls[kind] == nth
    assert peer.state == {}


async def test_reads_do_not_see_own_writes(serve):
    """A read gives what was committed before the transaction."""

    class Own(Notes):
        async def call(self, function, ctx, texts):
            ctx.ledger.put("k", b"new")
            return await ctx.ledger.get("k") or b"absent"

    peer = FakePeer({"k": b"old"})
    session = connect(peer, Own())
    assert (await peer.call("fill", "0")).payload == b"old"
    assert peer.state == {"k": b"new"}
    await session.close()


@pytest.mark.parametrize("rows", [100, 1, 249, 250, 251])
async def test_range_goes_on_while_there_is_more(serve, rows):
    """All rows come, in order, however many the peer sends at a time."""
    peer = serve(FakePeer(ROWS, rows=rows))
    answer = await peer.call("list_range", "", "")
    assert answer.json()["keys"] == sorted(ROWS)
    assert peer.calls[M.QUERY_STATE_NEXT] == -(-250 // rows) - 1
    assert peer.calls[M.QUERY_STATE_CLOSE] == 0
    assert peer.iterators == {}


async def test_range_ends_before_its_end(serve):
    """The start is inclusive, the end exclusive, and an open start leaves composite keys out."""
    peer = serve(FakePeer({**ROWS, "\x00NOTE\x00a\x00": b"n"}))
    answer = await peer.call("list_range", "k00010", "k00013")
    assert answer.json()["keys"] == ["k00010", "k00011", "k00012"]
    assert len((await peer.call("list_range", "", "")).json()["keys"]) == 250
    assert (await peer.call("list_range", "x", "")).json()["keys"] == []


@pytest.mark.parametrize(("count", "closed"), [(250, 1), (3, 0), (0, 0)])
async def test_abandoned_range_is_closed(serve, count, closed):
    """Whoever stops reading has the peer's iterator closed before the writes go out."""
    peer = serve(FakePeer(dict(list(ROWS.items())[:count])))
    answer = await peer.call("first_of")
    assert answer.json() == {"key": "k00000" if count else ""}
    assert peer.calls[M.QUERY_STATE_CLOSE] == closed
    assert peer.iterators == {}
    assert answer.writes == ({"first": b"k00000"} if count else {})


@pytest.mark.parametrize(("limit", "code"), [(250, "PEER_ERROR"), (251, "")])
async def test_range_at_the_peers_limit_is_an_error(serve, monkeypatch, limit, code):
    """A peer ends a range there silently, so what came cannot be relied on."""
    monkeypatch.setattr(_queries, "QUERY_LIMIT", limit)
    peer = serve(FakePeer(ROWS))
    answer = await peer.call("list_range", "", "")
    assert answer.code == code


@pytest.mark.parametrize("kind", [M.GET_STATE_BY_RANGE, M.QUERY_STATE_NEXT])
async def test_range_that_promises_rows_and_sends_none_is_an_error(serve, kind):
    """It would be asked for without end."""
    peer = serve(FakePeer(ROWS))
    peer.at(kind, 1, endless)
    assert (await peer.call("list_range", "", "")).code == "PEER_ERROR"


async def test_page_size_zero_is_refused(serve):
    """For a peer it means that nothing is paged."""
    peer = serve(FakePeer(ROWS))
    assert (await peer.call("list_page", "0", "")).code == "INTERNAL"
    assert not peer.calls


async def test_pages_follow_each_other(serve):
    """A bookmark is the key at which the next page starts, empty at the end."""
    peer = serve(FakePeer({**ROWS, "\x00NOTE\x00a\x00": b"n"}))
    keys, bookmark, sizes = [], "", []
    while True:
        page = (await peer.call("list_page", "120", bookmark)).json()
        keys += page["keys"]
        sizes.append(page["count"])
        bookmark = page["bookmark"]
        if not bookmark:
            break
    assert keys == sorted(ROWS)
    assert sizes == [120, 120, 10]


async def test_ranges_of_one_transaction_do_not_mix(serve):
    """Two ranges read in turns each get their own rows."""

    class Zip(Notes):
        async def call(self, function, ctx, texts):
            left, right = ctx.ledger.range("k00000", "k00050"), ctx.ledger.range("k00100", "k00150")
            pairs = [(await anext(left), await anext(right)) for _ in range(40)]
            await asyncio.sleep(0)
            return ",".join(f"{a.key}{b.key}" for a, b in pairs).encode()

    peer = FakePeer(ROWS, rows=7)
    session = connect(peer, Zip())
    answer = await peer.call("fill", "0")
    expected = ",".join(f"k{number:05}k{number + 100:05}" for number in range(40))
    assert answer.payload.decode() == expected
    assert peer.iterators == {}
    assert peer.calls[M.QUERY_STATE_CLOSE] == 2
    await session.close()
