# SPDX-License-Identifier: Apache-2.0
"""Sealed files in, receipts out; nothing readable, and nothing that is somebody else's."""

import asyncio
import hashlib

import httpx
import pytest
from tests.client.http_identity.people import NOW_MS
from tests.client.sealing.keys import point
from tests.services.content.stores import (
    ANN,
    RECORDS,
    RELEASER,
    TASK,
    A,
    answer,
    client,
    made,
)

from pmcb_client.content import (
    ContentForgotten,
    ContentMissing,
    ContentRefused,
    ContentTampered,
    ContentUnavailable,
)
from pmcb_client.http_identity import SignedRequests
from pmcb_client.sealing import Blob, Kind, Place, seal

pytestmark = pytest.mark.anyio


async def raw(app, method, path, **how):
    """An unsigned call."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        return await http.request(method, path, **how)


def kept(folder):
    """Everything in the store's folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", f"/v1/blobs/{'0' * 64}"),
        ("GET", f"/v1/blobs/{'0' * 64}"),
        ("DELETE", f"/v1/blobs/{'0' * 64}"),
        ("GET", f"/v1/listings/{TASK}/0"),
    ],
)
async def test_nobody_unknown_is_answered(app, folder, method, path):
    """An unsigned request changes and tells nothing."""
    answered = await raw(app, method, path, content=b"")
    assert answered.status_code == 401
    assert answered.json() == {
        "error": "UNAUTHENTICATED",
        "message": "The request is not signed.",
        "field": "unsigned",
    }
    assert kept(folder) == []


async def test_what_is_not_sealed_is_not_kept(app, folder):
    """Plain text, and a file whose hash is another."""
    plain = b'{"systolic": 120}'
    async with client(app) as store:
        with pytest.raises(ContentRefused) as caught:
            await store._call(
                "PUT", f"/v1/blobs/{hashlib.sha256(plain).hexdigest()}", content=plain
            )
        assert caught.value.code == "NOT_SEALED"
        with pytest.raises(ContentRefused) as caught:
            await store._call("PUT", f"/v1/blobs/{'0' * 64}", content=answer().data)
        assert (caught.value.code, caught.value.field) == ("HASH_MISMATCH", "digest")
    assert kept(folder) == []


@pytest.mark.parametrize(
    ("who", "blob"),
    [
        (A.person("bob"), answer()),
        (RELEASER, answer()),
        (ANN, seal(Kind.INSTRUCTIONS, Place(TASK, 0, level=1), b"x")[0]),
        (ANN, seal(Kind.SECRET, Place(TASK, 0, level=1), b"x", key=bytes(16))[0]),
        (A.person("ver", "verifier"), answer()),
    ],
)
async def test_nobody_puts_what_is_somebody_elses(app, folder, who, blob):
    """Another's answer, a file of no slot, a releaser's envelope; a role with nothing to put."""
    async with client(app, who) as store:
        with pytest.raises(ContentRefused) as caught:
            await store.put(blob)
    assert caught.value.code == "FORBIDDEN"
    assert kept(folder) == []


@pytest.mark.parametrize("path", ["xyz", "A" * 64, "0" * 63, "..%2f..%2fetc"])
async def test_a_path_that_is_no_hash_is_refused(app, path):
    """With the part that is to blame; no file is looked for."""
    async with client(app) as store:
        with pytest.raises(ContentRefused) as caught:
            await store.get(path)
    assert (caught.value.code, caught.value.field) in {("BAD_REQUEST", "digest"), ("NOT_FOUND", "")}


async def test_a_body_that_is_too_large_is_cut_off(app, folder):
    """Before it is all read."""
    read = 0

    async def endless():
        nonlocal read
        for _ in range(64):
            read += 1
            yield bytes(2**20)

    path = f"/v1/blobs/{'0' * 64}"
    signed = SignedRequests(ANN, audience="content", clock=lambda: NOW_MS)
    headers = signed.headers("PUT", path, {}, b"")
    answered = await raw(app, "PUT", path, content=endless(), headers=headers)
    assert (answered.status_code, answered.json()["error"]) == (413, "TOO_LARGE")
    assert read < 8
    assert kept(folder) == []


async def test_a_file_is_kept_once_and_every_put_has_a_receipt(app, folder):
    """The second receipt tells of the same moment; bytes come back as they were."""
    blob = answer()
    async with client(app) as store:
        first, second = await store.put(blob), await store.put(blob)
        assert (first.hash, first.size, first.uid) == (blob.hash, len(blob.data), ANN.uid)
        assert (first.at, first.store) == (second.at, "HospitalBMSP/content")
        assert await store.get(blob.hash) == blob.data
    assert [path for path in kept(folder) if path.startswith("blobs")] == [f"blobs/{blob.hash}"]


async def test_a_file_that_was_damaged_on_disk_is_named(app, folder):
    """Whoever reads checks the hash."""
    blob = answer()
    async with client(app) as store:
        await store.put(blob)
        (folder / "blobs" / blob.hash).write_bytes(blob.data[:-1] + bytes([blob.data[-1] ^ 1]))
        with pytest.raises(ContentTampered, match=blob.hash):
            await store.get(blob.hash)


async def test_a_file_that_is_not_there_is_missing(app):
    """Under its own error."""
    async with client(app) as store:
        with pytest.raises(ContentMissing, match="No file is kept"):
            await store.get("0" * 64)


