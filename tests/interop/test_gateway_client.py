# SPDX-License-Identifier: Apache-2.0
"""@hyperledger/fabric-gateway before either network: transactions, errors, signing."""

import json
import time

import pytest
from tests.interop.jobs import conflict, evaluate, job_by, pem, submit
from tests.network.wire import Person as Stranger
from tests.scenarios.world import ORG_A, ORG_B, Person, World, new_id

from pmcb_network.embedded._authority import Authority

pytestmark = [pytest.mark.interop, pytest.mark.anyio]

ABORTED, FAILED_PRECONDITION, UNKNOWN = 10, 9, 2
REFUSED = "chaincode response 404, NOT_FOUND: This peer refuses to endorse this."
FAILED = "10 ABORTED: failed to endorse transaction, see attached details for more info"
NOT_ENOUGH = (
    "10 ABORTED: failed to collect enough transaction endorsements,"
    " see attached details for more info"
)
NO_SIGNER = "No signing implementation"
VALUE = '{"found":true,"value":"%s"}'


@pytest.fixture
async def alice(either: World) -> Person:
    return await either.person("alice")


async def test_refusals_are_seen_as_from_fabric(alice, run):
    """Error class, status code, message and details of evaluate and of submit."""
    call = ["falter", json.dumps([ORG_A, ORG_B])]
    asked, sent = await run("gateway.js", job_by(alice, [evaluate(*call), submit(*call)]))
    assert asked == {
        "error": "GatewayError",
        "code": UNKNOWN,
        "message": f"2 UNKNOWN: evaluate call to endorser returned error: {REFUSED}",
        "details": [{"mspId": ORG_A, "message": REFUSED}],
    }
    assert sent == {
        "error": "EndorseError",
        "code": ABORTED,
        "message": FAILED,
        "details": [{"mspId": ORG_A, "message": REFUSED}],
    }


async def test_wrong_calls_are_told_apart(alice, run):
    """Wrong arguments, function and chaincode, for evaluate and for submit."""
    steps = [
        step
        for verb in (evaluate, submit)
        for step in (verb("get"), verb("nothing"), verb("get", "a", chaincode="nonexistent"))
    ]
    answers = await run("gateway.js", job_by(alice, steps))
    assert [answer["code"] for answer in answers] == [
        *(UNKNOWN, UNKNOWN, FAILED_PRECONDITION),
        *(ABORTED, ABORTED, FAILED_PRECONDITION),
    ]
    for arguments, function, _ in (answers[:3], answers[3:]):
        assert arguments["details"][0]["message"].startswith(
            "chaincode response 400, BAD_ARGUMENT: "
        )
        assert function["details"][0]["message"].startswith(
            "chaincode response 400, UNKNOWN_FUNCTION: "
        )
    assert answers[2]["message"] == (
        "9 FAILED_PRECONDITION: no peers available to evaluate chaincode nonexistent"
        " in channel pmcb"
    )
    assert answers[5]["message"] == (
        "9 FAILED_PRECONDITION: no combination of peers can be derived which satisfy the"
        " endorsement policy: No metadata was found for chaincode nonexistent in channel pmcb"
    )


