# SPDX-License-Identifier: Apache-2.0
"""Private data: every call names its collection, and values travel as transient data only."""

import hashlib
import logging

import pytest
from tests.chaincode.fake_peer import FakePeer
from tests.chaincode.faults import error, like, short
from tests.chaincode.vault import Vault

from pmcb_chaincode.bridge import ChaincodeMessage
from pmcb_chaincode.bridge._protos import WriteRecord

M, W = ChaincodeMessage, WriteRecord
SECRET = {"value": b"secret"}


async def test_empty_private_value_is_never_written(serve):
    """As in the public state, it could not be told from an absent one."""
    peer = serve(FakePeer(), Vault())
    assert (await peer.call("put_private", "shared", "k")).code == "INTERNAL"
    assert not peer.calls


async def test_private_range_in_a_transaction_is_refused(serve):
    """A peer refuses to write after it, and only when the work is done: we say so at once."""
    peer = serve(FakePeer(), Vault())
    answer = await peer.call("list_and_write", "shared")
    assert (answer.code, answer.writes) == ("INTERNAL", {})
    assert not peer.calls


@pytest.mark.parametrize("kind", [M.GET_STATE, M.GET_PRIVATE_DATA_HASH, M.GET_STATE_BY_RANGE])
async def test_peer_that_keeps_a_collection_closed_is_an_error(serve, kind):
    """A caller who may not read gets PEER_ERROR, not an absent value."""
    peer = serve(FakePeer(), Vault())
    peer.private["shared", "k"] = b"secret"
    peer.at(kind, 1, error)
    call = {
        M.GET_STATE: ["get_private", "shared", "k"],
        M.GET_PRIVATE_DATA_HASH: ["hash_private", "shared", "k"],
        M.GET_STATE_BY_RANGE: ["list_private", "shared", "", ""],
    }[kind]
    assert (await peer.call(*call)).code == "PEER_ERROR"


@pytest.mark.parametrize("batch", [1000, None])
async def test_private_value_comes_back_from_its_collection_only(serve, batch):
    """Neither the public state nor another collection has it."""
    peer = serve(FakePeer({"k": b"public"}, batch=batch), Vault())
    assert (await peer.call("put_private", "shared", "k", transient=SECRET)).writes == {}
    assert peer.private == {("shared", "k"): b"secret"}
    absent = {"found": False, "value": ""}
    assert (await peer.call("get_private", "shared", "k")).json()["value"] == "secret"
    assert (await peer.call("get_private", "other", "k")).json() == absent
    assert (await peer.call("get", "k")).json()["value"] == "public"
    await peer.call("delete_private", "shared", "k")
    assert (await peer.call("get_private", "shared", "k")).json() == absent
    assert peer.state == {"k": b"public"}


async def test_hash_of_a_private_value_can_be_compared(serve):
    """Whoever knows a value proves it against the hash; an absent key has none."""
    peer = serve(FakePeer(), Vault())
    peer.private["shared", "k"] = b"secret"
    digest = hashlib.sha256(b"secret").hexdigest()
    answer = await peer.call("hash_private", "shared", "k")
    assert answer.json() == {"found": True, "sha256": digest}
    assert (await peer.call("hash_private", "shared", "gone")).json()["found"] is False
    for value, same in ((b"secret", True), (b"guess", False)):
        answer = await peer.call("verify_private", "shared", "k", transient={"value": value})
        assert answer.json() == {"same": same}


@pytest.mark.parametrize("multiple", [1000, 2, 0, None])
async def test_many_private_values_come_in_order(serve, multiple):
    """However many keys the peer takes at a time, each request names the collection."""
    peer = serve(FakePeer({"b": b"public"}, multiple=multiple), Vault())
    peer.private = {("shared", "a"): b"1", ("other", "b"): b"2", ("shared", "c"): b"3"}
    answer = await peer.call("get_many_private", "shared", '["c","b","a"]')
    assert [value["value"] for value in answer.json()["values"]] == ["3", "", "1"]
    sizes = {1000: [3], 2: [2, 1], 0: [3], None: []}[multiple]
    assert peer.sizes[M.GET_STATE_MULTIPLE] == sizes


async def test_missing_private_value_is_an_error_of_the_peer(serve):
    """Values are never matched to keys by guess."""
    peer = serve(FakePeer(), Vault())
    peer.at(M.GET_STATE_MULTIPLE, 1, short)
    answer = await peer.call("get_many_private", "shared", '["a","b"]')
    assert answer.code == "PEER_ERROR"


