# SPDX-License-Identifier: Apache-2.0
"""Receivers' side: claims on the ledger, salted copies of answers on disk."""

from pmcb_client._ledger import listing

from ._answers import Kept, keep
from ._claim import accept, held_subtask, my_claims, open_subtasks, submit, withdraw

__all__ = [
    "Kept",
    "accept",
    "held_subtask",
    "keep",
    "listing",
    "my_claims",
    "open_subtasks",
    "submit",
    "withdraw",
]
