# SPDX-License-Identifier: Apache-2.0
"""The public shape of an epoch: all that its sizes depend on."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from pmcb_services.retrieval._settings import Settings

from ._policy import Policy

__all__ = ["Shape", "padded"]

_LEAST = 256
_LEAST_ROUNDS = 16


def padded(records: int) -> int:
    """What the cloud learns of the number of records: rounded up by a sixteenth at most.

    A multiple of max(256, 2^⌊log2 n⌋ / 16), at least 256.

    >>> padded(0), padded(257), padded(100_000)
    (256, 512, 102400)
    """
    step = max(_LEAST, (1 << max(records.bit_length() - 1, 0)) // 16)
    return max(_LEAST, -(-records // step) * step)


@dataclass(frozen=True)
class Shape:
    """Numbers of buckets, dummies and rounds.

    Attributes:
        records: n+, the padded number of records.
        layouts: how many layouts there are.
        leaves: buckets per layout.
        rounds: T, rounds per epoch.
        dummies: D = T q.
        batch, bucket: q and B.
    """

    records: int
    layouts: int
    leaves: int
    rounds: int
    dummies: int
    batch: int
    bucket: int

    @classmethod
    def of(
        cls, records: int, layouts: int, entry: int, settings: Settings, policy: Policy
    ) -> Shape:
        """The shape of an epoch with so many records, in entries of so many bytes.

        leaves = ⌈n+ / (fill B)⌉;  T = ⌈NB / 2q⌉ kept in [16, cache_bytes / (q B E)], and a
        multiple of a fixed R, twice R at least.
        """
        leaves = ceil(padded(records) / (settings.fill * settings.bucket))
        most = settings.cache_bytes // (settings.batch * settings.bucket * entry)
        rounds = ceil(layouts * leaves / (2 * settings.batch))
        rounds = max(_LEAST_ROUNDS, min(rounds, most))
        if policy.fixed:
            rounds = max(2, -(-rounds // policy.fixed)) * policy.fixed
        return cls(
            padded(records),
            layouts,
            leaves,
            rounds,
            rounds * settings.batch,
            settings.batch,
            settings.bucket,
        )

    @property
    def buckets(self) -> int:
        """NB, the real buckets of all layouts."""
        return self.layouts * self.leaves

    @property
    def blobs(self) -> int:
        """Real buckets and dummies."""
        return self.buckets + self.dummies

    def of_layout(self, layout: int) -> slice:
        """The indices of one layout's buckets."""
        return slice(layout * self.leaves, (layout + 1) * self.leaves)