@pytest.mark.parametrize("msp", ["OutsiderMSP", ORG_B])
async def test_a_signer_of_an_unauthorised_organisation_is_refused(alice, run, msp):
    """One that the channel does not know, and one that did not issue the certificate."""
    authority = Authority.make("ca", "OutsiderMSP", now_ms=time.time_ns() // 1_000_000)
    mallory = Stranger.issue(authority, msp, "mallory")
    theirs = {"msp": msp, "certificate": mallory.certificate.decode(), "key": pem(mallory.key)}
    steps = [evaluate("get", "a"), submit("put", "a", "1")]
    asked, sent = await run("gateway.js", job_by(alice, steps) | theirs)
    denied = "error validating proposal: access denied: channel [pmcb] creator org "
    assert asked["code"] == FAILED_PRECONDITION
    assert f"evaluate call to endorser returned error: {denied}" in asked["message"]
    assert sent["code"] == ABORTED
    assert sent["details"][0]["message"].startswith(denied)


@pytest.mark.parametrize(("msp", "message"), [(ORG_A, FAILED), (ORG_B, NOT_ENOUGH)])
async def test_endorsers_that_fail_are_named(alice, run, msp, message):
    """The first of all, or the second after the first has endorsed."""
    steps = [submit("falter", json.dumps([msp]))]
    (answer,) = await run("gateway.js", job_by(alice, steps))
    assert (answer["code"], answer["message"]) == (ABORTED, message)
    assert answer["details"] == [{"mspId": msp, "message": REFUSED}]


async def test_endorsers_that_disagree_are_noticed(alice, run):
    """A function that is not deterministic is never ordered, unless one endorser was asked for."""
    key = new_id()
    steps = [submit("differ", key), submit("differ", key, orgs=[ORG_A]), evaluate("differ", key)]
    both, alone, asked = await run("gateway.js", job_by(alice, steps))
    assert (both["error"], both["code"], both["message"]) == ("EndorseError", ABORTED, NOT_ENOUGH)
    assert both["details"] == [{"mspId": ORG_B, "message": "ProposalResponsePayloads do not match"}]
    assert alone["code"] == 10  # ENDORSEMENT_POLICY_FAILURE: one of two is no majority
    assert asked == {"result": f'{{"key":"{key}"}}'}


async def test_results_updates_and_transient_data_come_back(alice, run):
    """Results of evaluate and submit, an update, a deletion, transient data of both."""
    key, pin = new_id(), {"pin": "4711"}
    steps = [
        submit("put", key, "1"),
        evaluate("get", key),
        submit("change", key, "2"),
        evaluate("get", key),
        submit("walk", key, f"{key}9"),
        submit("delete", key),
        evaluate("hash_transient", transient=pin),
        submit("hash_transient", transient=pin),
        submit("put", key, "1", orgs=[ORG_B, ORG_A]),
        {"do": "call", "call": ["change", key, "3"]},
    ]
    *answers, chosen, short = await run("gateway.js", job_by(alice, steps))
    put, first, changed, second, walked, deleted, asked, sent = (
        answer["result"] for answer in answers
    )
    assert (put, first, second, deleted) == ("", VALUE % "1", VALUE % "2", "")
    assert changed == '{"old":"1"}'
    assert walked == f'{{"keys":["{key}"]}}'
    assert '"hashes":[["pin","' in asked
    assert asked == sent
    assert short == {"evaluated": '{"old":"1"}', "submitted": '{"old":"1"}'}
    assert [answer["code"] for answer in answers if "code" in answer] == [0] * 5
    assert chosen["code"] == 0


async def test_conflicts_are_told_by_their_code(alice, run):
    """Of two endorsed on one state: a key read that changed, a range that a new key fell into."""
    key = new_id()
    steps = [
        conflict(["change", key, "1"], ["change", key, "2"]),
        conflict(["put", f"{key}5", "1"], ["walk", f"{key}1", f"{key}9"]),
        conflict(["put", key, "1"], ["put", key, "2"]),
    ]
    read, walked, blind = await run("gateway.js", job_by(alice, steps))
    assert read == {"codes": [[0, True], [11, False]]}
    assert walked == {"codes": [[0, True], [12, False]]}
    assert blind == {"codes": [[0, True], [0, True]]}


async def test_what_is_not_signed_is_not_sent(alice, run):
    """Off-line, every one of proposal, transaction and commit request needs its signature."""
    key = new_id()
    steps = [
        evaluate("get", key),
        submit("put", key, "1"),
        submit("put", key, "2", sign=["proposal"]),
        submit("put", key, "3", sign=["proposal", "transaction"]),
    ]
    answers = await run("gateway.js", job_by(alice, steps) | {"offline": True})
    assert [answer["message"] for answer in answers] == [NO_SIGNER] * 4


async def test_a_foreign_signature_is_refused(alice, either, run):
    """Another member's key under alice's proposal."""
    key = job_by(await either.person("bob"), [])["key"]
    steps = [
        evaluate("get", "a", sign=["proposal"], key=key),
        submit("put", "a", "1", sign=["proposal"], key=key),
    ]
    asked, sent = await run("gateway.js", job_by(alice, steps) | {"offline": True})
    denied = f"error validating proposal: access denied: channel [pmcb] creator org [{ORG_A}]"
    assert (asked["code"], asked["details"]) == (
        FAILED_PRECONDITION,
        [{"mspId": ORG_A, "message": denied}],
    )
    assert (sent["code"], sent["details"]) == (ABORTED, [{"mspId": ORG_A, "message": denied}])


async def test_what_was_signed_off_line_passes(alice, run):
    """The same calls with all their signatures made apart from the gateway."""
    every, key = ["proposal", "transaction", "commit"], new_id()
    steps = [
        submit("put", key, "1", sign=every, transient={"pin": "4711"}),
        evaluate("get", key, sign=every),
    ]
    sent, asked = await run("gateway.js", job_by(alice, steps) | {"offline": True})
    assert (sent["result"], sent["code"]) == ("", 0)
    assert asked == {"result": VALUE % "1"}
