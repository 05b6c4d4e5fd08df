# SPDX-License-Identifier: Apache-2.0
"""Sealed files and notices by their hash, in any object store: a folder, S3 and the like.

Everything the service knows stands in the store itself, as objects with telling names, so that it
may be killed and started again anywhere::

    blobs/<hash>                                     the bytes
    notices/<hash>                                   the bytes of a notice
    forgotten/<hash>                                 whose answer it was that a reader had deleted
    shares/<task>/<subtask>/<slot>/<msp>/<person>/<hash>    empty; a passed share, by whom
    quota/<day>/<msp>/<person>/<hash>.<size>         empty; what a person put on a day
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from pmcb_client.content import PassedShare
from pmcb_client.sealing import Place
from pmcb_services.common import ErrorCode, ServiceError

__all__ = ["Blobs", "Stored"]

DAY_MS = 86_400_000
SHARES_OF_ONE = 8  # of a holder in a subtask: one is due, and keys may be renewed

Shelf = Literal["blobs", "notices"]


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

    async def find(self, digest: str, *, shelf: Shelf = "blobs") -> Stored | None:
        """What is kept under a hash, if anything."""
        try:
            meta = await obstore.head_async(self._store, f"{shelf}/{digest}")
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise _unavailable() from error
        return Stored(digest, meta["size"], int(meta["last_modified"].timestamp() * 1000))

    async def get(self, digest: str, *, shelf: Shelf = "blobs") -> bytes:
        """The bytes.

        Raises:
            ServiceError: ``NOT_FOUND``, or ``STORE_UNAVAILABLE``.
        """
        try:
            found = await obstore.get_async(self._store, f"{shelf}/{digest}")
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            raise await self._absent(digest) from None
        except BaseError as error:
            raise _unavailable() from error

    async def put(self, digest: str, data: bytes, *, shelf: Shelf = "blobs") -> Stored:
        """Keep the bytes."""
        await self._put(f"{shelf}/{digest}", data)
        kept = await self.find(digest, shelf=shelf)
        if kept is None:
            raise _unavailable()
        return kept

    async def forget(self, digest: str, place: Place) -> None:
        """Delete the bytes of a place, and remember that it was done on purpose."""
        await self._put(f"forgotten/{digest}", place.name.encode())
        try:
            await obstore.delete_async(self._store, f"blobs/{digest}")
        except FileNotFoundError:
            return
        except BaseError as error:
            raise _unavailable() from error

    async def add_share(self, place: Place, digest: str) -> None:
        """Name a passed share in its subtask's listing.

        Raises:
            ServiceError: ``QUOTA``, the holder has named as many as there is room for.
        """
        prefix = f"shares/{place.task}/{place.subtask:04}/{place.slot:04}/{place.holder}/"
        if len([path async for path in self._paths(prefix)]) >= SHARES_OF_ONE:
            raise ServiceError(ErrorCode.QUOTA, f"{SHARES_OF_ONE} shares were passed on here.")
        await self._put(f"{prefix}{digest}", b"")

    async def shares(self, task: str, subtask: int) -> list[PassedShare]:
        """Every passed share, by slot."""
        prefix = f"shares/{task}/{subtask:04}/"
        found = [path.split("/")[-4:] async for path in self._paths(prefix)]
        return sorted(
            PassedShare(int(slot), f"{msp}/{name}", digest) for slot, msp, name, digest in found
        )

    async def count(self, uid: str, now_ms: int, digest: str, size: int) -> None:
        """Note what a person put today."""
        await self._put(f"quota/{now_ms // DAY_MS}/{uid}/{digest}.{size}", b"")

    async def used(self, uid: str, now_ms: int) -> int:
        """Bytes that a person put today."""
        prefix = f"quota/{now_ms // DAY_MS}/{uid}/"
        return sum([int(path.rpartition(".")[2]) async for path in self._paths(prefix)])

    async def _absent(self, digest: str) -> ServiceError:
        """Why there are no such bytes."""
        try:
            found = await obstore.get_async(self._store, f"forgotten/{digest}")
            place = bytes(await found.bytes_async()).decode()
        except FileNotFoundError:
            message = "No file is kept under this hash."
            return ServiceError(ErrorCode.NOT_FOUND, message, field="hash")
        except BaseError:
            return _unavailable()
        message = "One of its readers had the file deleted."
        return ServiceError(ErrorCode.FORGOTTEN, message, field=place)

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
