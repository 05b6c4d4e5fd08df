# SPDX-License-Identifier: Apache-2.0
import json

import pytest
from tests.client.http_identity.people import Ca
from tests.client.sealing.keys import point

from pmcb_client.answers import Instructions
from pmcb_client.content import ContentUnavailable
from pmcb_client.errors import OutcomeUnknown, Refused
from pmcb_client.sealing import Blob, Damaged, Kind, NotForYou, Place, WrongPlace, open_for
from pmcb_client.tasks import (
    TaskKeys,
    announced_keys,
    escrow,
    prepare,
    preview,
    publish,
    read_task_file,
    records,
)

NOW_MS = 1_700_000_000_000
A, B = Ca("HospitalAMSP"), Ca("HospitalBMSP")
VERIFIER, RECORDS = B.person("verifier1", "verifier"), B.person("records", "institution")
ME, STRANGER = A.person("releaser1", "releaser"), A.person("ann")
RELEASER = ME.uid
RECIPIENTS = {one.uid: point(one.private_key) for one in (VERIFIER, RECORDS, ME)}


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


class Keeping:
    """A store that remembers what it was given, until it fails."""

    def __init__(self, most=100):
        self.files = {}
        self.notices = []
        self.most = most

    async def put(self, blob):
        if len(self.files) >= self.most:
            raise ContentUnavailable("The content store does not answer.")
        self.files[blob.hash] = blob

    async def put_notice(self, notice):
        self.notices.append(notice)


@pytest.fixture
def task(task_path):
    return read_task_file(task_path)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "home" / "tasks"


def prepared(folder, task, *, now_ms=NOW_MS, releaser=RELEASER, per_level=(30, 20, 10)):
    parts = preview(task, per_level)
    return prepare(folder, task, parts, releaser=releaser, recipients=RECIPIENTS, now_ms=now_ms)


async def test_a_refused_task_leaves_nothing(folder, task):
    """After a refusal the next try makes a new task."""
    record = prepared(folder, task)
    with pytest.raises(Refused):
        await publish(Answering(Refused("CREDIT_SHORT", status=409)), Keeping(), folder, record)
    assert list(folder.iterdir()) == []
    assert prepared(folder, task).task != record.task


async def test_a_doubt_is_repeated_with_the_same_content(folder, task):
    """Same id, hashes and deadlines, so that the contract sees a repeat."""
    record = prepared(folder, task)
    with pytest.raises(OutcomeUnknown):
        await publish(Answering(OutcomeUnknown("tx")), Keeping(), folder, record)
    again = prepared(folder, task, now_ms=NOW_MS + 60_000)
    assert again == record
    ledger = Answering()
    assert (await publish(ledger, Keeping(), folder, again)).published
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


async def test_an_envelope_opens_for_its_recipients_and_holds_its_own_questions(folder, task):
    """Verifier, institution and releaser read them; no sensitivity, no secret, nobody else."""
    record = prepared(folder, task)
    place, asked = folder / record.task, []
    keys = TaskKeys.load(place)
    assert keys is not None
    for number, part in enumerate(record.spec["subtasks"]):
        path = place / f"envelope-{number:04}.sealed"
        assert path.stat().st_mode & 0o777 == 0o600
        blob = Blob.parse(path.read_bytes())
        assert blob.hash == part["envelope_hash"]
        where = Place(record.task, number, level=number + 1)
        for one in (VERIFIER, RECORDS, ME):
            content = open_for(one, blob, kind=Kind.INSTRUCTIONS, place=where)
            assert content == blob.open(keys.envelopes[number], kind=blob.kind, place=where)
        with pytest.raises(NotForYou):
            open_for(STRANGER, blob, kind=Kind.INSTRUCTIONS, place=where)
        assert b"protocol B" not in content
        assert b"sensitivity" not in content
        found = Instructions.decode(content)
        assert (found.task, found.subtask, found.level) == (record.task, number, number + 1)
        assert (found.title, found.notice_hash) == (task.title, task.notice_hash)
        assert set(found.fields) == found.names
        asked.append([(one.id, one.shared, one.secret) for one in found.questions])
    assert asked == [[("hr", True, False)], [("bp", False, False)], [("meds", False, True)]]
    assert place.stat().st_mode & 0o777 == 0o700


def test_a_pair_that_the_split_parts_is_checked_nowhere(folder, task):
    """The others travel with the subtask that asks for both fields."""
    record = prepared(folder, task)
    keys = TaskKeys.load(folder / record.task)
    assert keys is not None
    found = []
    for number in range(3):
        data = (folder / record.task / f"envelope-{number:04}.sealed").read_bytes()
        where = Place(record.task, number, level=number + 1)
        content = Blob.parse(data).open(keys.envelopes[number], kind=Kind.INSTRUCTIONS, place=where)
        found.append(Instructions.decode(content).plausible)
    assert found == [(), (("diastolic", "systolic"),), ()]