async def test_a_quota_is_a_persons_and_a_days(folder):
    """The file that goes beyond it is not kept; the same one again costs nothing."""
    folder.mkdir()
    first, second = answer(content=b"1"), answer(content=b"2")
    app = made(folder, quota_bytes=len(first.data) + 100)
    async with client(app) as store:
        await store.put(first)
        await store.put(first)
        with pytest.raises(ContentRefused) as caught:
            await store.put(second)
        assert caught.value.code == "QUOTA"
    async with client(app, bob := A.person("bob")) as store:
        await store.put(answer(bob))
    assert f"blobs/{second.hash}" not in kept(folder)


async def test_passed_shares_are_listed_by_slot(app):
    """Of that subtask only, whoever asks; after a restart, too."""
    bob = A.person("bob")
    shares = [answer(bob, slot=4, kind=Kind.SHARE), answer(slot=1, kind=Kind.SHARE)]
    for who, share in zip((bob, ANN), shares, strict=True):
        async with client(app, who) as store:
            await store.put(share)
            await store.put(answer(who, slot=9))
    async with client(app, RELEASER) as store:
        listed = [(1, ANN.uid, shares[1].hash), (4, bob.uid, shares[0].hash)]
        assert await store.shares(TASK, 0) == listed
        assert await store.shares(TASK, 1) == []


async def test_calls_at_once_share_one_quota(folder):
    """Twenty files at once are counted one after the other."""
    folder.mkdir()
    blobs = [answer(content=bytes([number])) for number in range(20)]
    app = made(folder, quota_bytes=5 * len(blobs[0].data) + 100)
    async with client(app) as store:
        put = await asyncio.gather(*map(store.put, blobs), return_exceptions=True)
    assert sum(isinstance(one, ContentRefused) for one in put) == 15
    assert sum(path.startswith("blobs/") for path in kept(folder)) == 5


async def test_nobody_fills_a_listing(app):
    """One share of a holder is due in a subtask; a few more are taken, since keys are renewed."""
    shares = [answer(kind=Kind.SHARE, content=bytes([number])) for number in range(9)]
    async with client(app) as store:
        for share in shares[:8]:
            await store.put(share)
        with pytest.raises(ContentRefused) as caught:
            await store.put(shares[8])
        assert caught.value.code == "QUOTA"
        assert len(await store.shares(TASK, 0)) == 8


async def test_questions_are_never_forgotten(app):
    """Who can read an envelope cannot take it from the others."""
    blob = seal(
        Kind.INSTRUCTIONS,
        Place(TASK, 0, level=1),
        b"?",
        recipients={RECORDS.uid: point(RECORDS.private_key)},
    )[0]
    async with client(app, RELEASER) as store:
        await store.put(blob)
    async with client(app, RECORDS) as store:
        with pytest.raises(ContentRefused) as caught:
            await store.delete(blob.hash)
        assert caught.value.code == "FORBIDDEN"
        assert await store.get(blob.hash) == blob.data


async def test_a_share_for_a_thousand_co_holders_is_kept(app):
    """Its header alone holds a third of a megabyte."""
    people = {f"{'M' * 64}/{n:064}": point(RECORDS.private_key) for n in range(1000)}
    share = answer(kind=Kind.SHARE, **people)
    async with client(app) as store:
        await store.put(share)
        assert await store.shares(TASK, 0) == [(3, ANN.uid, share.hash)]
        assert await store.get(share.hash) == share.data


async def test_whom_an_answer_was_sealed_for_may_have_it_forgotten(app):
    """Not its author, not another institution; who asks later is told whose it was."""
    blob = answer(**{RECORDS.uid: point(RECORDS.private_key)})
    async with client(app) as store:
        await store.put(blob)
        with pytest.raises(ContentRefused) as caught:
            await store.delete(blob.hash)
        assert caught.value.code == "FORBIDDEN"
    async with client(app, A.person("other", "institution")) as store:
        with pytest.raises(ContentRefused):
            await store.delete(blob.hash)
    async with client(app, RECORDS) as store:
        assert Blob.parse(await store.get(blob.hash)).key_for(RECORDS.uid, RECORDS.private_key)
        await store.delete(blob.hash)
        with pytest.raises(ContentForgotten) as forgotten:
            await store.get(blob.hash)
        assert forgotten.value.field == blob.place.name
        with pytest.raises(ContentForgotten):
            await store.delete(blob.hash)


async def test_health_and_metrics_tell_no_names(app):
    """Counts by path pattern and status; no hash, no person."""
    blob = answer()
    async with client(app) as store:
        await store.put(blob)
    assert (await raw(app, "GET", "/healthz")).text == "ok\n"
    assert (await raw(app, "GET", "/readyz")).text == "ok\n"
    told = (await raw(app, "GET", "/metrics")).text
    assert 'path="/v1/blobs/{digest}",status="200"} 1.0' in told
    assert blob.hash not in told
    assert "ann" not in told


async def test_errors_have_one_shape_everywhere(app):
    """Also where no path or no method fits."""
    for method, path, status, code in (
        ("GET", "/nowhere", 404, "NOT_FOUND"),
        ("POST", f"/v1/blobs/{'0' * 64}", 405, "METHOD"),
    ):
        answered = await raw(app, method, path)
        assert answered.status_code == status
        assert answered.json()["error"] == code
        assert set(answered.json()) == {"error", "message", "field"}


async def test_a_storage_that_fails_is_no_missing_file(app, folder):
    """Where the folder was, something else stands: the caller may try again later."""
    blob = answer()
    folder.rmdir()
    folder.write_text("no folder")
    async with client(app) as store:
        with pytest.raises(ContentUnavailable, match="fails \\(503\\)"):
            await store.get(blob.hash)
        with pytest.raises(ContentUnavailable):
            await store.put(blob)
    answered = await raw(app, "GET", "/readyz")
    assert (answered.status_code, answered.json()["error"]) == (503, "STORE_UNAVAILABLE")
