# SPDX-License-Identifier: Apache-2.0
"""A pool: all blobs of an epoch, written and read as a whole, in the order of their labels.

Any other order would tell something: the buckets' order what lies side by side, the old labels'
order in the new pool which blobs of two epochs belong together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval.errors import MissingBlob, TamperedError

from ._ahead import asked_ahead
from ._entry import Bytes
from ._seal import LABEL, TAG, Buffer, Seal, cut
from ._shape import Shape

__all__ = ["Pool"]

_SLICE_BYTES = 4 << 20


@dataclass(frozen=True)
class Pool:
    """The blobs of one epoch.

    Attributes:
        seal: the epoch's keys.
        shape: the epoch's numbers.
        entry: E.
    """

    seal: Seal
    shape: Shape
    entry: int

    @property
    def bucket_bytes(self) -> int:
        """B E."""
        return self.shape.bucket * self.entry

    @property
    def _item(self) -> int:
        return LABEL + self.bucket_bytes + TAG

    @property
    def _slice(self) -> int:
        return max(1, _SLICE_BYTES // self._item)

    def _ordered(self) -> tuple[NDArray[np.intp], Bytes]:
        """All indices in the order of their labels, and these labels."""
        labels = self.seal.labels(np.arange(self.shape.blobs))
        halves = labels.view(">u8")
        order = np.lexsort((halves[:, 1], halves[:, 0]))
        return order, labels[order]

    def write(
        self, plain: Callable[[NDArray[np.intp]], Buffer], put: Callable[[bytes], None]
    ) -> None:
        """Seal all buckets and dummies and put them, slice by slice.

        Args:
            plain: the plain bytes of real buckets, end to end.
            put: takes items, ascending by label.
        """
        order, labels = self._ordered()
        dummy = b"\xff" * self.bucket_bytes  # empty slots, id 0xFFFFFFFF
        for start in range(0, len(order), self._slice):
            indices = order[start : start + self._slice]
            names = labels[start : start + self._slice].tobytes()
            real = indices < self.shape.buckets
            buckets = iter(cut(memoryview(plain(indices[real])), self.bucket_bytes))
            plains = [next(buckets) if each else dummy for each in real.tolist()]
            put(self.seal.seal(indices, names, plains))

    def read(self, ask: Callable[[bytes, int], bytes], *, kept: int) -> list[bytes]:
        """Open every blob, dummies too; the plain bytes of the first real buckets.

        Args:
            ask: items above a label, at most so many.
            kept: how many buckets are wanted.

        Raises:
            TamperedError: names the index of a blob that was changed, swapped, cut or added.
            MissingBlob: the pool ends too early.
        """
        order, labels = self._ordered()
        found = [b""] * kept
        slices = [slice(at, at + self._slice) for at in range(0, len(order), self._slice)]

        def asked(part: slice) -> bytes:
            return ask(labels[: part.start][-1:].tobytes(), len(order[part]))

        with asked_ahead(asked, slices) as answers:
            for part, items in zip(slices, answers, strict=True):
                indices, names = order[part], labels[part].tobytes()
                self._check(items, indices, names)
                view, starts = memoryview(items), range(0, len(items), self._item)
                blobs = [view[start + LABEL : start + self._item] for start in starts]
                opened = self.seal.open(indices, names, blobs)
                for at in np.flatnonzero(indices < kept).tolist():
                    found[indices[at]] = opened[at]
        after = labels[-1:].tobytes()
        if ask(after, 1):
            raise TamperedError("The pool holds a blob that nobody put there.")
        return found

    def _check(self, items: bytes, indices: NDArray[np.intp], names: bytes) -> None:
        first = int(indices[0])
        if len(items) % self._item:
            raise TamperedError("The pool was cut within a blob.", index=first)
        if len(items) < self._item * len(indices):
            raise MissingBlob("The pool lacks blobs that were put there.")
        if len(items) > self._item * len(indices):
            raise TamperedError("The cloud sent more than was asked for.", index=first)
        held = np.frombuffer(items, dtype=np.uint8).reshape(len(indices), self._item)[:, :LABEL]
        strange = (held != np.frombuffer(names, dtype=np.uint8).reshape(held.shape)).any(axis=1)
        if strange.any():
            index = int(indices[strange.argmax()])
            raise TamperedError(f"Index {index} is not where it belongs.", index=index)
