# SPDX-License-Identifier: Apache-2.0
"""Every published figure and table, measured anew: claims, verdicts, one report.

Imports nothing heavy: the command's help is shown by whoever imports this.
"""

from ._claims import NOT_AT_HAND, Claim, Verdict

__all__ = ["NOT_AT_HAND", "Claim", "Verdict"]
