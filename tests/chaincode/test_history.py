# SPDX-License-Identifier: Apache-2.0
"""A key's history, as the peer tells it: newest first, as many rows as there are."""

import pytest
from tests.chaincode.fake_peer import FakePeer
from tests.chaincode.faults import error, garbage
from tests.chaincode.vault import Vault

from pmcb_chaincode.bridge import ChaincodeMessage, _queries
from pmcb_chaincode.bridge._protos import KeyModification

M = ChaincodeMessage


def history(count):
    """Rows from the newest: a deletion, then values."""
    rows = [
        KeyModification(
            tx_id=f"{number:064x}",
            value=b"" if number == count else str(number).encode(),
            timestamp={"seconds": number, "nanos": 987_000_000},
            is_delete=number == count,
        )
        for number in range(count, 0, -1)
    ]
    return [row.SerializeToString() for row in rows]


@pytest.mark.parametrize("fault", [error, garbage])
@pytest.mark.parametrize(("kind", "nth"), [(M.GET_HISTORY_FOR_KEY, 1), (M.QUERY_STATE_NEXT, 2)])
async def test_broken_history_is_an_error(serve, fault, kind, nth):
    """A peer without a history database, or that loses the query on the way."""
    peer = serve(FakePeer(rows=100), Vault())
    peer.histories["k"] = history(250)
    peer.at(kind, nth, fault)
    assert (await peer.call("history", "k")).code == "PEER_ERROR"


async def test_unreadable_row_is_an_error(serve):
    """A row that is no modification is the peer's failure."""
    peer = serve(FakePeer(), Vault())
    peer.histories["k"] = [b"\xff"]
    assert (await peer.call("history", "k")).code == "PEER_ERROR"


@pytest.mark.parametrize(("limit", "code"), [(250, "PEER_ERROR"), (251, "")])
async def test_history_at_the_peers_limit_is_an_error(serve, monkeypatch, limit, code):
    """The peer ends it there silently, so its beginning is unknown."""
    monkeypatch.setattr(_queries, "QUERY_LIMIT", limit)
    peer = serve(FakePeer(), Vault())
    peer.histories["k"] = history(250)
    assert (await peer.call("history", "k")).code == code


@pytest.mark.parametrize("rows", [100, 1, 3])
async def test_history_comes_as_the_peer_orders_it(serve, rows):
    """Id, value, time in whole milliseconds and deletion of each change, the newest first."""
    peer = serve(FakePeer(rows=rows), Vault())
    peer.histories["k"] = history(3)
    answer = await peer.call("history", "k")
    assert answer.json()["history"] == [
        {"tx": f"{3:064x}", "value": "", "time_ms": 3987, "deleted": True},
        {"tx": f"{2:064x}", "value": "2", "time_ms": 2987, "deleted": False},
        {"tx": f"{1:064x}", "value": "1", "time_ms": 1987, "deleted": False},
    ]
    assert (await peer.call("history", "unknown")).json() == {"history": []}
    assert peer.iterators == {}
    assert peer.calls[M.QUERY_STATE_CLOSE] == 0


@pytest.mark.parametrize(("count", "closed"), [(250, 1), (3, 0), (0, 0)])
async def test_abandoned_history_is_closed(serve, count, closed):
    """Whoever stops reading has the peer's iterator closed before the writes go out."""
    peer = serve(FakePeer(), Vault())
    peer.histories["k"] = history(count)
    answer = await peer.call("last_change", "k")
    newest = f"{count:064x}" if count else ""
    assert answer.json() == {"tx": newest}
    assert answer.writes == ({"last": newest.encode()} if count else {})
    assert peer.calls[M.QUERY_STATE_CLOSE] == closed
    assert peer.iterators == {}
