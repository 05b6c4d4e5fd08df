# SPDX-License-Identifier: Apache-2.0
"""Notices: public words, by their hash, from releasers only."""

import hashlib

import pytest
from tests.services.content.stores import ANN, RECORDS, RELEASER, client, made

from pmcb_client.content import (
    MAX_NOTICE_BYTES,
    ContentMissing,
    ContentRefused,
    ContentTampered,
)

pytestmark = pytest.mark.anyio

NOTICE = "We measure blood pressure.\r\n\tZwei Ärzte lesen es.\n".encode()


def digest(data):
    return hashlib.sha256(data).hexdigest()


def kept(folder):
    """Everything in the store's folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("who", [ANN, RECORDS])
async def test_only_releasers_put_notices(app, folder, who):
    """A receiver and an institution are refused."""
    async with client(app, who) as store:
        with pytest.raises(ContentRefused) as caught:
            await store.put_notice(NOTICE)
    assert caught.value.code == "FORBIDDEN"
    assert kept(folder) == []


@pytest.mark.parametrize(
    "data", [b"", b" \n", b"\xff\xfe", b"a\0b", b"a\x1b[2Jb", "a\x9b2Jb".encode()]
)
async def test_what_is_no_text_is_not_kept(app, folder, data):
    """Nothing, other encodings, and what would move a reader's cursor."""
    async with client(app, RELEASER) as store:
        with pytest.raises(ContentRefused) as caught:
            await store.put_notice(data)
    assert (caught.value.code, caught.value.exit_code) == ("NOT_TEXT", 2)
    assert kept(folder) == []


async def test_too_long_or_another_hash_is_refused(app, folder):
    """Before anything is kept."""
    async with client(app, RELEASER) as store:
        with pytest.raises(ContentRefused) as caught:
            await store.put_notice(b"a" * (MAX_NOTICE_BYTES + 1))
        assert caught.value.code == "TOO_LARGE"
        with pytest.raises(ContentRefused) as caught:
            await store._call("PUT", f"/v1/notices/{'0' * 64}", content=NOTICE)
        assert (caught.value.code, caught.value.field) == ("HASH_MISMATCH", "digest")
    assert kept(folder) == []


async def test_a_notice_is_kept_once_and_read_by_anybody_enrolled(app):
    """Every put has a receipt of the same moment; the bytes come back as they were."""
    async with client(app, RELEASER) as store:
        first, second = await store.put_notice(NOTICE), await store.put_notice(NOTICE)
        assert (first.hash, first.size, first.at) == (digest(NOTICE), len(NOTICE), second.at)
    async with client(app) as store:
        assert await store.get_notice(digest(NOTICE)) == NOTICE
        with pytest.raises(ContentMissing):
            await store.get_notice("0" * 64)
        with pytest.raises(ContentMissing):
            await store.get(digest(NOTICE))


async def test_a_notice_that_was_changed_is_named(app, folder):
    """Whoever reads checks the hash."""
    async with client(app, RELEASER) as store:
        await store.put_notice(NOTICE)
        (folder / "notices" / digest(NOTICE)).write_bytes(b"Another purpose.")
        with pytest.raises(ContentTampered, match=digest(NOTICE)):
            await store.get_notice(digest(NOTICE))


async def test_notices_count_in_the_quota(folder):
    """What goes beyond it is not kept; the same one again costs nothing."""
    folder.mkdir()
    async with client(made(folder, quota_bytes=len(NOTICE)), RELEASER) as store:
        await store.put_notice(NOTICE)
        await store.put_notice(NOTICE)
        with pytest.raises(ContentRefused) as caught:
            await store.put_notice(b"One more.")
    assert caught.value.code == "QUOTA"


async def test_notices_stand_in_the_interface_document(app):
    """Both calls, as users of other languages find them."""
    paths = app.openapi()["paths"]
    assert set(paths["/v1/notices/{digest}"]) == {"get", "put"}
