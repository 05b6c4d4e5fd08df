# SPDX-License-Identifier: Apache-2.0
"""@hyperledger/fabric-gateway before the embedded network: chaincode events."""

import pytest
from tests.interop.jobs import close, evaluate, job_of, listen, pem, submit, take
from tests.network.conftest import person
from tests.network.wire import Person

pytestmark = pytest.mark.interop

PERMISSION_DENIED = 7


@pytest.fixture
def alice(network) -> Person:
    return person(network, "alice")


def tell(value: str):
    return submit("tell", value)


def payloads(events) -> list[str]:
    return [event["payload"] for event in events]


def told(*values: str) -> list[str]:
    return [f'{{"value":"{value}"}}' for value in values]


async def test_a_foreign_signature_opens_no_stream(network, run, alice):
    """Another member's key under alice's request; unsigned, it is not even sent."""
    key = pem(person(network, "bob").key)
    steps = [listen("none"), listen("foreign", sign=["chaincode"], key=key), take("foreign")]
    none, _, foreign = await run("gateway.js", job_of(network, alice, steps) | {"offline": True})
    assert none["message"] == "No signing implementation"
    assert foreign["code"] == PERMISSION_DENIED


async def test_a_request_signed_off_line_opens_a_stream(network, run, alice):
    """From the first block on, with what was signed apart from the gateway."""
    every = ["proposal", "transaction", "commit", "chaincode"]
    steps = [
        submit("tell", "1", sign=every),
        listen("one", start=0, sign=every),
        take("one"),
    ]
    *_, events = await run("gateway.js", job_of(network, alice, steps) | {"offline": True})
    assert payloads(events) == told("1")


async def test_events_are_received_and_replayed(network, run, alice):
    """Live, and later from the first block, from the last block and from a block to come."""
    steps = [
        listen("live"),
        tell("1"),
        tell("2"),
        take("live", 2),
        listen("all", start=0),
        take("all", 2),
        listen("last", start=2),
        take("last"),
        listen("later", start=4),
        tell("3"),
        tell("4"),
        take("later"),
    ]
    answers = await run("gateway.js", job_of(network, alice, steps))
    sent = [answers[1], answers[2]]
    live = answers[3]
    assert live == [
        {
            "block": answer["block"],
            "id": answer["id"],
            "chaincode": "notes",
            "name": "Told",
            "payload": payload,
        }
        for answer, payload in zip(sent, told("1", "2"), strict=True)
    ]
    assert (answers[5], answers[7]) == (live, live[1:])
    assert payloads(answers[-1]) == told("4")


async def test_nothing_is_told_of_what_does_not_stand(network, run, alice):
    """Neither evaluated nor refused nor in conflict: only what is valid raises events."""
    steps = [
        listen("live"),
        evaluate("tell", "asked"),
        {"do": "conflict", "calls": [["tell_once", "first"], ["tell_once", "second"]]},
        submit("tell_once", "third"),
        tell("last"),
        take("live", 2),
    ]
    answers = await run("gateway.js", job_of(network, alice, steps))
    assert answers[2] == {"codes": [[0, True], [11, False]]}
    assert answers[3]["error"] == "EndorseError"
    assert payloads(answers[-1]) == told("first", "last")


async def test_a_closed_stream_is_opened_again(network, run, alice):
    """The new one begins with the next block, as the first did."""
    steps = [
        *(listen("one"), tell("1"), take("one"), close("one")),
        tell("between"),
        *(listen("one"), tell("2"), take("one"), close("one")),
    ]
    answers = await run("gateway.js", job_of(network, alice, steps))
    assert payloads(answers[2]) == told("1")
    assert payloads(answers[7]) == told("2")


async def test_closing_one_stream_leaves_the_other(network, run, alice):
    """Both receive; then the one that is left goes on without a gap."""
    steps = [
        *(listen("one"), listen("two"), tell("before"), take("one"), take("two"), close("one")),
        *(tell("after"), take("two")),
    ]
    answers = await run("gateway.js", job_of(network, alice, steps))
    assert payloads(answers[3]) == payloads(answers[4]) == told("before")
    assert payloads(answers[-1]) == told("after")


@pytest.mark.parametrize("kind", ["memory", "file"])
async def test_a_checkpoint_goes_on_behind_what_was_taken(network, run, alice, tmp_path, kind):
    """Neither told twice nor missed, though a block may hold more behind the event taken."""
    where = "memory one" if kind == "memory" else str(tmp_path / "checkpoint.json")
    steps = [
        *(listen("one", checkpoint=where), tell("1"), tell("2"), take("one"), close("one")),
        tell("3"),
        *(listen("one", checkpoint=where), take("one", 2), close("one")),
        *(tell("4"), listen("again", start=0, checkpoint=where), take("again")),
    ]
    answers = await run("gateway.js", job_of(network, alice, steps))
    assert payloads(answers[3]) == told("1")
    assert payloads(answers[7]) == told("2", "3")
    assert payloads(answers[-1]) == told("4")
