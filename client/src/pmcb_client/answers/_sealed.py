# SPDX-License-Identifier: Apache-2.0
"""Answers as they travel: one sealed file, or several under a manifest."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from pmcb_client.content import ContentMissing, ContentTampered
from pmcb_client.sealing import Blob, Damaged, Kind, Place, SealingError, open_for, seal

from ._answer import MAX_ROWS, Answer, Row

if TYPE_CHECKING:
    from pmcb_client.wallet import WalletIdentity

__all__ = ["fetch_answer", "forget_answer", "seal_answer"]

PART_BYTES = 3 * 1024 * 1024
MAX_PARTS = 16
MAX_BYTES = 16 * 1024 * 1024
"""Of all rows as they are sealed. Whatever they hold, less than 200 MB of memory open them."""
_MANIFEST_BYTES = 4096
VERSION = 1
_HASH = re.compile("[0-9a-f]{64}")


class Store(Protocol):
    """As much of the content store as reading takes."""

    async def get(self, digest: str) -> bytes:
        """The bytes under a hash."""
        ...


class ForgettingStore(Store, Protocol):
    """As much of the content store as forgetting takes."""

    async def delete(self, digest: str) -> None:
        """Forget the bytes under a hash."""


def seal_answer(
    answer: Answer, place: Place, recipients: Mapping[str, str], *, part_bytes: int = PART_BYTES
) -> tuple[Blob, ...]:
    """The sealed files of an answer, in the order in which they are uploaded.

    The last one is named on the ledger: the answer itself, or a manifest of the parts before it.

    Args:
        answer: what is sealed.
        place: task, subtask, slot and holder.
        recipients: public keys by uid, as announced on the ledger.
        part_bytes: of the rows in one part, at most; the default leaves room within 4 MiB.

    Raises:
        ValueError: the answer is too large, or a recipient's key is none.
    """
    contents = [part.encode() for part in _parts(answer, part_bytes)]
    if len(contents) > MAX_PARTS or sum(map(len, contents)) > MAX_BYTES:
        raise ValueError(f"an answer holds at most {MAX_BYTES // 2**20} MiB")
    blobs = [seal(Kind.ANSWER, place, one, recipients=recipients)[0] for one in contents]
    if len(blobs) > 1:
        manifest = json.dumps({"version": VERSION, "parts": [blob.hash for blob in blobs]})
        blobs.append(seal(Kind.ANSWER, place, manifest.encode(), recipients=recipients)[0])
    return tuple(blobs)


async def fetch_answer(
    store: Store, content_hash: str, place: Place, identity: WalletIdentity
) -> Answer:
    """The answer that the ledger names, fetched, opened and put together.

    Args:
        store: the content store.
        content_hash: of the submission.
        place: task, subtask, slot and holder, as the ledger has them.
        identity: one of those for whom it was sealed.

    Raises:
        ContentError: the store does not have it, or does not answer.
        SealingError: it is something else than an answer of this place for this person, or larger
            than one may be.
    """

    async def opened(digest: str) -> bytes:
        blob = Blob.parse(await store.get(digest))
        return await asyncio.to_thread(open_for, identity, blob, kind=Kind.ANSWER, place=place)

    content = await opened(content_hash)
    parts = _listed(content)
    if parts is None:
        return await asyncio.to_thread(Answer.decode, content)
    rows: list[Row] = []
    size = 0
    for digest in parts:
        content = await opened(digest)
        size += len(content)
        if size <= MAX_BYTES:
            rows += (await asyncio.to_thread(Answer.decode, content)).rows
        if size > MAX_BYTES or len(rows) > MAX_ROWS:
            raise Damaged("The sealed files hold more than an answer may.")
    return Answer(tuple(rows))


async def forget_answer(
    store: ForgettingStore, content_hash: str, place: Place, identity: WalletIdentity
) -> None:
    """Have all files of an answer forgotten; may be repeated after any failure.

    A file that belongs to another place stays, whoever named it: hashes can be copied. The named
    file goes last, since it tells of the others.

    Args:
        store: the content store.
        content_hash: of the submission.
        place: task, subtask, slot and holder, as the ledger has them.
        identity: one of those for whom it was sealed.

    Raises:
        ContentError: the store refuses, or does not answer.
    """
    named = await _file_of(store, content_hash, place)
    if named is None:
        return
    for digest in _parts_in(named, place, identity):
        if await _file_of(store, digest, place) is not None:
            await store.delete(digest)
    await store.delete(content_hash)


async def _file_of(store: Store, digest: str, place: Place) -> Blob | None:
    """A file that the store has and that belongs to this place."""
    try:
        blob = Blob.parse(await store.get(digest))
    except (ContentMissing, ContentTampered, Damaged):
        return None
    return blob if (blob.kind, blob.place) == (Kind.ANSWER, place) else None


def _parts_in(named: Blob, place: Place, identity: WalletIdentity) -> list[str]:
    try:
        return _listed(open_for(identity, named, kind=Kind.ANSWER, place=place)) or []
    except SealingError:
        return []


def _parts(answer: Answer, part_bytes: int) -> Iterator[Answer]:
    """Runs of rows that are each small enough; what is small is not cut."""
    if len(answer.encode()) <= part_bytes or len(answer.rows) == 1:
        yield answer
        return
    half = len(answer.rows) // 2
    for rows in (answer.rows[:half], answer.rows[half:]):
        yield from _parts(Answer(rows), part_bytes)


def _listed(content: bytes) -> list[str] | None:
    """The hashes in a manifest, None where the content is none."""
    if len(content) > _MANIFEST_BYTES:
        return None
    try:
        document: Any = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or "parts" not in document:
        return None
    parts = document["parts"]
    sound = set(document) == {"version", "parts"} and document["version"] == VERSION
    if not sound or not isinstance(parts, list) or not 0 < len(parts) <= MAX_PARTS:
        raise Damaged("The sealed file holds no manifest.")
    if not all(isinstance(digest, str) and _HASH.fullmatch(digest) for digest in parts):
        raise Damaged("The sealed file holds no manifest.")
    if len(set(parts)) != len(parts):
        raise Damaged("The sealed file holds no manifest.")
    return parts
