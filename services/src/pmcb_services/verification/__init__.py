# SPDX-License-Identifier: Apache-2.0
"""The verification server: what is wrong with an answer, and who is too far from the truth.

::

    finding = judge_alone(answer, instructions, since_ms=accepted, until_ms=submitted)
    findings = judge_together(answers, instructions)       # of a question with one truth for all
    await follow(channel, chaincode, inbox, EVENTS, Verifying(ledger, inbox, findings, ...).handle)
"""

from typing import TYPE_CHECKING

from pmcb_client._lazy import lazily as _lazily

from ._alone import judge_alone
from ._finding import Finding, Verdict
from ._findings import Findings, Place, Record
from ._room import fingerprint, room_bits
from ._verifying import EVENTS, Verifying

if TYPE_CHECKING:
    from ._reliability import Reliability, judge_reliability
    from ._together import judge_together
    from ._truth import Claims, Truths, discover, weights_of

__all__ = [
    "EVENTS",
    "Claims",
    "Finding",
    "Findings",
    "Place",
    "Record",
    "Reliability",
    "Truths",
    "Verdict",
    "Verifying",
    "discover",
    "fingerprint",
    "judge_alone",
    "judge_reliability",
    "judge_together",
    "room_bits",
    "weights_of",
]

__getattr__ = _lazily(
    __name__,
    {
        "Claims": "._truth",
        "Reliability": "._reliability",
        "Truths": "._truth",
        "discover": "._truth",
        "judge_reliability": "._reliability",
        "judge_together": "._together",
        "weights_of": "._truth",
    },
)
"""Only who compares answers waits for numbers."""
