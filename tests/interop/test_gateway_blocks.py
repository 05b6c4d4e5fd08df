# SPDX-License-Identifier: Apache-2.0
"""@hyperledger/fabric-gateway before the embedded network: blocks, of three kinds."""

import pytest
from tests.interop.jobs import close, conflict, evaluate, job_of, listen, pem, submit, take
from tests.network.conftest import person
from tests.network.wire import Person

pytestmark = pytest.mark.interop

KINDS = ("blocks", "filtered", "private")


@pytest.fixture
def alice(network) -> Person:
    return person(network, "alice")


def numbers(blocks) -> list[int]:
    return [block["block"] for block in blocks]


async def test_a_foreign_signature_opens_no_stream(network, run, alice):
    """Another member's key under alice's request; unsigned, it is not even sent."""
    key = pem(person(network, "bob").key)
    steps = [
        step
        for kind in KINDS
        for step in (listen("none", kind), listen(kind, kind, sign=[kind], key=key), take(kind))
    ]
    answers = await run("gateway.js", job_of(network, alice, steps) | {"offline": True})
    assert [each["message"] for each in answers[::3]] == ["No signing implementation"] * 3
    assert [each["message"] for each in answers[2::3]] == ["Unexpected status response: 403"] * 3


async def test_a_request_signed_off_line_opens_a_stream(network, run, alice):
    """From the first block on, with what was signed apart from the gateway."""
    steps = [
        step for kind in KINDS for step in (listen(kind, kind, start=0, sign=[kind]), take(kind))
    ]
    answers = await run("gateway.js", job_of(network, alice, steps) | {"offline": True})
    assert [numbers(blocks) for blocks in answers[1::2]] == [[0]] * 3


async def test_every_kind_tells_of_a_block_in_its_own_way(network, run, alice):
    """Messages, or ids and codes with events without payload, or no private data."""
    steps = [
        conflict(["tell_once", "a"], ["tell_once", "b"]),
        evaluate("get", "once"),
        submit("tell", "x"),
        *(step for kind in KINDS for step in (listen(kind, kind, start=0), take(kind, 2))),
    ]
    answers = await run("gateway.js", job_of(network, alice, steps))
    assert answers[0] == {"codes": [[0, True], [11, False]]}
    last = answers[2]["block"]
    full, filtered, private = answers[4], answers[6], answers[8]
    assert full[0] == {"block": 0, "transactions": 1}
    assert numbers(full) == numbers(filtered) == numbers(private) == [0, 1]
    assert [block["transactions"] for block in full] == [
        len(block["transactions"]) for block in filtered
    ]
    assert [block["private"] for block in private] == [0, 0]
    first = filtered[1]["transactions"][0]
    assert (first["type"], first["code"], first["events"]) == (3, 0, [["Told", 0]])
    assert filtered[1]["channel"] == "pmcb"
    more = [listen("all", "filtered", start=1), take("all", last)]
    _, blocks = await run("gateway.js", job_of(network, alice, more))
    written = [each for block in blocks for each in block["transactions"]]
    assert [each["code"] for each in written] == [0, 11, 0]
    assert [each["events"] for each in written] == [[["Told", 0]], [["Told", 0]], [["Told", 0]]]
    assert written[-1]["id"] == answers[2]["id"]


async def test_blocks_are_received_and_replayed(network, run, alice):
    """Live from the next block on; later from the first, from the last and from the next one."""
    steps = [
        *(listen(f"live {kind}", kind) for kind in KINDS),
        *(submit("put", "a", "1"), submit("put", "a", "2")),
        *(listen(f"all {kind}", kind, start=0) for kind in KINDS),
        *(listen(f"last {kind}", kind, start=2) for kind in KINDS),
        *(listen(f"next {kind}", kind, start=3) for kind in KINDS),
        submit("put", "a", "3"),
        *(take(f"{which} {kind}", 2) for which in ("live", "all", "last") for kind in KINDS),
        *(take(f"next {kind}") for kind in KINDS),
    ]
    answers = [
        numbers(answer)
        for answer in await run("gateway.js", job_of(network, alice, steps))
        if isinstance(answer, list)
    ]
    assert answers == [[1, 2]] * 3 + [[0, 1]] * 3 + [[2, 3]] * 3 + [[3]] * 3


async def test_streams_are_closed_one_by_one_and_opened_again(network, run, alice):
    """What is closed leaves the others alone, and a new one goes on."""
    one, two = ([(f"{name} {kind}", kind) for kind in KINDS] for name in ("one", "two"))
    steps = [
        *(listen(name, kind, start=1) for name, kind in one + two),
        submit("put", "a", "1"),
        *(take(name) for name, _ in one + two),
        *(close(name) for name, _ in one),
        submit("put", "a", "2"),
        *(take(name) for name, _ in two),
        *(listen(name, kind, start=3) for name, kind in one),
        submit("put", "a", "3"),
        *(take(name) for name, _ in one + two),
    ]
    answers = await run("gateway.js", job_of(network, alice, steps))
    taken = [numbers(answer) for answer in answers if isinstance(answer, list)]
    assert taken == [[1]] * 6 + [[2]] * 3 + [[3]] * 6


async def test_a_checkpoint_goes_on_behind_the_block_taken(network, run, alice, tmp_path):
    """Every block once, over two restarts, from memory and from a file."""
    places = [
        (kind, where)
        for kind in KINDS
        for where in (f"memory {kind}", str(tmp_path / f"{kind}.json"))
    ]
    steps = []
    for number, count in (("1", 1), ("2", 2), ("3", 1)):
        steps.append(submit("put", "a", number))
        for kind, where in places:
            steps += [
                listen("one", kind, start=0, checkpoint=where),
                take("one", count),
                close("one"),
            ]
    answers = await run("gateway.js", job_of(network, alice, steps))
    taken = [numbers(answer) for answer in answers if isinstance(answer, list)]
    assert taken == [[0]] * 6 + [[1, 2]] * 6 + [[3]] * 6


def audit(network, who: Person, authorities: list[str]):
    orgs = network.network_file["orgs"]
    return job_of(network, who, []) | {
        "until": network.height - 1,
        "msp_ca": {org["msp"]: ca for org, ca in zip(orgs, authorities, strict=True)},
    }


async def test_a_stranger_can_check_the_whole_ledger(network, run, alice):
    """Header and data hashes, ids and every signature, computed again from full blocks."""
    for number in range(130):  # a block's number takes a second byte in the hash from 128 on
        await network.seed({f"k{number}": b"1"})
    steps = [
        submit("put", "a", "1", transient={"pin": "4711"}),
        submit("whoami", transient={"pin": "4711"}),
        conflict(["put_after_reading", "a", "1"], ["put_after_reading", "a", "2"]),
    ]
    await run("gateway.js", job_of(network, alice, steps))
    authorities = [org["msp_ca"] for org in network.network_file["orgs"]]
    (seen,) = await run("chain.js", audit(network, alice, authorities))
    assert seen == {
        "blocks": network.height,
        "transactions": 4,
        "endorsements": 8,
        "others": 131,
        "wrong": [],
    }
    (doubted,) = await run("chain.js", audit(network, alice, authorities[::-1]))
    assert len(doubted["wrong"]) == 3  # alice and both peers, each told once
