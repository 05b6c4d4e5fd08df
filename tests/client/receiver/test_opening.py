# SPDX-License-Identifier: Apache-2.0
"""A subtask opens for its holder, when the key was delivered and all is what the ledger names."""

import json

import pytest
from tests.client.receiver.ward import QUESTIONS
from tests.scenarios.world import digest, refused

from pmcb_client.content import ContentMissing, ContentTampered
from pmcb_client.receiver import Opened
from pmcb_client.sealing import Damaged, Place, WrongPlace
from pmcb_client.usage_errors import KeyPending, NotOpened

pytestmark = pytest.mark.anyio


async def envelope(ward, task):
    """The file of a task's envelope in the store."""
    found = await ward.releaser.ask("get_task", task)
    return ward.path(found["subtasks"][0]["envelope_hash"])


async def test_who_holds_no_slot_opens_nothing(ward):
    """Neither before accepting nor after giving the slot back."""
    ann, bob = ward.people[:2]
    task = await ward.publish()
    await bob.submit("accept_subtask", task, 0)
    await bob.submit("withdraw_claim", task)
    for person in (ann, bob):
        with refused("NOT_HOLDER"):
            await ward.open(task, person)


async def test_a_key_that_was_not_delivered_yet_is_waited_for(ward):
    """One sentence, a next step, exit code 1."""
    ann, bob = ward.people[:2]
    task = await ward.publish()
    await ward.join(task, bob)
    await ann.submit("accept_subtask", task, 0)
    with pytest.raises(KeyPending, match="was not delivered to you yet") as caught:
        await ward.open(task, ann)
    assert caught.value.exit_code == 1
    assert "try again later" in caught.value.next_step


async def test_an_envelope_that_is_gone_or_changed_is_named(ward):
    """The ledger's hash decides."""
    ann = ward.people[0]
    task = await ward.publish()
    await ward.join(task, ann)
    path = await envelope(ward, task)
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(ContentTampered):
        await ward.open(task, ann)
    path.unlink()
    with pytest.raises(ContentMissing):
        await ward.open(task, ann)


@pytest.mark.parametrize("context", [{"slot": 99}, {"purpose": "share"}, {"task": "b" * 32}])
async def test_a_key_that_was_wrapped_for_another_place_opens_nothing(ward, context):
    """Another slot, purpose or task."""
    ann = ward.people[0]
    task = await ward.publish()
    slot = (await ann.submit("accept_subtask", task, 0))["slot"]
    item = ward.wrapped(task, slot, ann, context)
    await ward.releaser.submit("deliver_keys", task, 0, [item])
    with pytest.raises(WrongPlace):
        await ward.open(task, ann)


@pytest.mark.parametrize(
    "told", [{"notice_hash": digest("another")}, {"task": "b" * 32}, {"level": 2}, {"subtask": 1}]
)
async def test_questions_of_something_else_are_refused(ward, told):
    """A releaser who shows one notice and asks under another."""
    ann = ward.people[0]
    task = await ward.publish(told=told)
    await ward.join(task, ann)
    with pytest.raises(Damaged, match="another"):
        await ward.open(task, ann)


@pytest.mark.parametrize("to", ["institution", "releaser"])
async def test_the_holder_reads_the_questions_and_who_will_read_the_answer(ward, to):
    """Keys of the verifiers and of who gets the results, from the ledger."""
    ann = ward.people[0]
    task = await ward.publish(results_to=to)
    await ward.join(task, ann)
    opened = await ward.open(task, ann)
    assert opened.instructions.questions == QUESTIONS
    assert opened.has_secret
    reader = ward.records if to == "institution" else ward.releaser
    assert opened.readers == ward.keys(ward.verifier, reader)
    claim = await ann.ask("get_claim", task, 0, opened.slot)
    assert (opened.holder, opened.since_ms) == (ann.uid, claim["at"])
    assert opened.place == Place(task, 0, slot=opened.slot, holder=ann.uid)


async def test_what_was_opened_is_kept_for_its_owner_alone(ward):
    """It comes back as it was; no key that opens anything is among it."""
    ann = ward.people[0]
    task = await ward.publish()
    await ward.join(task, ann)
    opened, folder = await ward.open(task, ann), ward.folder / "receiver"
    opened.save(folder)
    assert Opened.load(folder, task) == opened
    (path,) = (folder / "opened").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert ward.tasks[task].key.hex() not in path.read_text()
    Opened.forget(folder, task)
    Opened.forget(folder, task)
    assert list((folder / "opened").iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"slot": "1"},
        {"holder": 1},
        {"since_ms": None},
        {"readers": {}},
        {"readers": {"HospitalBMSP/ver": "00"}},
        {"readers": {"HospitalBMSP/ver": 1}},
        {"instructions": "{}"},
    ],
)
async def test_what_was_not_opened_or_cannot_be_read_is_to_be_opened(ward, change):
    """A damaged file, one of another task: the way out is the same."""
    ann = ward.people[0]
    task = await ward.publish()
    await ward.join(task, ann)
    folder = ward.folder / "receiver"
    (await ward.open(task, ann)).save(folder)
    path = folder / "opened" / f"{task}.json"
    other = path.with_name(f"{'b' * 32}.json")
    other.write_bytes(path.read_bytes())
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    for name in (task, "b" * 32, "c" * 32):
        with pytest.raises(NotOpened, match="not opened here") as caught:
            Opened.load(folder, name)
        assert f"pmcb receiver open {name}" in caught.value.next_step
