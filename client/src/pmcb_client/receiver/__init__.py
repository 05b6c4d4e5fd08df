# SPDX-License-Identifier: Apache-2.0
"""Receivers' side: claims on the ledger, answers on disk and on their way."""

from pmcb_client._ledger import listing

from ._answers import Kept, keep
from ._claim import accept, held_subtask, my_claims, open_subtasks, submit, withdraw
from ._outbox import Outbox, Parcel, State
from ._sender import Sent, send

__all__ = [
    "Kept",
    "Outbox",
    "Parcel",
    "Sent",
    "State",
    "accept",
    "held_subtask",
    "keep",
    "listing",
    "my_claims",
    "open_subtasks",
    "send",
    "submit",
    "withdraw",
]
