# SPDX-License-Identifier: Apache-2.0
"""@hyperledger/fabric-gateway before the embedded network."""

import pytest
from tests.interop.jobs import job_of
from tests.network.conftest import person

pytestmark = pytest.mark.interop

A = "HospitalAMSP"


async def test_the_gateway_client_sees_refusals_as_from_fabric(network, run):
    """Error class, status code, message and details of evaluate and of submit."""
    steps = [["evaluate", "get", "absent"], ["submit", "get", "absent"], ["evaluate", "nothing"]]
    asked, sent, unknown = await run("gateway.js", job_of(network, person(network, "alice"), steps))
    said = "chaincode response 404, NOT_FOUND: There is no such note."
    assert asked == {
        "error": "GatewayError",
        "code": 2,
        "message": f"2 UNKNOWN: evaluate call to endorser returned error: {said}",
        "details": [{"mspId": A, "message": said}],
    }
    assert sent == {
        "error": "EndorseError",
        "code": 10,
        "message": "10 ABORTED: failed to endorse transaction, see attached details for more info",
        "details": [{"mspId": A, "message": said}],
    }
    assert unknown["details"][0]["message"].startswith("chaincode response 400, UNKNOWN_FUNCTION: ")
    assert network.height == 1


async def test_the_gateway_client_evaluates_and_submits(network, run):
    """Results of both, an update, a deletion, transient data, an event in the transaction."""
    steps = [
        ["submit", "put", "a", "1"],
        ["evaluate", "get", "a"],
        ["submit", "put_after_reading", "a", "2"],
        ["evaluate", "get", "a"],
        ["submit", "count", "a", "b", "total"],
        ["submit", "tell", "hello"],
        ["submit", "delete", "a"],
        ["transient", "whoami", "4711"],
    ]
    put, first, changed, second, counted, told, deleted, me = (
        answer["result"]
        for answer in await run("gateway.js", job_of(network, person(network, "alice"), steps))
    )
    assert (put, first, second) == ('{"key":"a"}', '{"value":"1"}', '{"value":"2"}')
    assert changed == '{"old":"1","seen":"1"}'
    assert counted == '{"keys":["a"]}'
    assert (told, deleted) == ("", "")
    assert '"transient":{"pin":"4711"}' in me
    assert f'"uid":"{A}/alice"' in me
    assert (network.height, network.verify()) == (6, 6)


async def test_the_gateway_client_is_told_of_a_conflict(network, run):
    """Of two transactions endorsed on one state the second gets code 11."""
    steps = [["conflict", "put_after_reading", "a", "1"]]
    (answer,) = await run("gateway.js", job_of(network, person(network, "alice"), steps))
    assert answer == {"codes": [[0, True], [11, False]]}


async def test_the_gateway_client_follows_events(network, run, tmp_path):
    """Live, replayed from the first block, and resumed from a checkpoint file after the first."""
    checkpoint = {"checkpoint": str(tmp_path / "checkpoint.json"), "values": ["1", "2", "3"]}
    asked = job_of(network, person(network, "alice"), []) | checkpoint
    live, replayed, until, resumed = await run("events.js", asked)
    assert [(event["block"], event["payload"]) for event in live] == [
        (1, '{"value":"1"}'),
        (2, '{"value":"2"}'),
    ]
    assert {(event["chaincode"], event["name"]) for event in live} == {("notes", "Told")}
    assert all(network._store.current.status(event["transaction"]) for event in live)
    assert (replayed, until) == (live, live[:1])
    assert [(event["block"], event["payload"]) for event in resumed] == [
        (2, '{"value":"2"}'),
        (3, '{"value":"3"}'),
    ]
