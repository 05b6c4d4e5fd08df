# SPDX-License-Identifier: Apache-2.0
"""The log of inserts and deletes since the last epoch change; both look alike to the cloud.

item = label | blob;  label = AES(K_h, i);  blob = AES-GCM(key_h, nonce i, op:u8 | entry,
ad = store | "log" | generation | label),  i counting on for the life of the store
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval.errors import TamperedError

from ._entry import Entries, raw
from ._seal import LABEL, TAG, Seal, cut

__all__ = ["DELETE", "INSERT", "Generation", "HotLog", "log_blob_size"]

INSERT, DELETE = 0, 1


def log_blob_size(entry: int) -> int:
    """Bytes of a log item's blob."""
    return 1 + entry + TAG


@dataclass(frozen=True)
class Generation:
    """Keys of the log from a position on, until the next generation begins.

    A position whose item the cloud may have seen must never seal other bytes under the same keys,
    so every epoch and every recovery begins one.
    """

    number: int
    first: int
    seal: Seal

    @classmethod
    def fresh(cls, store: str, number: int, first: int) -> Generation:
        """With new keys."""
        return cls(number, first, Seal.fresh(cls.context(store, number)))

    @staticmethod
    def context(store: str, number: int) -> bytes:
        """What the items are bound to."""
        return store.encode() + b"\0log" + number.to_bytes(8, "big")


class HotLog:
    """What came since ``cut``: sealed for the cloud, plain for queries.

    Attributes:
        cut: the position up to which everything is folded into the pool.
        next: the position of the next item.
        generations: those that reach beyond the cut, ascending.
    """

    def __init__(
        self, dtype: np.dtype[np.void], cut: int, generations: tuple[Generation, ...]
    ) -> None:
        self.cut = self.next = cut
        self.generations = generations
        self._inserted = np.zeros(0, dtype=dtype)
        self._count = 0

    def __len__(self) -> int:
        return self.next - self.cut

    @property
    def inserted(self) -> Entries:
        """Every entry inserted since the cut, dead ones too, by id."""
        return self._inserted[: self._count]

    def seal(self, op: int, entries: Entries) -> bytes:
        """Items for the next positions."""
        seal = self.generations[-1].seal
        indices = np.arange(self.next, self.next + len(entries))
        head, plains = bytes([op]), cut(raw(entries).tobytes(), entries.dtype.itemsize)
        labels = seal.labels(indices).tobytes()
        return seal.seal(indices, labels, [head + plain for plain in plains])

    def accept(self, op: int, entries: Entries) -> None:
        """The cloud has the items of these entries: they count from now on."""
        self.next += len(entries)
        if op == INSERT:
            after = self._count + len(entries)
            if after > len(self._inserted):
                grown = np.zeros(max(256, 2 * after), dtype=self._inserted.dtype)
                grown[: self._count] = self.inserted
                self._inserted = grown
            self._inserted[self._count : after] = entries
            self._count = after

    def open(self, item: bytes) -> tuple[int, Entries]:
        """Operation and entry of the item at the next position.

        Raises:
            TamperedError: names the position.
        """
        at = self.next
        generation = next(each for each in reversed(self.generations) if each.first <= at)
        index = np.array([at])
        label = generation.seal.labels(index).tobytes()
        if item[:LABEL] != label:
            raise TamperedError(f"The log's item {at} is not the one written there.", index=at)
        (plain,) = generation.seal.open(index, label, [item[LABEL:]])
        entries: NDArray[np.void] = np.frombuffer(plain[1:], dtype=self._inserted.dtype)
        return plain[0], entries
