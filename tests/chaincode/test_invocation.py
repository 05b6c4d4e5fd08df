# SPDX-License-Identifier: Apache-2.0
"""Calling another chaincode: its answer is a message inside the peer's."""

import pytest
from tests.chaincode.fake_peer import FakePeer
from tests.chaincode.faults import error, garbage
from tests.chaincode.vault import Vault

from pmcb_chaincode.bridge import ChaincodeMessage
from pmcb_chaincode.bridge._protos import Response

M = ChaincodeMessage
CALL = ["invoke", "other", '["fn","1"]', ""]


def ended(kind=M.COMPLETED, status=200, message="", payload=b""):
    """How the other chaincode ended, as the peer hands it on."""
    response = Response(status=status, message=message, payload=payload)
    return M(type=kind, payload=response.SerializeToString()).SerializeToString()


@pytest.mark.parametrize(
    ("name", "channel"), [("", ""), ("a:1", ""), ("a/b", ""), ("a", "b/c"), ("a", "b:c"), ("", "c")]
)
async def test_name_that_says_more_is_refused(serve, name, channel):
    """Peers read version and channel out of a name; nobody smuggles them in."""
    peer = serve(FakePeer(), Vault())
    assert (await peer.call("invoke", name, '["fn"]', channel)).code == "INTERNAL"
    assert not peer.calls


@pytest.mark.parametrize("args", [[], (), "fn", b"fn"])
async def test_call_without_a_list_of_arguments_is_refused(serve, args):
    """A text alone would be taken letter by letter."""

    class Letters(Vault):
        async def call(self, function, ctx, texts):
            await ctx.ledger.invoke("other", args)
            raise AssertionError

    peer = serve(FakePeer(), Letters())
    assert (await peer.call("get", "k")).code == "INTERNAL"
    assert not peer.calls


@pytest.mark.parametrize("fault", [error, garbage])
async def test_peer_that_cannot_invoke_is_an_error(serve, fault):
    """No such chaincode, no right to call it, or an answer that nobody can read."""
    peer = serve(FakePeer(), Vault())
    peer.chaincodes["other"] = ended()
    peer.at(M.INVOKE_CHAINCODE, 1, fault)
    answer = await peer.call(*CALL)
    assert (answer.code, answer.writes) == ("PEER_ERROR", {})
    assert (await peer.call("invoke", "unknown", '["fn"]', "")).code == "PEER_ERROR"


@pytest.mark.parametrize(
    "inner",
    [
        ended(M.ERROR, message="secret"),
        ended(M.RESPONSE),
        b"",
        M(type=M.COMPLETED, payload=b"\xff").SerializeToString(),
    ],
    ids=["error", "response", "nothing", "no response"],
)
async def test_chaincode_that_ends_without_an_answer_is_an_error(serve, inner):
    """ERROR from the other chaincode, or anything but an answer, is PEER_ERROR."""
    peer = serve(FakePeer(), Vault())
    peer.chaincodes["other"] = inner
    answer = await peer.call(*CALL)
    assert (answer.code, answer.writes) == ("PEER_ERROR", {})
    assert "secret" not in answer.message


@pytest.mark.parametrize("status", [400, 404, 500])
async def test_refusal_of_the_other_chaincode_is_the_contracts_to_judge(serve, status):
    """It arrives as a response, and the contract that refuses with it writes nothing."""
    peer = serve(FakePeer(), Vault())
    peer.chaincodes["other"] = ended(status=status, message="no")
    answer = await peer.call(*CALL)
    assert answer.message == "NOT_FOUND: The other chaincode refused."
    assert answer.writes == {}


@pytest.mark.parametrize(("channel", "known"), [("", "other"), ("far", "other/far")])
async def test_answer_of_the_other_chaincode_comes_whole(serve, channel, known):
    """Status, message and payload; the request holds name, channel and arguments."""
    peer = serve(FakePeer(), Vault())
    peer.chaincodes[known] = ended(status=201, message="made", payload=b"result")
    answer = await peer.call("invoke", "other", '["fn","1"]', channel)
    assert answer.json() == {"status": 201, "message": "made", "found": True, "value": "result"}
    assert answer.writes == {"invoked": b"other"}
    (spec,) = peer.invoked
    assert spec.chaincode_id.name == known
    assert list(spec.input.args) == [b"fn", b"1"]


async def test_arguments_may_be_bytes(serve):
    """Other chaincodes take what is no text."""

    class Binary(Vault):
        async def call(self, function, ctx, texts):
            answer = await ctx.ledger.invoke("other", ["fn", b"\xff"])
            return answer.payload

    peer = serve(FakePeer(), Binary())
    peer.chaincodes["other"] = ended(payload=b"ok")
    assert (await peer.call("get", "k")).payload == b"ok"
    assert list(peer.invoked[0].input.args) == [b"fn", b"\xff"]
