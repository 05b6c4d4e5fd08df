# SPDX-License-Identifier: Apache-2.0
"""An answer that was queued arrives once, whatever fails in between and whoever is killed."""

import httpx
import pytest
from tests.client.http_identity.people import NOW_MS
from tests.services.content.senders import Records, queued, sealed, store, taken
from tests.services.content.stores import ANN, NETWORK, RECORDS, STORE, B, client, made

from pmcb_client.content import ContentClient, ContentUnavailable, ForeignReceipt, Receipt
from pmcb_client.receiver import send
from pmcb_client.sealing import Blob
from pmcb_client.usage_errors import AnswerError

pytestmark = pytest.mark.anyio


def test_the_outbox_is_its_owners_alone(outbox, tmp_path):
    """The file, what SQLite keeps beside it, and the folder."""
    queued(outbox, 1)
    folder = tmp_path / "receiver"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_task_is_answered_once(outbox):
    """Another answer is refused and changes nothing."""
    (parcel,) = queued(outbox, 1)
    blob = sealed(0)
    with pytest.raises(AnswerError, match=r"was queued already \(waiting\)"):
        outbox.put([blob], queued_ms=9)
    assert outbox.pending() == outbox.all() == [parcel]
    assert outbox.data(blob.hash) is None
    assert parcel.readers == (RECORDS.uid,)


async def test_a_receipt_of_another_store_is_none(outbox, app):
    """Nothing counts as uploaded, nothing is submitted, and the data stay."""
    (parcel,) = queued(outbox, 1)
    other = B.person("other", "institution")

    class Impostor:
        async def put(self, blob):
            document = Receipt.sign(blob.hash, len(blob.data), ANN.uid, 1, other).as_document()
            return Receipt.checked(document, NETWORK, digest=blob.hash, uid=ANN.uid)

    ledger = Records()
    found = await send(outbox, Impostor(), ledger, ANN)
    assert isinstance(found.problem, ForeignReceipt)
    assert (found.waiting, ledger.rows, found.is_unavailable) == ((parcel,), {}, False)
    assert outbox.receipts(parcel) == []
    assert outbox.data(parcel.hash) is not None


async def test_off_line_nothing_is_lost_and_nothing_is_sent(outbox, app):
    """Neither store nor ledger answers: everything waits, with the reason."""
    parcels = queued(outbox, 3)
    reach, _ = store(app, lambda: "before")
    found = await send(outbox, reach, Records(lambda: "before"), ANN)
    assert (found.waiting, found.submitted) == (tuple(parcels), ())
    assert isinstance(found.problem, ContentUnavailable)
    assert found.is_unavailable


async def test_what_the_ledger_has_leaves_the_disk(outbox, app, tmp_path):
    """The bytes are gone from the file, too; row and receipt tell what became of it."""
    (parcel,) = queued(outbox, 1)
    data = outbox.data(parcel.hash)
    ledger = Records()
    reach, _ = store(app)
    found = await send(outbox, reach, ledger, ANN)
    assert [one.hash for one in found.submitted] == [parcel.hash]
    assert (found.waiting, found.problem, ledger.rows) == ((), None, taken([parcel]))
    kept = b"".join(path.read_bytes() for path in (tmp_path / "receiver").iterdir())
    assert data[-64:] not in kept
    (receipt,) = outbox.receipts(parcel)
    Receipt.checked(receipt, NETWORK, digest=parcel.hash, uid=ANN.uid)
    assert receipt["store"] == STORE.uid
    async with client(app) as reader:
        assert await reader.get(parcel.hash) == data


async def test_what_the_ledger_will_never_have_is_told_and_forgotten(outbox, app):
    """Too late is too late: the code stays, the data do not, and the others go on."""
    first, second = queued(outbox, 2)
    kinds = iter(["refused", ""])
    reach, _ = store(app)
    found = await send(outbox, reach, Records(lambda: next(kinds)), ANN)
    assert [(one.hash, one.code) for one in found.refused] == [(first.hash, "DEADLINE_PASSED")]
    assert [one.hash for one in found.submitted] == [second.hash]
    assert outbox.data(first.hash) is None


@pytest.mark.parametrize("code", ["SUSPENDED", "NOT_HOLDER", "NOT_FOUND"])
async def test_a_refusal_that_may_pass_loses_nothing(outbox, app, code):
    """Who is reinstated finds the answer where it was."""
    (parcel,) = queued(outbox, 1)
    reach, _ = store(app)
    found = await send(outbox, reach, Records(lambda: "refused", code), ANN)
    assert [one.hash for one in found.waiting] == [parcel.hash]
    assert (found.refused, found.is_unavailable) == ((), False)
    found = await send(outbox, reach, Records(), ANN)
    assert [one.hash for one in found.submitted] == [parcel.hash]


async def test_a_used_up_quota_waits_for_tomorrow(outbox, folder):
    """It is no refusal of the answer."""
    folder.mkdir()
    parcels = queued(outbox, 2)
    app = made(folder, quota_bytes=parcels[0].size)
    reach, _ = store(app)
    found = await send(outbox, reach, Records(), ANN)
    assert (len(found.submitted), len(found.waiting)) == (1, 1)
    assert "try tomorrow" in str(found.problem)
    assert not found.is_unavailable


async def test_a_store_that_does_not_know_the_caller_loses_nothing(outbox, app):
    """A clock that is wrong, a certificate that was revoked: the answer waits."""
    (parcel,) = queued(outbox, 1)
    late = ContentClient(
        NETWORK, ANN, transport=httpx.ASGITransport(app), clock=lambda: NOW_MS - 10_000_000
    )
    found = await send(outbox, late, Records(), ANN)
    assert (found.waiting, found.refused) == ((parcel,), ())


async def test_an_answer_in_parts_goes_on_with_the_first_that_is_missing(outbox, app):
    """What the store signed for is not sent again; the ledger names the last part."""
    (parcel,) = queued(outbox, 1, parts=4)
    blobs = [Blob.parse(outbox.data(digest)) for digest, _ in outbox.unsent(parcel)]
    assert parcel.size == sum(len(blob.data) for blob in blobs)
    assert parcel.hash == blobs[-1].hash
    ledger = Records()
    for rest in (3, 2, 1, 0):
        calls = iter(["", "before"])
        reach, link = store(app, lambda calls=calls: next(calls))
        found = await send(outbox, reach, ledger, ANN)
        assert len(outbox.unsent(parcel)) == rest
        assert link.bytes == sum(len(blob.data) for blob in blobs[3 - rest : 5 - rest])
    assert (ledger.rows, found.waiting) == (taken([parcel]), ())
    async with client(app) as reader:
        for blob in blobs:
            assert await reader.get(blob.hash) == blob.data


async def test_the_sender_tells_how_far_it_is(outbox, app):
    """In bytes of this round."""
    parcels = queued(outbox, 3, parts=2)
    told: list[int] = []
    reach, _ = store(app)
    await send(outbox, reach, Records(), ANN, advance=told.append)
    assert told == sorted(told)
    assert (len(told), told[-1]) == (6, sum(parcel.size for parcel in parcels))
