# SPDX-License-Identifier: Apache-2.0
"""Sealed files by their hash, in whatever object store lies behind: a folder, S3 and the like.

Everything the service knows stands in the store itself, as objects with telling names, so that it
may be killed and started again anywhere::

    blobs/<hash>                                     the bytes
    shares/<task>/<subtask>/<slot>/<hash>            empty; a passed share
    quota/<day>/<msp>/<person>/<hash>.<size>         empty; what a person put on a day
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from pmcb_client.sealing import Place
from pmcb_services.common import ErrorCode, ServiceError

__all__ = ["Blobs", "Stored"]

DAY_MS = 86_400_000


@dataclass(frozen=True)
class Stored:
    """A kept file; ``at_ms`` is when it came first."""

    hash: str
    size: int
    at_ms: int


class Blobs:
    """The files of one content store."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def find(self, digest: str) -> Stored | None:
        """What is kept under a hash, if anything."""
        try:
            meta = await obstore.head_async(self._store, f"blobs/{digest}")
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise _unavailable() from error
        return Stored(digest, meta["size"], int(meta["last_modified"].timestamp() * 1000))

    async def get(self, digest: str) -> bytes:
        """The bytes.

        Raises:
            ServiceError: ``NOT_FOUND``, or ``STORE_UNAVAILABLE``.
        """
        try:
            found = await obstore.get_async(self._store, f"blobs/{digest}")
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            raise ServiceError(
                ErrorCode.NOT_FOUND, "No file is kept under this hash.", field="hash"
            ) from None
        except BaseError as error:
            raise _unavailable() from error

    async def put(self, digest: str, data: bytes) -> Stored:
        """Keep the bytes."""
        await self._put(f"blobs/{digest}", data)
        kept = await self.find(digest)
        if kept is None:
            raise _unavailable()
        return kept

    async def delete(self, digest: str) -> None:
        """Forget the bytes; nothing is an error."""
        try:
            await obstore.delete_async(self._store, f"blobs/{digest}")
        except FileNotFoundError:
            return
        except BaseError as error:
            raise _unavailable() from error

    async def add_share(self, place: Place, digest: str) -> None:
        """Name a passed share in its subtask's listing."""
        await self._put(f"shares/{place.task}/{place.subtask:04}/{place.slot:04}/{digest}", b"")

    async def shares(self, task: str, subtask: int) -> list[tuple[int, str]]:
        """Slot and hash of every passed share, by slot."""
        prefix = f"shares/{task}/{subtask:04}/"
        found = [path.split("/")[-2:] async for path in self._paths(prefix)]
        return sorted((int(slot), digest) for slot, digest in found)

    async def count(self, uid: str, now_ms: int, digest: str, size: int) -> None:
        """Note what a person put today."""
        await self._put(f"quota/{now_ms // DAY_MS}/{uid}/{digest}.{size}", b"")

    async def used(self, uid: str, now_ms: int) -> int:
        """Bytes that a person put today."""
        prefix = f"quota/{now_ms // DAY_MS}/{uid}/"
        return sum([int(path.rpartition(".")[2]) async for path in self._paths(prefix)])

    async def _put(self, path: str, data: bytes) -> None:
        try:
            await obstore.put_async(self._store, path, data)
        except BaseError as error:
            raise _unavailable() from error

    async def _paths(self, prefix: str) -> AsyncIterator[str]:
        try:
            async for batch in obstore.list(self._store, prefix):
                for meta in batch:
                    yield meta["path"]
        except FileNotFoundError:
            return
        except BaseError as error:
            raise _unavailable() from error


def _unavailable() -> ServiceError:
    return ServiceError(ErrorCode.STORE_UNAVAILABLE, "The storage behind the service fails.")
