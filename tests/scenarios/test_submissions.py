# SPDX-License-Identifier: Apache-2.0
"""Holders submit once and in time; the task's verifiers judge once, and never themselves."""

import pytest
from tests.scenarios.world import DAY_MS, Person, World, digest, new_id, refused

pytestmark = pytest.mark.anyio


async def held(world: World, name: str) -> tuple[Person, str]:
    person = await world.person(name)
    await world.epoch(3, {person: 1})
    task = await world.task()
    await person.submit("accept_subtask", task, 0)
    return person, task


async def test_only_the_holder_submits(world: World):
    """A stranger, and the holder for another subtask, hold nothing there."""
    person, task = await held(world, "holder")
    stranger = await world.person("r0")
    for one, number in ((stranger, 0), (person, 1)):
        with refused("NOT_HOLDER"):
            await one.submit("submit_data", task, number, digest("x"), 1)
    with refused("NOT_FOUND"):
        await person.submit("submit_data", new_id(), 0, digest("x"), 1)


@pytest.mark.parametrize(("content_hash", "size"), [("x", 1), (digest("x"), 0), (digest("x"), -1)])
async def test_a_malformed_submission_is_refused(world: World, content_hash: str, size: int):
    """A hash is 64 hexadecimal digits, a size at least one byte."""
    person = await world.person("r0")
    with refused("BAD_ARGUMENT"):
        await person.submit("submit_data", new_id(), 0, content_hash, size)


async def test_data_are_submitted_once(world: World):
    """The same again is answered, also late; other data are refused."""
    person, task = await held(world, "once")
    first = await person.submit("submit_data", task, 0, digest("x"), 10)
    world.offset_ms = 3 * DAY_MS
    assert await person.submit("submit_data", task, 0, digest("x"), 10) == first
    world.offset_ms = 0
    for other in ((digest("y"), 10), (digest("x"), 11)):
        with refused("ALREADY_SUBMITTED"):
            await person.submit("submit_data", task, 0, *other)


async def test_too_late_to_submit(world: World):
    """The deadline itself is too late."""
    person, task = await held(world, "too-late")
    world.offset_ms = 2 * DAY_MS
    with refused("DEADLINE_PASSED"):
        await person.submit("submit_data", task, 0, digest("x"), 1)


async def test_a_suspended_holder_submits_nothing(world: World):
    """The slot stays used, the data do not come in."""
    person, task = await held(world, "suspended-holder")
    authority, other = await world.authorities()
    await authority.submit("suspend", person.msp, person.name, "misconduct")
    with refused("SUSPENDED"):
        await person.submit("submit_data", task, 0, digest("x"), 1)
    await other.submit("reinstate", person.msp, person.name, "cleared")
    await person.submit("submit_data", task, 0, digest("x"), 1)


async def test_only_the_tasks_verifiers_judge(world: World):
    """A verifier whom the task does not name, and one of the releaser's organisation."""
    person, task = await held(world, "judged")
    claim = await person.submit("submit_data", task, 0, digest("x"), 1)
    verdict = (task, 0, claim["slot"], "accept", 90, "ok", digest("evidence"))
    _, verifier, _ = await world.parties()
    for stranger in (
        await world.person("verifier", "verifier"),
        await world.person("verifier9", "verifier", verifier.msp),
    ):
        with refused("NOT_VERIFIER"):
            await stranger.submit("verify_submission", *verdict)
    with refused("ROLE_REQUIRED"):
        await person.submit("verify_submission", *verdict)
    with refused("NOT_FOUND"):
        await verifier.submit("verify_submission", new_id(), *verdict[1:])
    with refused("NOT_FOUND"):
        await verifier.submit("verify_submission", task, 1, *verdict[2:])


@pytest.mark.parametrize(
    ("position", "bad"), [(3, "maybe"), (4, 101), (4, -1), (5, "because"), (6, "x"), (2, 1000)]
)
async def test_a_malformed_verdict_is_refused(world: World, position: int, bad: object):
    """Verdict, score and reason come from fixed sets."""
    _, verifier, _ = await world.parties()
    verdict: list[object] = [new_id(), 0, 0, "accept", 90, "ok", digest("evidence")]
    verdict[position] = bad
    with refused("BAD_ARGUMENT"):
        await verifier.submit("verify_submission", *verdict)


async def test_a_verdict_stands(world: World):
    """The same again is answered; another verdict is refused."""
    person, task = await held(world, "verdict")
    slot = (await person.submit("submit_data", task, 0, digest("x"), 1))["slot"]
    _, verifier, _ = await world.parties()
    verdict = (task, 0, slot, "reject", 10, "range", digest("evidence"))
    first = await verifier.submit("verify_submission", *verdict)
    assert await verifier.submit("verify_submission", *verdict) == first
    with refused("EXISTS"):
        await verifier.submit("verify_submission", task, 0, slot, "accept", *verdict[4:])
