# SPDX-License-Identifier: Apache-2.0
"""What a listing of passed shares tells of each."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["PassedShare"]


class PassedShare(NamedTuple):
    """A holder's share, sealed for the co-holders; the store checked who put it there.

    Attributes:
        slot: which the holder says is held.
        holder: uid.
        hash: of the sealed file.
    """

    slot: int
    holder: str
    hash: str

    def as_document(self) -> dict[str, str | int]:
        """Its fields."""
        return self._asdict()
