# SPDX-License-Identifier: Apache-2.0
"""What a query's number of rounds may show."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pmcb_services.retrieval.errors import QueryTooWide, SchemaError

__all__ = ["Policy"]

_MOST = 4096


@dataclass(frozen=True)
class Policy:
    """``doubling``: the next power of two; ``fixed:R``: always R, and wider queries are refused.

    Attributes:
        fixed: R of the fixed policy, else 0.

    >>> Policy.parse("doubling").rounds(5), Policy.parse("fixed:8").rounds(5)
    (8, 8)
    """

    fixed: int = 0

    @classmethod
    def parse(cls, text: str) -> Policy:
        """The policy of this name.

        Raises:
            SchemaError: there is none.
        """
        if text == "doubling":
            return cls()
        found = re.fullmatch(r"fixed:([1-9][0-9]{0,3})", text)
        if not found or int(found[1]) > _MOST:
            raise SchemaError(f"rounds is 'doubling' or 'fixed:R', R from 1 to {_MOST}.")
        return cls(int(found[1]))

    def __str__(self) -> str:
        return f"fixed:{self.fixed}" if self.fixed else "doubling"

    def rounds(self, needed: int) -> int:
        """R of a query that needs so many rounds (1 or more).

        Raises:
            QueryTooWide: more than are fixed; nothing was sent, so nobody sees the refusal.
        """
        if not self.fixed:
            return 1 << (needed - 1).bit_length()
        if needed > self.fixed:
            raise QueryTooWide(rounds_needed=needed, allowed=self.fixed)
        return self.fixed
