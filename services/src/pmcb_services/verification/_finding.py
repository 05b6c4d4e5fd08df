# SPDX-License-Identifier: Apache-2.0
"""What a verifier finds of one answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from pmcb_client.answers import Reason

__all__ = ["Finding", "Verdict"]


class Verdict(StrEnum):
    """The word on the ledger."""

    ACCEPT = "accept"
    REJECT = "reject"


@dataclass(frozen=True)
class Finding:
    """A verdict and where it comes from; it never holds a value.

    Attributes:
        verdict: accept or reject.
        score: reliability, 0 to 100.
        reason: the rule that decided.
        row: its number, from 1; 0 where the whole answer is meant.
        field: its name, "" where the row or answer is meant.
    """

    verdict: Verdict
    score: int
    reason: Reason
    row: int = 0
    field: str = ""

    @classmethod
    def accept(cls, score: int = 100) -> Finding:
        """Nothing is wrong with it."""
        return cls(Verdict.ACCEPT, score, Reason.OK)

    @classmethod
    def reject(cls, reason: Reason, *, row: int = 0, field: str = "", score: int = 0) -> Finding:
        """A rule is broken."""
        return cls(Verdict.REJECT, score, reason, row, field)

    def evidence(self) -> bytes:
        """What is kept of it, salted, while its hash stands on the ledger: JSON in UTF-8."""
        return json.dumps(vars(self), ensure_ascii=False, sort_keys=True).encode()
