# SPDX-License-Identifier: Apache-2.0
"""An answer is checked where it was written, and queued without asking anybody."""

import json
from datetime import UTC, datetime

import pytest
from tests.client.http_identity.people import NOW_MS, Ca
from tests.client.sealing.keys import point

from pmcb_client.answers import Asked, Instructions, fetch_answer
from pmcb_client.fields import Field
from pmcb_client.receiver import Opened, Outbox, State, queue_answer
from pmcb_client.usage_errors import AnswerError

pytestmark = pytest.mark.anyio

ANN = Ca("HospitalAMSP").person("ann")
RECORDS = Ca("HospitalBMSP").person("records", "institution")
TASK = "a" * 32
FIELDS = {
    "systolic": Field("systolic", "mmHg", 60, 260),
    "diastolic": Field("diastolic", "mmHg", 30, 160),
}
ASKED = Asked("bp", "Seated", tuple(FIELDS))
HOUR_MS = 3_600_000
OPENED = Opened(
    ANN.uid,
    3,
    NOW_MS - 24 * HOUR_MS,
    NOW_MS + 24 * HOUR_MS,
    {RECORDS.uid: point(RECORDS.private_key)},
    Instructions(
        TASK, 0, 1, "Home study", "0" * 64, (ASKED,), FIELDS, (("diastolic", "systolic"),)
    ),
)


def at(hours):
    """A time, hours from now."""
    return datetime.fromtimestamp((NOW_MS + hours * HOUR_MS) / 1000, UTC).isoformat()


@pytest.fixture
def outbox(tmp_path):
    """Ann's."""
    return Outbox(tmp_path / "outbox.sqlite3")


def queue(outbox, tmp_path, text, name="answer.json"):
    """What becomes of a file."""
    source = tmp_path / name
    source.write_text(text)
    return queue_answer(outbox, OPENED, source, now_ms=NOW_MS)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"systolic": 4711, "diastolic": 80}', "row 1: 'systolic' must lie between 60 and 260"),
        ('{"systolic": 4711}', "'diastolic' is asked for and never given"),
        ('{"systolic": 79, "diastolic": 80}', "row 1: 'diastolic' must be below 'systolic'"),
        ('{"systolic": "4711!", "diastolic": 80}', "row 1: 'systolic' must be a number in mmHg"),
        ('{"systolic": 120, "diastolic": 80, "name4711": 1}', "a field that was not asked"),
        (f'{{"systolic": 120, "diastolic": 80, "at": "{at(-25)}"}}', "row 1: it was not measured"),
        (f'{{"systolic": 120, "diastolic": 80, "at": "{at(1)}"}}', "row 1: it was not measured"),
        ("[]", "1 to 100,000 rows"),
    ],
)
def test_an_answer_outside_its_schema_is_not_queued(outbox, tmp_path, text, complaint):
    """Row and field are named; the value is told nobody."""
    with pytest.raises(AnswerError, match=complaint) as caught:
        queue(outbox, tmp_path, text)
    assert caught.value.exit_code == 2
    assert "4711" not in f"{caught.value} {caught.value.next_step}"
    assert outbox.all() == []


def test_an_answer_is_given_once(outbox, tmp_path):
    """A second one is refused while the first waits, and after it was sent."""
    parcel = queue(outbox, tmp_path, '{"systolic": 120, "diastolic": 80}')
    for _ in range(2):
        with pytest.raises(AnswerError, match="queued already"):
            queue(outbox, tmp_path, '{"systolic": 121, "diastolic": 80}')
        outbox.submitted(parcel)


async def test_what_was_queued_is_what_was_written(outbox, tmp_path):
    """Sealed for those whom the ledger named; nothing of it is readable in the outbox."""
    text = f"at,systolic [mmHg],diastolic\n{at(-2)},121.25,80\n{at(-1)},119,79\n"
    parcel = queue(outbox, tmp_path, text, "week.csv")
    assert (parcel.task, parcel.slot, parcel.state) == (TASK, 3, State.WAITING)
    assert (parcel.readers, parcel.queued_ms, parcel.passed) == ((RECORDS.uid,), NOW_MS, True)
    found = await fetch_answer(Kept(outbox), parcel.hash, OPENED.place, RECORDS)
    assert found.column("systolic") == [121.25, 119]
    assert b"121.25" not in (tmp_path / "outbox.sqlite3").read_bytes()


async def test_a_long_answer_is_queued_in_parts(outbox, tmp_path):
    """The last file lists the others; the size is that of all."""
    rows = [{"at": at(-23 + n / 3600), "systolic": 120, "diastolic": 80} for n in range(50_000)]
    parcel = queue(outbox, tmp_path, json.dumps(rows))
    assert parcel.files == 3
    assert parcel.size == sum(size for _, size in outbox.unsent(parcel)) > 3 * 2**20
    found = await fetch_answer(Kept(outbox), parcel.hash, OPENED.place, RECORDS)
    assert len(found.rows) == 50_000


class Kept:
    """The files in an outbox, as a store gives them."""

    def __init__(self, outbox):
        self._outbox = outbox

    async def get(self, digest):
        return self._outbox.data(digest)
