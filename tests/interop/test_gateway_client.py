# SPDX-License-Identifier: Apache-2.0
"""@hyperledger/fabric-gateway before the embedded network: transactions, errors, signing."""

import pytest
from tests.interop.jobs import conflict, evaluate, job_of, pem, submit
from tests.network.conftest import person
from tests.network.wire import Person

from pmcb_network.embedded._authority import Authority

pytestmark = pytest.mark.interop

A, B = "HospitalAMSP", "HospitalBMSP"
ABORTED, FAILED_PRECONDITION, PERMISSION_DENIED, UNKNOWN = 10, 9, 7, 2
NOT_ENOUGH = (
    "10 ABORTED: failed to collect enough transaction endorsements,"
    " see attached details for more info"
)
NO_SIGNER = "No signing implementation"


@pytest.fixture
def alice(network) -> Person:
    return person(network, "alice")


async def test_refusals_are_seen_as_from_fabric(network, run, alice):
    """Error class, status code, message and details of evaluate and of submit."""
    steps = [evaluate("get", "absent"), submit("get", "absent")]
    asked, sent = await run("gateway.js", job_of(network, alice, steps))
    said = "chaincode response 404, NOT_FOUND: There is no such note."
    assert asked == {
        "error": "GatewayError",
        "code": UNKNOWN,
        "message": f"2 UNKNOWN: evaluate call to endorser returned error: {said}",
        "details": [{"mspId": A, "message": said}],
    }
    assert sent == {
        "error": "EndorseError",
        "code": ABORTED,
        "message": "10 ABORTED: failed to endorse transaction, see attached details for more info",
        "details": [{"mspId": A, "message": said}],
    }
    assert network.height == 1


async def test_wrong_calls_are_told_apart(network, run, alice):
    """Wrong arguments, function and chaincode, for evaluate and for submit."""
    steps = [
        step
        for verb in (evaluate, submit)
        for step in (verb("get"), verb("nothing"), verb("get", "a", chaincode="nonexistent"))
    ]
    answers = await run("gateway.js", job_of(network, alice, steps))
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


@pytest.mark.parametrize("msp", ["OutsiderMSP", B])
async def test_a_signer_of_an_unauthorised_organisation_is_refused(network, run, msp):
    """One that the channel does not know, and one that did not issue the certificate."""
    now_ms = network._clock()
    mallory = Person.issue(Authority.make("ca", "OutsiderMSP", now_ms=now_ms), msp, "mallory")
    steps = [evaluate("get", "a"), submit("put", "a", "1")]
    asked, sent = await run("gateway.js", job_of(network, mallory, steps))
    denied = "error validating proposal: access denied: channel [pmcb] creator org "
    assert asked["code"] == FAILED_PRECONDITION
    assert f"evaluate call to endorser returned error: {denied}" in asked["message"]
    assert sent["code"] == ABORTED
    assert sent["details"][0]["message"].startswith(denied)
    assert network.height == 1


@pytest.mark.parametrize(
    ("sound", "message", "msp"),
    [
        (0, "10 ABORTED: failed to endorse transaction, see attached details for more info", A),
        (1, NOT_ENOUGH, B),
    ],
)
async def test_endorsers_that_fail_are_named(network, run, alice, sound, message, msp):
    """The first of all, or the second after the first has endorsed."""
    (answer,) = await run("gateway.js", job_of(network, alice, [submit("falter", str(sound))]))
    said = "chaincode response 404, NOT_FOUND: This peer refuses to endorse this."
    assert (answer["code"], answer["message"]) == (ABORTED, message)
    assert answer["details"] == [{"mspId": msp, "message": said}]
    assert network.height == 1


async def test_endorsers_that_disagree_are_noticed(network, run, alice):
    """A function that is not deterministic is never ordered, unless one endorser was asked for."""
    steps = [submit("differ", "a"), submit("differ", "a", orgs=[A]), evaluate("differ", "a")]
    both, alone, asked = await run("gateway.js", job_of(network, alice, steps))
    assert (both["error"], both["code"], both["message"]) == ("EndorseError", ABORTED, NOT_ENOUGH)
    assert both["details"] == [{"mspId": B, "message": "ProposalResponsePayloads do not match"}]
    assert alone["code"] == 10  # ENDORSEMENT_POLICY_FAILURE: one of two is no majority
    assert asked == {"result": '{"key":"a"}'}


