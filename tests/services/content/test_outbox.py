# SPDX-License-Identifier: Apache-2.0
"""An answer that was queued arrives once, whatever fails in between and whoever is killed."""

import json
import random

import httpx
import pytest
from tests.client.http_identity.people import NOW_MS
from tests.services.content.stores import ANN, NETWORK, client, made

from pmcb_client.content import ContentClient
from pmcb_client.errors import LedgerUnavailable, OutcomeUnknown, Refused
from pmcb_client.receiver import Outbox, Parcel, State, send
from pmcb_client.sealing import Kind, Place, seal
from pmcb_client.usage_errors import AnswerError

pytestmark = pytest.mark.anyio


class Killed(BaseException):
    """The process ends here."""


class Records:
    """A ledger of submissions that answers a repeat with what stands, and fails as it is told."""

    def __init__(self, fails=lambda: "") -> None:
        self.rows: dict[str, str] = {}
        self.writes = 0
        self._fails = fails

    async def evaluate(self, function, *args):
        raise NotImplementedError

    async def submit(self, function, *args):
        task, _, digest, _ = args
        how = self._fails()
        if how == "before":
            raise LedgerUnavailable("No gateway answers.")
        if how == "refused":
            raise Refused("DEADLINE_PASSED", status=410, reason="The time to submit is over.")
        if task not in self.rows:
            self.rows[task] = digest
            self.writes += 1
        assert self.rows[task] == digest
        if how == "after":
            raise OutcomeUnknown("No word came back.")
        if how == "killed":
            raise Killed
        return json.dumps({"task": task}).encode()


class Link(httpx.AsyncBaseTransport):
    """A link to the store that fails as it is told, before or after the store heard."""

    def __init__(self, app, fails) -> None:
        self._far = httpx.ASGITransport(app)
        self._fails = fails
        self.bytes = 0

    async def handle_async_request(self, request):
        how = self._fails()
        self.bytes += len(request.content)
        if how == "before":
            raise httpx.ConnectError("no route")
        answer = await self._far.handle_async_request(request)
        if how == "after":
            raise httpx.ReadError("cut off")
        if how == "killed":
            raise Killed
        return answer


def answers(count):
    """Sealed answers of one person to many tasks."""
    made = []
    for number in range(count):
        task = f"{number:032x}"
        blob, _ = seal(Kind.ANSWER, Place(task, 0, slot=1, holder=ANN.uid), f"{number}".encode())
        size = len(blob.data)
        parcel = Parcel(blob.hash, ANN.uid, task, 0, 1, size, State.WAITING, queued_ms=number)
        made.append((parcel, blob))
    return made


@pytest.fixture
def outbox(tmp_path):
    """Ann's."""
    return Outbox(tmp_path / "receiver" / "outbox.db")


def store(app, fails=lambda: ""):
    """Ann's way to the store."""
    link = Link(app, fails)
    return ContentClient(NETWORK, ANN, transport=link, clock=lambda: NOW_MS), link


def test_the_outbox_is_its_owners_alone(outbox, tmp_path):
    """The file, what SQLite keeps beside it, and the folder."""
    ((parcel, blob),) = answers(1)
    outbox.put(parcel, blob.data)
    folder = tmp_path / "receiver"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_task_is_answered_once(outbox):
    """Another answer is refused and changes nothing; the same one is found again."""
    ((parcel, blob),) = answers(1)
    ((other, second),) = answers(1)
    outbox.put(parcel, blob.data)
    assert outbox.put(parcel, blob.data).hash == parcel.hash
    with pytest.raises(AnswerError, match="was queued already"):
        outbox.put(other, second.data)
    assert [one.hash for one in outbox.pending(ANN.uid)] == [parcel.hash]
    assert outbox.data(parcel.hash) == blob.data


