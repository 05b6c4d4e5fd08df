# SPDX-License-Identifier: Apache-2.0
"""Answers travel sealed, in one file or in several, and come back whole or not at all."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.client.http_identity.people import Ca
from tests.client.sealing.keys import point

from pmcb_client.answers import Answer, Row, fetch_answer, forget_answer, seal_answer
from pmcb_client.answers._answer import LATEST_MS, MAX_ROWS
from pmcb_client.answers._sealed import MAX_BYTES, MAX_PARTS
from pmcb_client.content import ContentMissing, ContentUnavailable
from pmcb_client.sealing import Damaged, Kind, NotForYou, Place, SealingError, WrongPlace, seal

RECORDS = Ca("HospitalBMSP").person("records", "institution")
KEYS = {RECORDS.uid: point(RECORDS.private_key)}
TASK = "a" * 32
PLACE = Place(TASK, 0, slot=3, holder="HospitalAMSP/ann")
OTHER = Place(TASK, 0, slot=4, holder="HospitalAMSP/bob")
WEEK = Answer(tuple(Row(1_000 * n, {"systolic": 120 + n, "arm": "left"}) for n in range(9)))


class Shelf:
    """Files by hash, as a content store keeps them."""

    def __init__(self, *blobs):
        self.files = {blob.hash: blob.data for blob in blobs}
        self.asked = []
        self.deletions = MAX_PARTS  # that are answered

    async def get(self, digest):
        self.asked.append(digest)
        if digest not in self.files:
            raise ContentMissing("NOT_FOUND", "no file.", field="hash", status=404)
        return self.files[digest]

    async def delete(self, digest):
        self.deletions -= 1
        if self.deletions < 0:
            raise ContentUnavailable("no answer")
        await self.get(digest)
        del self.files[digest]


def manifest(document, place=PLACE):
    """A sealed file that says it lists parts."""
    return seal(Kind.ANSWER, place, json.dumps(document).encode(), recipients=KEYS)[0]


def parted(place=PLACE):
    """An answer in several files and the one that lists them."""
    return seal_answer(WEEK, place, KEYS, part_bytes=200)


def listing(*digests):
    """A manifest of these."""
    return manifest({"version": 1, "parts": list(digests)})


async def fetched(shelf, named, place=PLACE):
    """The answer under a file's hash."""
    return await fetch_answer(shelf, named.hash, place, RECORDS)


@pytest.mark.parametrize(
    "document",
    [
        {"version": 1, "parts": []},
        {"version": 2, "parts": ["0" * 64]},
        {"version": 1, "parts": ["0" * 64], "more": 1},
        {"version": 1, "parts": "0" * 64},
        {"version": 1, "parts": {"0" * 64: 1}},
        {"version": 1, "parts": [7]},
        {"version": 1, "parts": ["0" * 63]},
        {"version": 1, "parts": ["../../v1/listings"]},
        {"version": 1, "parts": ["A" * 64]},
        {"version": 1, "parts": [f"{n:064x}" for n in range(MAX_PARTS + 1)]},
        {"version": 1, "parts": ["0" * 64, "0" * 64]},
        {"parts": ["0" * 64]},
    ],
)
async def test_a_manifest_that_is_none_is_damaged(document):
    """None, too many, a part twice, what is no hash: nothing else is asked for."""
    blob = manifest(document)
    shelf = Shelf(blob)
    with pytest.raises(Damaged, match="no manifest"):
        await fetched(shelf, blob)
    assert shelf.asked == [blob.hash]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b"7", b"[" * 100_000, b"{}"])
async def test_a_file_that_holds_something_else_is_damaged(content):
    """Neither an answer nor a manifest."""
    blob = seal(Kind.ANSWER, PLACE, content, recipients=KEYS)[0]
    with pytest.raises(Damaged):
        await fetched(Shelf(blob), blob)


