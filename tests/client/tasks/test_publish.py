# SPDX-License-Identifier: Apache-2.0
import hashlib
import json

import pytest

from pmcb_client.errors import OutcomeUnknown, Refused
from pmcb_client.tasks import prepare, preview, publish, read_task_file, records

NOW_MS = 1_700_000_000_000
RELEASER = "HospitalAMSP/releaser1"


class Answering:
    """A ledger that answers every transaction in one way."""

    def __init__(self, answer=b"{}"):
        self.answer = answer
        self.calls = []

    async def evaluate(self, function, *args):
        raise NotImplementedError

    async def submit(self, function, *args):
        self.calls.append((function, *args))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def task(task_path):
    return read_task_file(task_path)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "home" / "tasks"


def prepared(folder, task, *, now_ms=NOW_MS, releaser=RELEASER, per_level=(30, 20, 10)):
    return prepare(folder, task, preview(task, per_level), releaser=releaser, now_ms=now_ms)


async def test_a_refused_task_leaves_nothing(folder, task):
    """After a refusal the next try makes a new task."""
    record = prepared(folder, task)
    with pytest.raises(Refused):
        await publish(Answering(Refused("CREDIT_SHORT", status=409)), folder, record)
    assert list(folder.iterdir()) == []
    assert prepared(folder, task).task != record.task


async def test_a_doubt_is_repeated_with_the_same_content(folder, task):
    """Same id, hashes and deadlines, so that the contract sees a repeat."""
    record = prepared(folder, task)
    with pytest.raises(OutcomeUnknown):
        await publish(Answering(OutcomeUnknown("tx")), folder, record)
    again = prepared(folder, task, now_ms=NOW_MS + 60_000)
    assert again == record
    ledger = Answering()
    assert (await publish(ledger, folder, again)).published
    assert ledger.calls[0][:2] == ("publish_task", record.task)
    assert prepared(folder, task).task != record.task


async def test_a_doubt_is_not_taken_for_something_else(folder, task, task_path):
    """Another file, another releaser or other levels are another task."""
    first = prepared(folder, task)
    assert prepared(folder, task, releaser="HospitalAMSP/other").task != first.task
    assert prepared(folder, task, per_level=(9, 9)).task != first.task
    (task_path.parent / "notice.md").write_text("Another purpose.")
    assert prepared(folder, read_task_file(task_path)).task != first.task
    assert prepared(folder, task).task == first.task


def test_the_specification_holds_hashes_and_deadlines_only(folder, task):
    """No title, question or field name reaches the ledger."""
    record = prepared(folder, task)
    text = json.dumps(record.spec)
    for private in ("blood", "Systolic", "heart_rate", "protocol", "bp"):
        assert private not in text
    assert record.spec["accept_until"] == NOW_MS + 2 * 86_400_000
    assert record.spec["submit_until"] == NOW_MS + 7 * 86_400_000
    assert record.spec["notice_hash"] == task.notice_hash
    assert [part["level"] for part in record.spec["subtasks"]] == [1, 2, 3]
    assert {part["slots"] for part in record.spec["subtasks"]} == {9}


def test_each_envelope_holds_its_own_questions(folder, task):
    """Salted, private, hashed on the ledger; no sensitivity and no secret in it."""
    record = prepared(folder, task)
    place = folder / record.task
    asked, salts = [], set()
    for number, part in enumerate(record.spec["subtasks"]):
        path = place / f"envelope-{number:04}.json"
        data = path.read_bytes()
        assert hashlib.sha256(data).hexdigest() == part["envelope_hash"]
        assert path.stat().st_mode & 0o777 == 0o600
        document = json.loads(data)
        assert len(bytes.fromhex(document["salt"])) == 32
        salts.add(document["salt"])
        assert (document["task"], document["subtask"]) == (record.task, number)
        assert b"protocol B" not in data
        assert b"sensitivity" not in data
        asked.append([question["id"] for question in document["questions"]])
        names = {name for question in document["questions"] for name in question["fields"]}
        assert {field["name"] for field in document["fields"]} == names
    assert asked == [["hr"], ["bp"], ["meds"]]
    assert len(salts) == 3
    assert json.loads((place / "secrets.json").read_bytes()) == {"meds": "protocol B"}
    assert (place / "notice").read_bytes() == task.notice
    assert place.stat().st_mode & 0o777 == 0o700


def test_equal_tasks_have_different_envelopes(folder, task):
    """A guess of the questions cannot be checked against the ledger."""
    first = prepared(folder, task).spec["subtasks"]
    second = prepared(folder, task, releaser="HospitalAMSP/other").spec["subtasks"]
    hashes = {part["envelope_hash"] for part in (*first, *second)}
    assert len(hashes) == 6


async def test_records_are_read_back(folder, task):
    """What was published is listed; damaged and foreign folders are passed over."""
    assert list(records(folder)) == []
    published = await publish(Answering(), folder, prepared(folder, task))
    for name, text in (("damaged", "{"), ("foreign", "{}"), ("other", '{"version": 1}')):
        (folder / name).mkdir()
        (folder / name / "task.json").write_text(text)
    (folder / "empty").mkdir()
    assert list(records(folder)) == [published]