async def test_results_updates_and_transient_data_come_back(network, run, alice):
    """Results of evaluate and submit, an update, a deletion, transient data of both."""
    pin = {"pin": "4711"}
    steps = [
        submit("put", "a", "1"),
        evaluate("get", "a"),
        submit("put_after_reading", "a", "2"),
        evaluate("get", "a"),
        submit("count", "a", "b", "total"),
        submit("tell", "hello"),
        submit("delete", "a"),
        evaluate("whoami", transient=pin),
        submit("whoami", transient=pin),
        submit("put", "b", "1", orgs=[B, A]),
        {"do": "call", "call": ["put_after_reading", "a", "3"]},
    ]
    *answers, chosen, short = await run("gateway.js", job_of(network, alice, steps))
    put, first, changed, second, counted, told, deleted, asked, sent = (
        answer["result"] for answer in answers
    )
    assert (put, first, second) == ('{"key":"a"}', '{"value":"1"}', '{"value":"2"}')
    assert changed == '{"old":"1","seen":"1"}'
    assert counted == '{"keys":["a"]}'
    assert (told, deleted) == ("", "")
    for me in (asked, sent):
        assert '"transient":{"pin":"4711"}' in me
        assert f'"uid":"{A}/alice"' in me
    assert short == {"evaluated": '{"old":"","seen":""}', "submitted": '{"old":"","seen":""}'}
    assert [answer["code"] for answer in answers if "code" in answer] == [0] * 6
    assert chosen["code"] == 0
    assert network.verify() == network.height == 9


async def test_conflicts_are_told_by_their_code(network, run, alice):
    """Of two endorsed on one state: a key read that changed, a range that a new key fell into."""
    steps = [
        conflict(["put_after_reading", "a", "1"], ["put_after_reading", "a", "2"]),
        conflict(["put", "n5", "1"], ["count", "n", "o", "total"]),
        conflict(["put", "x", "1"], ["put", "x", "2"]),
    ]
    read, walked, blind = await run("gateway.js", job_of(network, alice, steps))
    assert read == {"codes": [[0, True], [11, False]]}
    assert walked == {"codes": [[0, True], [12, False]]}
    assert blind == {"codes": [[0, True], [0, True]]}


async def test_what_is_not_signed_is_not_sent(network, run, alice):
    """Off-line, every one of proposal, transaction and commit request needs its signature."""
    steps = [
        evaluate("get", "a"),
        submit("put", "a", "1"),
        submit("put", "a", "2", sign=["proposal"]),
        submit("put", "a", "3", sign=["proposal", "transaction"]),
    ]
    asked = job_of(network, alice, steps) | {"offline": True}
    answers = await run("gateway.js", asked)
    assert [answer["message"] for answer in answers] == [NO_SIGNER] * 4


async def test_a_foreign_signature_is_refused(network, run, alice):
    """Another member's key under alice's proposal."""
    key = pem(person(network, "bob").key)
    steps = [
        evaluate("get", "a", sign=["proposal"], key=key),
        submit("put", "a", "1", sign=["proposal"], key=key),
    ]
    asked, sent = await run("gateway.js", job_of(network, alice, steps) | {"offline": True})
    denied = f"error validating proposal: access denied: channel [pmcb] creator org [{A}]"
    assert (asked["code"], asked["details"]) == (
        FAILED_PRECONDITION,
        [{"mspId": A, "message": denied}],
    )
    assert (sent["code"], sent["details"]) == (ABORTED, [{"mspId": A, "message": denied}])
    assert network.height == 1


async def test_what_was_signed_off_line_passes(network, run, alice):
    """The same calls with all their signatures made apart from the gateway."""
    every = ["proposal", "transaction", "commit"]
    steps = [
        submit("put", "a", "1", sign=every, transient={"pin": "4711"}),
        evaluate("get", "a", sign=every),
    ]
    sent, asked = await run("gateway.js", job_of(network, alice, steps) | {"offline": True})
    assert (sent["result"], sent["code"], sent["block"]) == ('{"key":"a"}', 0, 1)
    assert asked == {"result": '{"value":"1"}'}
