# SPDX-License-Identifier: Apache-2.0
"""How much privacy a fit can be shown to lose: an attack on itself that only counts outcomes.

It needs no proof and looks at no formula of the mechanism's noise; a certified loss above epsilon
is a defect, whatever the proof says.
"""

from ._bound import Event, certified, choose
from ._pairs import CellPair, FitPair, Pair, RoundsPair, pairs
from ._run import CONFIDENCE, SURE, Finding, audit

__all__ = [
    "CONFIDENCE",
    "SURE",
    "CellPair",
    "Event",
    "Finding",
    "FitPair",
    "Pair",
    "RoundsPair",
    "audit",
    "certified",
    "choose",
    "pairs",
]