def test_a_secret_is_sealed_for_nobody(folder, task):
    """One file for the subtask that has one; its key of 16 bytes stays in the folder."""
    record = prepared(folder, task)
    place = folder / record.task
    keys = TaskKeys.load(place)
    assert keys is not None
    assert [path.name for path in place.glob("secret-*")] == ["secret-0002.sealed"]
    assert list(keys.secrets) == [2]
    blob = Blob.parse((place / "secret-0002.sealed").read_bytes())
    assert (blob.hash, blob.wraps) == (keys.secrets[2].blob_hash, {})
    where = Place(record.task, 2, level=3)
    with pytest.raises(WrongPlace):
        blob.open(keys.secrets[2].key, kind=Kind.SECRET, place=Place(record.task, 1, level=2))
    content = json.loads(blob.open(keys.secrets[2].key, kind=Kind.SECRET, place=where))
    assert content == {"version": 1, "secrets": {"meds": "protocol B"}}
    assert len(keys.secrets[2].key) == 16
    assert (place / "keys.json").stat().st_mode & 0o777 == 0o600
    assert keys.secrets[2].key.hex() not in repr(keys)


def test_no_file_tells_a_question(folder, task):
    """Every byte of the folder; the record has the title, for its owner."""
    record = prepared(folder, task)
    for path in (folder / record.task).iterdir():
        data = path.read_bytes()
        for private in (b"Systolic", b"heart_rate", b"protocol B"):
            assert private not in data, path.name


def test_damaged_keys_are_no_keys(tmp_path):
    """Whatever the file holds: None, and no exception that tells of it."""
    assert TaskKeys.load(tmp_path) is None
    for text in ("", "{", "[]", '{"envelopes": {"0": "xy"}}', '{"envelopes": [], "secrets": {}}'):
        (tmp_path / "keys.json").write_text(text)
        assert TaskKeys.load(tmp_path) is None


async def test_the_store_has_everything_before_the_ledger_hears(folder, task):
    """Notice, envelopes, secret; where the store fails nothing is sent to the ledger."""
    record = prepared(folder, task)
    ledger, failing = Answering(), Keeping(most=2)
    with pytest.raises(ContentUnavailable):
        await publish(ledger, failing, folder, record)
    assert ledger.calls == []
    store = Keeping()
    await publish(ledger, store, folder, prepared(folder, task))
    assert store.notices == [task.notice]
    kinds = [(blob.kind, blob.place.subtask) for blob in store.files.values()]
    assert kinds == [(1, 0), (1, 1), (1, 2), (2, 2)]
    assert [call[1] for call in ledger.calls] == [record.task]


@pytest.mark.parametrize("name", ["envelope-0001.sealed", "secret-0002.sealed", "keys.json"])
async def test_a_file_that_was_changed_is_not_published(folder, task, name):
    """Receivers could never open it."""
    record = prepared(folder, task)
    (folder / record.task / name).write_bytes(b"x")
    ledger = Answering()
    with pytest.raises(Damaged, match="not those that were made"):
        await publish(ledger, Keeping(), folder, record)
    other = prepared(folder, task, releaser="HospitalAMSP/other")
    swapped = folder / other.task / "envelope-0001.sealed"
    swapped.write_bytes((folder / other.task / "envelope-0000.sealed").read_bytes())
    with pytest.raises(Damaged):
        await publish(ledger, Keeping(), folder, other)
    assert ledger.calls == []


async def test_who_announced_no_key_is_named():
    """Nothing can be sealed for them; another refusal passes as it is."""

    class Directory(Answering):
        async def evaluate(self, function, *args):
            assert function == "get_key"
            if args[1] == "gone":
                raise self.answer
            return json.dumps({"key": "02ab", "role": "verifier"}).encode()

    missing = Directory(Refused("NOT_FOUND", status=404))
    assert await announced_keys(missing, ("B/a", "B/b")) == {"B/a": "02ab", "B/b": "02ab"}
    with pytest.raises(Refused, match="PARTY_UNFIT: B/gone has announced no key"):
        await announced_keys(missing, ("B/a", "B/gone"))
    with pytest.raises(Refused, match="BAD_ARGUMENT"):
        await announced_keys(Directory(Refused("BAD_ARGUMENT")), ("B/gone",))


def test_the_escrow_is_all_slots_times_the_reward(task_path):
    """Three subtasks of nine slots."""
    task_path.write_text(task_path.read_text().replace("reward: 0", "reward: 20"))
    rewarded = read_task_file(task_path)
    assert escrow(preview(rewarded, (30, 20, 10)), rewarded) == 540


def test_equal_tasks_have_different_envelopes(folder, task):
    """Keys and nonces are random: a guess of the questions cannot be checked against the ledger."""
    first = prepared(folder, task).spec["subtasks"]
    second = prepared(folder, task, releaser="HospitalAMSP/other").spec["subtasks"]
    hashes = {part["envelope_hash"] for part in (*first, *second)}
    assert len(hashes) == 6


async def test_records_are_read_back(folder, task):
    """What was published is listed; damaged and foreign folders are passed over."""
    assert list(records(folder)) == []
    published = await publish(Answering(), Keeping(), folder, prepared(folder, task))
    for name, text in (("damaged", "{"), ("foreign", "{}"), ("other", '{"version": 1}')):
        (folder / name).mkdir()
        (folder / name / "task.json").write_text(text)
    (folder / "empty").mkdir()
    assert list(records(folder)) == [published]
