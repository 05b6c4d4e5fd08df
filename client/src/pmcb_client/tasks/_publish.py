# SPDX-License-Identifier: Apache-2.0
"""Publishing a task: files in the releaser's folder first, then the store, then the ledger.

The folder is complete before anything is sent, so that a publication whose outcome is in doubt can
be repeated with the same id, the same hashes and the same deadlines.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pmcb_client._canonical import canonical
from pmcb_client._ledger import Ledger
from pmcb_client.errors import Refused
from pmcb_client.files import write_private
from pmcb_client.sealing import Blob, Damaged

from ._keys import TaskKeys
from ._preview import SubtaskPreview
from ._record import TaskRecord, doubted, envelope_file, notice_file, secret_file
from ._sealed import seal_subtask
from ._task_file import TaskFile

if TYPE_CHECKING:
    from pmcb_client.content import Receipt

__all__ = ["announced_keys", "escrow", "prepare", "publish"]


class Store(Protocol):
    """As much of the content store as publishing needs."""

    async def put(self, blob: Blob) -> Receipt:
        """Keep a sealed file."""
        ...

    async def put_notice(self, notice: bytes) -> Receipt:
        """Keep a notice."""
        ...


def escrow(parts: Sequence[SubtaskPreview], task: TaskFile) -> int:
    """Credits that publishing sets aside for rewards."""
    return sum(part.slots for part in parts) * task.reward


async def announced_keys(ledger: Ledger, uids: Iterable[str]) -> dict[str, str]:
    """The keys to seal to, by uid: a task's questions go to verifiers, institution, releaser.

    The first two judge and keep answers by them; to the releaser they stay readable on another
    machine.

    Raises:
        Refused: ``PARTY_UNFIT``, somebody has announced no key; the message names the uid.
    """
    keys: dict[str, str] = {}
    for uid in uids:
        try:
            found = json.loads(await ledger.evaluate("get_key", *uid.split("/")))
        except Refused as error:
            if error.code != "NOT_FOUND":
                raise
            reason = f"{uid} has announced no key, so nothing can be sealed for them."
            raise Refused("PARTY_UNFIT", status=409, reason=reason) from error
        keys[uid] = str(found["key"])
    return keys


def prepare(
    folder: Path,
    task: TaskFile,
    parts: Sequence[SubtaskPreview],
    *,
    releaser: str,
    recipients: Mapping[str, str],
    now_ms: int,
) -> TaskRecord:
    """The task's files, written; those of an earlier try in doubt, if there is one.

    Args:
        folder: ``<home>/tasks``.
        task: the checked task file.
        parts: its preview under the active epoch.
        releaser: uid.
        recipients: keys by uid, as `announced_keys` gives them.
        now_ms: Unix time in milliseconds; deadlines count from here.
    """
    earlier = doubted(folder, task.digest, levels=len(parts), releaser=releaser)
    if earlier is not None:
        return earlier
    task_id = secrets.token_hex(16)
    place = folder / task_id
    sealed = [seal_subtask(task, part, task_id, recipients) for part in parts]
    for number, part in enumerate(sealed):
        write_private(envelope_file(place, number), part.envelope.data)
        if part.secret is not None:
            write_private(secret_file(place, number), part.secret.data)
    TaskKeys.of(sealed).save(place)
    write_private(notice_file(place), task.notice)
    hashes = [part.envelope.hash for part in sealed]
    spec = _specification(task, parts, hashes, now_ms)
    record = TaskRecord(task_id, releaser, task.title, task.digest, spec)
    record.save(folder)  # last: a folder without a record is one that was never sent
    return record


async def publish(ledger: Ledger, store: Store, folder: Path, record: TaskRecord) -> TaskRecord:
    """Send the task, or send it again: what is sealed to the store, then its hashes to the ledger.

    Store and contract answer a repeat with what stands.

    Raises:
        Refused: the task does not stand; its files are removed, so the next try starts afresh.
        ContentError: the store took not all of it; nothing is on the ledger.
        Damaged: a sealed file in the folder is not the one that was made.
    """
    place = folder / record.task
    blobs = list(_blobs(place, record))
    await store.put_notice(notice_file(place).read_bytes())
    for blob in blobs:
        await store.put(blob)
    try:
        await ledger.submit("publish_task", record.task, canonical(record.spec).decode())
    except Refused:
        shutil.rmtree(place)
        raise
    published = replace(record, published=True)
    published.save(folder)
    return published


def _blobs(place: Path, record: TaskRecord) -> Iterator[Blob]:
    """The sealed files, which must be those that record and keys speak of."""
    keys = TaskKeys.load(place)
    if keys is None:
        raise _damaged(place)
    for number, part in enumerate(record.spec["subtasks"]):
        yield _read(envelope_file(place, number), part["envelope_hash"])
    for number, kept in keys.secrets.items():
        yield _read(secret_file(place, number), kept.blob_hash)


def _read(path: Path, digest: str) -> Blob:
    try:
        blob = Blob.parse(path.read_bytes())
    except (FileNotFoundError, Damaged) as error:
        raise _damaged(path.parent) from error
    if blob.hash != digest:
        raise _damaged(path.parent)
    return blob


def _damaged(place: Path) -> Damaged:
    return Damaged(
        f"The files in {place} are not those that were made for this task.",
        next_step="Remove the folder, and publish the task anew.",
    )


def _specification(
    task: TaskFile, parts: Sequence[SubtaskPreview], hashes: Sequence[str], now_ms: int
) -> dict[str, Any]:
    return {
        "series": task.series,
        "levels": len(parts),
        "accept_until": now_ms + task.accept_for_ms,
        "submit_until": now_ms + task.submit_for_ms,
        "verifiers": list(task.verifiers),
        "institution": task.institution,
        "results_to": task.results_to,
        "notice_hash": task.notice_hash,
        "subtasks": [
            {
                "level": part.level,
                "slots": part.slots,
                "reward": task.reward,
                "envelope_hash": digest,
            }
            for part, digest in zip(parts, hashes, strict=True)
        ],
    }
