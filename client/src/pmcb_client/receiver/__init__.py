# SPDX-License-Identifier: Apache-2.0
"""Receivers' side: claims on the ledger, salted copies of answers on disk."""

from ._answers import Kept, keep
from ._claim import accept, held_subtask, my_claims, open_subtasks, submit, withdraw

__all__ = [
    "Kept",
    "accept",
    "held_subtask",
    "keep",
    "my_claims",
    "open_subtasks",
    "submit",
    "withdraw",
]
