# SPDX-License-Identifier: Apache-2.0
"""@hyperledger/fabric-gateway with PMCB's own contract: the same answers from both networks."""

import json

import pytest
from tests.interop.jobs import Step, close, conflict, evaluate, job_by, listen, submit, take
from tests.scenarios.world import ORG_A, ORG_B, Person, World

pytestmark = [pytest.mark.interop, pytest.mark.anyio]

EVERY = ["proposal", "transaction", "commit", "chaincode", "blocks", "filtered", "private"]


@pytest.fixture
async def authority(world: World) -> Person:
    return await world.person("judge", "authority")


@pytest.fixture
def suspensions(world: World, request):
    """Calls that each write a key of their own and raise an event."""
    story = request.node.originalname.removeprefix("test_")[:20]

    def numbered(*numbers: int) -> list[Step]:
        return [
            submit("suspend", ORG_A, f"{story}.{world.place.run}.{number}", "investigation")
            for number in numbers
        ]

    return numbered


async def test_refusals_and_wrong_calls_are_told_in_the_same_words(world, run):
    """Of the contract, of a wrong call of it, and of the gateway, for evaluate and submit."""
    receiver = await world.person("refused")
    steps = [
        step
        for verb in (evaluate, submit)
        for step in (
            verb("get_key", ORG_A, "nobody"),
            verb("open_epoch", "1"),
            verb("nothing"),
            verb("ping", chaincode="nonexistent"),
        )
    ]
    answers = await run("gateway.js", job_by(receiver, steps))
    said = [
        [(detail["mspId"], detail["message"].split(":")[0]) for detail in answer["details"]]
        for answer in answers
    ]
    refused = [
        [(ORG_A, "chaincode response 404, NOT_FOUND")],
        [(ORG_A, "chaincode response 400, BAD_ARGUMENT")],
        [(ORG_A, "chaincode response 400, UNKNOWN_FUNCTION")],
    ]
    assert said == [*refused, [], *refused, []]
    assert [answer["code"] for answer in answers] == [2, 2, 2, 9, 10, 10, 10, 9]
    channel = world.place.file.channel
    assert answers[3]["message"] == (
        "9 FAILED_PRECONDITION: no peers available to evaluate chaincode nonexistent"
        f" in channel {channel}"
    )
    assert answers[7]["message"] == (
        "9 FAILED_PRECONDITION: no combination of peers can be derived which satisfy the"
        f" endorsement policy: No metadata was found for chaincode nonexistent in channel {channel}"
    )


async def test_strangers_and_foreign_signatures_are_refused(world, run):
    """A member under another organisation's name; another member's signature."""
    receiver = await world.person("denied")
    other = job_by(await world.person("other"), [])
    steps = [evaluate("ping"), submit("ping")]
    calls = [
        job_by(receiver, steps) | {"msp": ORG_B},
        job_by(receiver, [step | {"sign": EVERY, "key": other["key"]} for step in steps])
        | {"offline": True},
    ]
    creators = ("unknown, creator is malformed", f"[{ORG_A}]")
    for call, creator in zip(calls, creators, strict=True):
        asked, sent = await run("gateway.js", call)
        denied = (
            "error validating proposal: access denied: channel"
            f" [{world.place.file.channel}] creator org {creator}"
        )
        assert (asked["code"], sent["code"]) == (9, 10)
        assert asked["message"].endswith(f"evaluate call to endorser returned error: {denied}")
        assert sent["details"][0]["message"] == denied


async def test_results_come_back_and_conflicts_are_told(world, run):
    """An update and its repeat, and one of two transactions on the same state."""
    receiver = await world.person("announcer")
    late = await world.person("hasty")
    place = ["get_key", ORG_A, receiver.name]
    steps = [submit("announce_key"), submit("announce_key"), evaluate(*place), submit(*place)]
    first, again, asked, sent = await run("gateway.js", job_by(receiver, steps))
    assert [first["code"], again["code"], sent["code"]] == [0, 0, 0]
    assert json.loads(first["result"])["role"] == "receiver"
    assert first["result"] == again["result"] == asked["result"] == sent["result"]
    (answer,) = await run(
        "gateway.js", job_by(late, [conflict(["announce_key"], ["announce_key"])])
    )
    assert answer == {"codes": [[0, True], [11, False]]}


async def test_signatures_may_be_made_off_line(authority, run, suspensions):
    """None is missing unnoticed; with all of them a transaction and every stream go through."""
    (call,) = suspensions(1)
    signed = [call | {"sign": EVERY[:count]} for count in range(4)]
    (sent,) = await run("gateway.js", job_by(authority, signed[3:]) | {"offline": True})
    assert sent["code"] == 0
    kinds = EVERY[3:]
    steps = [
        *signed[:3],
        *(listen(kind, kind) for kind in kinds),
        *(
            step
            for kind in kinds
            for step in (
                listen(kind, kind, start=sent["block"], sign=EVERY),
                take(kind),
            )
        ),
    ]
    answers = await run("gateway.js", job_by(authority, steps) | {"offline": True})
    assert [each["message"] for each in answers[:7]] == ["No signing implementation"] * 7
    assert [answer[0]["block"] for answer in answers[8::2]] == [sent["block"]] * 4


async def test_events_are_received_replayed_and_resumed(authority, run, suspensions, tmp_path):
    """All four kinds: live, from a block on, one closed, and from a checkpoint file."""
    kinds = EVERY[3:]
    live = [
        *(listen(f"{which} {kind}", kind) for which in ("one", "two") for kind in kinds),
        *suspensions(1),
        *(take(f"{which} {kind}") for which in ("one", "two") for kind in kinds),
        *(close(f"one {kind}") for kind in kinds),
        *suspensions(2),
        *(take(f"two {kind}") for kind in kinds),
    ]
    answers = await run("gateway.js", job_by(authority, live))
    blocks = [answer["block"] for answer in answers if "code" in answer]
    taken = [answer[0]["block"] for answer in answers if isinstance(answer, list)]
    assert taken == [blocks[0]] * 8 + [blocks[1]] * 4
    resumed: list[Step] = []
    for count in (1, 1):
        for kind in kinds:
            where = str(tmp_path / f"{kind}.json")
            resumed += [
                listen(kind, kind, start=blocks[0], checkpoint=where),
                take(kind, count),
                close(kind),
            ]
    answers = await run("gateway.js", job_by(authority, resumed))
    taken = [answer[0]["block"] for answer in answers if isinstance(answer, list)]
    assert taken == [blocks[0]] * 4 + [blocks[1]] * 4
    filtered = next(answer for answer in answers if answer and "channel" in answer[0])
    assert filtered[0]["transactions"][0]["events"] == [["PersonSuspended", 0]]


async def test_a_stranger_can_check_the_whole_ledger(authority, run, suspensions):
    """From the first block to the one just written: hashes, ids and every signature."""
    (sent,) = await run("gateway.js", job_by(authority, suspensions(1)))
    orgs = authority.world.place.file.orgs
    audit = job_by(authority, []) | {
        "until": sent["block"],
        "msp_ca": {org.msp: org.msp_ca for org in orgs},
    }
    (seen,) = await run("chain.js", audit)
    assert seen["wrong"] == []
    assert seen["blocks"] == sent["block"] + 1
    assert seen["transactions"] >= 1
    assert seen["endorsements"] > seen["transactions"]  # what deploys a contract has but one
