# SPDX-License-Identifier: Apache-2.0
"""Sizes of an oblivious store; all of them are public."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LAYOUTS", "Settings"]

LAYOUTS = ("kd", "kd+1d")


@dataclass(frozen=True)
class Settings:
    """Sizes that are fixed when a store is created; the defaults are those that were measured.

    Attributes:
        bucket: B, entries per bucket, 2 to 4,096.
        fill: how full buckets are after an epoch change, 0.1 to 1.
        log: H, entries of the hot log before it is folded, from 1 on.
        batch: q, labels per round, 1 to 1,024.
        cache_bytes: what an epoch's buckets may take in the fog.

    Raises:
        ValueError: a size is outside its range.
    """

    bucket: int = 128
    fill: float = 0.80
    log: int = 16_384
    batch: int = 32
    cache_bytes: int = 64 << 20

    def __post_init__(self) -> None:
        for name, low, high in (
            ("bucket", 2, 4096),
            ("fill", 0.1, 1),
            ("log", 1, 1 << 30),
            ("batch", 1, 1024),
            ("cache_bytes", 1, 1 << 40),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be from {low} to {high}.")