@pytest.mark.parametrize("rows", [100, 7])
async def test_private_ranges_go_on_while_there_is_more(serve, rows):
    """A query reads a collection's range and its composite keys, and nothing of another."""
    peer = serve(FakePeer({"public": b"1"}, rows=rows), Vault())
    await peer.call("put_many_private", "shared", "250", transient=SECRET)
    peer.private |= {("shared", "a"): b"1", ("shared", "b"): b"1", ("other", "c"): b"1"}
    assert (await peer.call("count_private", "shared")).json() == {"count": 250}
    listed = [
        (await peer.call("list_private", "shared", *edges)).json()["keys"]
        for edges in (("", ""), ("a", "b"), ("b", ""))
    ]
    assert listed == [["a", "b"], ["a"], ["b"]]
    assert peer.iterators == {}


@pytest.mark.parametrize(
    ("batch", "sizes"), [(1000, [1000, 1000, 500]), (3, [3] * 833 + [1]), (None, [])]
)
async def test_private_writes_are_split_like_all_others(serve, batch, sizes):
    """The same batches, the same messages one by one."""
    peer = serve(FakePeer(batch=batch), Vault())
    await peer.call("put_many_private", "shared", "2500", transient=SECRET)
    assert len(peer.private) == 2500
    assert peer.sizes[M.WRITE_BATCH_STATE] == sizes
    assert peer.calls[M.PUT_STATE] == (2500 if batch is None else 0)


@pytest.mark.parametrize("batch", [1000, 2, None])
async def test_writes_of_every_kind_keep_their_order(serve, batch):
    """In batches as one by one, the peer sees them as the contract called them."""
    peer = serve(FakePeer(batch=batch), Vault())
    tx_id = peer.start("everything", "shared")
    await peer.end(tx_id)
    assert [(r.type, r.collection, r.key) for r in peer.records[tx_id]] == [
        (W.PUT_STATE, "", "a"),
        (W.PUT_STATE, "shared", "a"),
        (W.PUT_STATE_METADATA, "", "a"),
        (W.PURGE_PRIVATE_DATA, "shared", "a"),
        (W.DEL_STATE, "", "a"),
        (W.DEL_STATE, "shared", "a"),
        (W.PUT_STATE, "shared", "a"),
    ]
    assert peer.private == {("shared", "a"): b"3"}
    assert peer.sizes[M.WRITE_BATCH_STATE] == {1000: [7], 2: [2, 2, 2, 1], None: []}[batch]
    kinds = [M.PUT_STATE, M.DEL_STATE, M.PURGE_PRIVATE_DATA, M.PUT_STATE_METADATA]
    assert [peer.calls[kind] for kind in kinds] == ([3, 2, 1, 1] if batch is None else [0] * 4)


async def test_transient_data_reach_the_contract_and_no_message(serve):
    """The contract reads them; unless it writes them, nothing that it sends holds them."""
    heard = []

    class Listening(FakePeer):
        def receive(self, message):
            heard.append(message.SerializeToString())
            super().receive(message)

    peer, mark = serve(Listening(), Vault()), b"marker5f1e"
    answer = await peer.call("hash_transient", transient={"b": mark, "a": b""})
    digests = [hashlib.sha256(value).hexdigest() for value in (b"", mark)]
    assert answer.json() == {"hashes": [["a", digests[0]], ["b", digests[1]]]}
    await peer.call("verify_private", "shared", "k", transient={"value": mark})
    assert len(heard) == 4
    assert not [message for message in heard if mark in message]
    await peer.call("put_private", "shared", "k", transient={"value": mark})
    assert len([message for message in heard if mark in message]) == 1


async def test_marker_reaches_no_log(serve, caplog):
    """Neither values nor names of collections, keys and chaincodes, nor a peer's words."""
    caplog.set_level(logging.DEBUG)
    mark = "marker5f1e"
    said = f"{mark} is what the peer says".encode()
    peer = serve(FakePeer(), Vault())
    peer.chaincodes[mark] = said
    peer.private[mark, mark] = mark.encode()
    for kind in (M.GET_HISTORY_FOR_KEY, M.GET_STATE_METADATA, M.GET_PRIVATE_DATA_HASH):
        peer.at(kind, 1, lambda reply: [like(reply, M.ERROR, said)])
    calls = [
        ["put_private", mark, mark],
        ["get_private", mark, mark],
        ["hash_private", mark, mark],
        ["purge_private", "", mark],
        ["list_and_write", mark],
        ["history", mark],
        ["get_policy", mark],
        ["set_policy", mark, f'["{mark}"]'],
        ["invoke", mark, f'["{mark}"]', ""],
        ["invoke", mark, f'["{mark}"]', "a/b"],
    ]
    answers = [await peer.call(*call, transient={"value": mark.encode()}) for call in calls]
    assert [answer.status for answer in answers].count(200) == 3
    assert not [answer for answer in answers if mark in answer.message]
    lines = [record.getMessage() + str(record.args) for record in caplog.get_records("call")]
    assert len(lines) > len(calls)
    assert not [line for line in lines if mark in line]