async def test_off_line_nothing_is_lost_and_nothing_is_sent(outbox, app):
    """Neither store nor ledger answers: everything waits, with the reason."""
    for parcel, blob in answers(3):
        outbox.put(parcel, blob.data)
    reach, _ = store(app, lambda: "before")
    found = await send(outbox, ANN.uid, reach, Records(lambda: "before"))
    assert (len(found.waiting), found.submitted) == (3, ())
    assert "does not answer" in found.problem


async def test_what_the_ledger_has_leaves_the_disk(outbox, app, tmp_path):
    """The bytes are gone from the file, too; the row tells what became of it."""
    ((parcel, blob),) = answers(1)
    outbox.put(parcel, blob.data)
    ledger = Records()
    reach, _ = store(app)
    found = await send(outbox, ANN.uid, reach, ledger)
    assert [one.hash for one in found.submitted] == [parcel.hash]
    assert (found.waiting, found.problem, ledger.rows) == ((), "", {parcel.task: parcel.hash})
    kept = b"".join(path.read_bytes() for path in (tmp_path / "receiver").iterdir())
    assert blob.data[-64:] not in kept
    async with client(app) as reader:
        assert await reader.get(parcel.hash) == blob.data


async def test_what_the_ledger_will_never_have_is_told_and_forgotten(outbox, app):
    """Too late is too late: the code stays, the data do not, and the others go on."""
    parcels = answers(2)
    for parcel, blob in parcels:
        outbox.put(parcel, blob.data)
    kinds = iter(["refused", ""])
    reach, _ = store(app)
    found = await send(outbox, ANN.uid, reach, Records(lambda: next(kinds)))
    assert [(one.hash, one.code) for one in found.refused] == [
        (parcels[0][0].hash, "DEADLINE_PASSED")
    ]
    assert [one.hash for one in found.submitted] == [parcels[1][0].hash]


async def test_a_used_up_quota_waits_for_tomorrow(outbox, folder):
    """It is no refusal of the answer."""
    folder.mkdir()
    parcels = answers(2)
    for parcel, blob in parcels:
        outbox.put(parcel, blob.data)
    app = made(folder, quota_bytes=len(parcels[0][1].data))
    reach, _ = store(app)
    found = await send(outbox, ANN.uid, reach, Records())
    assert (len(found.submitted), len(found.waiting)) == (1, 1)
    assert "try tomorrow" in found.problem


async def test_a_thousand_answers_pass_a_link_that_fails_three_times_in_ten(outbox, app):
    """All arrive, each once; what is sent is at most 1.6 times what there is to send."""
    rng = random.Random(7)

    def fails():
        return rng.choice(["before", "after"]) if rng.random() < 0.3 else ""

    parcels = answers(1000)
    for parcel, blob in parcels:
        outbox.put(parcel, blob.data)
    ledger = Records(fails)
    reach, link = store(app, fails)
    for _ in range(40):
        found = await send(outbox, ANN.uid, reach, ledger)
        if not found.waiting:
            break
    assert ledger.rows == {parcel.task: parcel.hash for parcel, _ in parcels}
    assert ledger.writes == 1000
    assert link.bytes <= 1.6 * sum(parcel.size for parcel, _ in parcels)


async def test_a_sender_that_is_killed_anywhere_goes_on(tmp_path, app):
    """After the store or the ledger heard, before it was written down: each arrives once."""
    rng = random.Random(11)
    path = tmp_path / "outbox.db"
    parcels = answers(60)
    for parcel, blob in parcels:
        Outbox(path).put(parcel, blob.data)
    ledger = Records(lambda: "killed" if rng.random() < 0.3 else "")
    kills = 0
    while Outbox(path).pending(ANN.uid):
        reach, _ = store(app, lambda: "killed" if rng.random() < 0.3 else "")
        try:
            await send(Outbox(path), ANN.uid, reach, ledger)
        except Killed:
            kills += 1
    assert kills > 20
    assert ledger.rows == {parcel.task: parcel.hash for parcel, _ in parcels}
    assert ledger.writes == 60