async def test_a_manifest_in_a_manifest_is_damaged():
    """Parts hold rows; so no list can lead back to itself."""
    *parts, inner = parted()
    outer = listing(inner.hash)
    with pytest.raises(Damaged, match="no answer"):
        await fetched(Shelf(*parts, inner, outer), outer)


async def test_a_manifest_that_lists_itself_is_damaged():
    """As a store would have to lie for it: the file that comes is the list again."""
    blob = listing("0" * 64)
    shelf = Shelf(blob)
    shelf.files["0" * 64] = blob.data
    with pytest.raises(Damaged, match="no answer"):
        await fetched(shelf, blob)


async def test_a_missing_part_is_missing():
    """Under the store's own error; nothing of the others is given."""
    *parts, named = parted()
    with pytest.raises(ContentMissing):
        await fetched(Shelf(*parts[1:], named), named)


async def test_a_part_of_another_slot_is_refused():
    """Whoever lists another's files gets nothing from them."""
    foreign = seal_answer(WEEK, OTHER, KEYS)[0]
    named = listing(foreign.hash)
    with pytest.raises(WrongPlace):
        await fetched(Shelf(foreign, named), named)


async def test_an_answer_of_another_slot_is_refused():
    """A hash that was copied from the ledger is no answer."""
    (named,) = seal_answer(WEEK, OTHER, KEYS)
    with pytest.raises(WrongPlace):
        await fetched(Shelf(named), named)


async def test_what_was_sealed_for_others_is_not_for_me():
    """Even with the right place."""
    stranger = Ca("HospitalBMSP").person("stranger", "institution")
    (named,) = seal_answer(WEEK, PLACE, {stranger.uid: point(stranger.private_key)})
    with pytest.raises(NotForYou):
        await fetched(Shelf(named), named)


def rows_of(count, value=""):
    """A sealed file of so many rows, as small as they can be, or with a long value."""
    row = json.dumps({"at": 0, "values": {"a": value} if value else {}})
    content = f'{{"version": 1, "rows": [{",".join([row] * count)}]}}'
    return seal(Kind.ANSWER, PLACE, content.encode(), recipients=KEYS)[0]


