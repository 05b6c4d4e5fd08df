# SPDX-License-Identifier: Apache-2.0
"""Rounds of one epoch: batches of exactly q labels, none of them twice, and what they brought."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval.errors import TamperedError

from ._entry import Bytes
from ._seal import TAG, Seal, cut
from ._shape import Shape

__all__ = ["Rounds"]


class Rounds:
    """Reads buckets so that every round looks alike, and keeps them for the rest of the epoch.

    A round touches q untouched indices, at most q of them dummies, and an epoch has at most T
    rounds; so its T q dummies never run out.

    Args:
        seal: of the epoch.
        shape: of the epoch.
        bucket_bytes: B E, the plain size of a bucket.
        fetch: labels to blobs, in their order; tries again by itself.

    Attributes:
        used: rounds spent, those included that found no answer.
        is_cached: shape (NB,).
    """

    def __init__(
        self, seal: Seal, shape: Shape, bucket_bytes: int, fetch: Callable[[bytes], bytes]
    ) -> None:
        self.used = 0
        self._seal, self._shape, self._fetch = seal, shape, fetch
        self._plain_bytes = bucket_bytes
        self._next_dummy = shape.buckets
        self.is_cached = np.zeros(shape.buckets, dtype=np.bool_)
        self._place = np.empty(shape.buckets, dtype=np.int32)  # in the cache, of those that are
        self._cache = np.empty((0, bucket_bytes), dtype=np.uint8)
        self._held = 0
        self._unanswered: list[tuple[bytes, int]] = []

    @property
    def left(self) -> int:
        """Rounds that the epoch still has."""
        return self._shape.rounds - self.used

    def cached(self, buckets: NDArray[np.intp]) -> Bytes:
        """The plain bytes of cached buckets, shape (len(buckets), B E)."""
        return self._cache[self._place[buckets]]

    def read(self, wish: NDArray[np.intp], rounds: int) -> None:
        """Read the wished buckets within exactly so many rounds, dummies filling the rest.

        Args:
            wish: at most ``rounds`` times q buckets, none of them cached.
            rounds: R.

        Raises:
            CloudUnavailable: a batch found no answer; it is sent again before any other.
            TamperedError, MissingBlob: the answer is not what was stored.
        """
        batch = self._shape.batch
        assert len(wish) <= rounds * batch
        assert rounds <= self.left
        short = rounds * batch - len(wish)
        dummies = np.arange(self._next_dummy, self._next_dummy + short)
        assert self._next_dummy + short <= self._shape.blobs, "dummies never run out"
        indices = np.concatenate([wish, dummies])
        labels = self._seal.labels(indices).tobytes()
        asked = [(labels[16 * at : 16 * at + 16], i) for at, i in enumerate(indices.tolist())]
        real = self._shape.buckets
        for start in range(0, len(asked), batch):
            sent = asked[start : start + batch]
            self.used += 1
            self._next_dummy += sum(index >= real for _, index in sent)
            self._unanswered = sorted(sent)
            self.settle()

    def settle(self) -> None:
        """Send the very batch again that found no answer, if there is one."""
        if self._unanswered:
            answer = self._fetch(b"".join([label for label, _ in self._unanswered]))
            self._take(answer)
            self._unanswered = []

    def _take(self, answer: bytes) -> None:
        size = self._plain_bytes + TAG
        if len(answer) != size * len(self._unanswered):
            index = self._unanswered[0][1]
            raise TamperedError("The cloud's answer has the wrong length.", index=index)
        indices = [index for _, index in self._unanswered]
        labels = b"".join([label for label, _ in self._unanswered])
        opened = self._seal.open(np.array(indices), labels, cut(memoryview(answer), size))
        real = self._shape.buckets
        self._keep([one for one in zip(indices, opened, strict=True) if one[0] < real])

    def _keep(self, brought: list[tuple[int, bytes]]) -> None:
        if not brought:
            return
        after = self._held + len(brought)
        if after > len(self._cache):
            grown = np.empty((max(256, 2 * after), self._plain_bytes), dtype=np.uint8)
            grown[: self._held] = self._cache[: self._held]
            self._cache = grown
        plain = b"".join([each for _, each in brought])
        self._cache[self._held : after] = np.frombuffer(plain, np.uint8).reshape(len(brought), -1)
        buckets = [index for index, _ in brought]
        self.is_cached[buckets] = True
        self._place[buckets] = np.arange(self._held, after)
        self._held = after
