# SPDX-License-Identifier: Apache-2.0
"""What a publication states, and what became of it."""

from dataclasses import asdict, dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What our figures say of a published statement."""

    REPRODUCED = "reproduced"
    ASSUMED = "reproduced under stated assumptions"
    NOT_REPRODUCED = "not reproduced"
    IMPOSSIBLE = "cannot be true"

    @classmethod
    def of(cls, holds: bool, *, assumed: bool = True) -> "Verdict":
        """Of a statement that our figures show, or do not; ``assumed``: with choices of ours."""
        if not holds:
            return cls.NOT_REPRODUCED
        return cls.ASSUMED if assumed else cls.REPRODUCED


NOT_AT_HAND = "not at hand: the statement is known, no open copy with its numbers is"


@dataclass(frozen=True)
class Claim:
    """One published statement with its verdict.

    Attributes:
        claim: what the publication says.
        published: its numbers; or that they are not at hand.
        verdict: what became of it.
        reason: why, in figures that repeat with the seed.
        timing: what was measured in seconds; it differs from run to run.
    """

    claim: str
    verdict: Verdict
    reason: str
    published: str = NOT_AT_HAND
    timing: str = ""

    @property
    def document(self) -> dict[str, str]:
        """As results keep it."""
        return asdict(self)