async def test_an_answer_of_too_many_rows_is_damaged():
    """Found while it is fetched: what comes behind is not asked for, nor kept in memory."""
    alone = rows_of(MAX_ROWS + 1)
    with pytest.raises(Damaged):
        await fetched(Shelf(alone), alone)
    parts = [rows_of(MAX_ROWS // 2 + n) for n in range(3)]
    named = listing(*(part.hash for part in parts))
    shelf = Shelf(*parts, named)
    with pytest.raises(Damaged, match="more than an answer may"):
        await fetched(shelf, named)
    assert shelf.asked == [named.hash, parts[0].hash, parts[1].hash]


async def test_an_answer_of_too_many_bytes_is_damaged():
    """As long as its rows are, however few."""
    size = MAX_BYTES // 6
    parts = [rows_of(1, "x" * (size + n)) for n in range(7)]
    named = listing(*(part.hash for part in parts))
    shelf = Shelf(*parts, named)
    with pytest.raises(Damaged, match="more than an answer may"):
        await fetched(shelf, named)
    assert len(shelf.asked) == 7


def test_an_answer_of_too_many_bytes_is_not_sealed():
    """Nobody could open it."""
    rows = tuple(Row(n, {"a": "x" * 2**20}) for n in range(16))
    with pytest.raises(ValueError, match="at most 16 MiB"):
        seal_answer(Answer(rows), PLACE, KEYS)


async def test_a_small_answer_is_one_file():
    """Named on the ledger itself."""
    (named,) = seal_answer(WEEK, PLACE, KEYS)
    assert await fetched(Shelf(named), named) == WEEK


async def test_a_large_answer_is_several_files_under_a_manifest():
    """The last one is named, and the rows come back in their order."""
    *parts, named = parted()
    assert len(parts) > 1
    shelf = Shelf(*parts, named)
    assert await fetched(shelf, named) == WEEK
    assert shelf.asked == [named.hash, *(part.hash for part in parts)]


def test_an_answer_that_would_be_too_many_files_is_not_sealed():
    """Before anything is uploaded."""
    rows = tuple(Row(n, {"a": n}) for n in range(2 * MAX_PARTS))
    with pytest.raises(ValueError, match="at most"):
        seal_answer(Answer(rows), PLACE, KEYS, part_bytes=1)


async def test_all_files_of_an_answer_are_forgotten_the_named_one_last():
    """Whoever is stopped in between finds the list again, and repeats it."""
    *parts, named = parted()
    shelf = Shelf(*parts, named)
    shelf.deletions = 2
    with pytest.raises(ContentUnavailable):
        await forget_answer(shelf, named.hash, PLACE, RECORDS)
    assert named.hash in shelf.files
    shelf.deletions = MAX_PARTS
    for _ in range(2):
        await forget_answer(shelf, named.hash, PLACE, RECORDS)
        assert shelf.files == {}


async def test_a_file_of_somebody_else_is_never_forgotten():
    """Neither one whose hash was copied from the ledger nor one in a foreign list."""
    *parts, named = parted(OTHER)
    listed = listing(parts[0].hash)
    shelf = Shelf(*parts, named, listed)
    await forget_answer(shelf, named.hash, PLACE, RECORDS)
    assert set(shelf.files) == {blob.hash for blob in (*parts, named, listed)}
    await forget_answer(shelf, listed.hash, PLACE, RECORDS)
    assert set(shelf.files) == {blob.hash for blob in (*parts, named)}


async def test_a_damaged_answer_is_forgotten_too():
    """What it holds does not matter, as long as it belongs there."""
    blob = manifest({"version": 1, "parts": 7})
    shelf = Shelf(blob)
    await forget_answer(shelf, blob.hash, PLACE, RECORDS)
    assert shelf.files == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
VALUES = (
    st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8)
)
ROWS = st.builds(Row, st.integers(0, LATEST_MS - 1), st.dictionaries(NAMES, VALUES, max_size=3))


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_garbage_is_no_answer(data):
    """Whatever stands in an opened file, one error says that it is none."""
    with pytest.raises(Damaged, match="no answer"):
        Answer.decode(data)


@given(JSON, st.sampled_from(["version", "rows", "at", "values", "value"]))
def test_an_answer_with_garbage_in_it_is_none(garbage, part):
    """An odd version, rows, time or value; what is left is an answer of plain values."""
    row: dict[str, Any] = {"at": 1, "values": {"a": 1}}
    document: dict[str, Any] = {"version": 1, "rows": [row]}
    where = document if part in document else row if part in row else row["values"]
    where["a" if part == "value" else part] = garbage
    try:
        found = Answer.decode(json.dumps(document).encode())
    except SealingError:
        return
    for one in found.rows:
        assert type(one.at) is int
        assert {type(value) for value in one.values.values()} <= {int, float, str}


@pytest.mark.parametrize(
    "rows",
    ['""', "{}", '"rows"', "null", '[{"at": 1, "values": []}]', '[{"at": true, "values": {}}]'],
)
def test_rows_are_a_list_of_rows(rows):
    """And nothing that only looks like an empty one."""
    with pytest.raises(Damaged):
        Answer.decode(f'{{"version": 1, "rows": {rows}}}'.encode())


@given(st.lists(ROWS, max_size=4))
def test_what_was_encoded_comes_back(rows):
    """Times, numbers and texts as they were."""
    answer = Answer(tuple(rows))
    assert Answer.decode(answer.encode()) == answer


def test_a_column_leaves_out_the_rows_that_lack_it():
    """In the rows' order."""
    answer = Answer((Row(1, {"a": 1}), Row(2, {"b": 2}), Row(3, {"a": 3})))
    assert answer.column("a") == [1, 3]
