# SPDX-License-Identifier: Apache-2.0
"""Receivers' side: claims on the ledger, questions, answers on disk and on their way.

::

    await accept(ledger, task, 0)
    opened = await open_subtask(task, ledger=ledger, store=store, identity=me)
    queue_answer(outbox, opened, Path("week.csv"), now_ms=now_ms)       # off line, too
    sent = await send(outbox, store, ledger, me)                        # until nothing waits
    secret = await open_secret(opened, ledger=ledger, store=store, identity=me)
"""

from pmcb_client._ledger import listing

from ._answering import queue_answer
from ._claim import accept, co_holders, held_claim, my_claims, open_subtasks, submit, withdraw
from ._opened import Opened, receiver_folder
from ._opening import open_subtask
from ._outbox import Outbox, Parcel, State
from ._refusals import Refusal, note_refusal, refusals
from ._secret import Secret, open_secret
from ._sender import Sent, keep_sending, send

__all__ = [
    "Opened",
    "Outbox",
    "Parcel",
    "Refusal",
    "Secret",
    "Sent",
    "State",
    "accept",
    "co_holders",
    "held_claim",
    "keep_sending",
    "listing",
    "my_claims",
    "note_refusal",
    "open_secret",
    "open_subtask",
    "open_subtasks",
    "queue_answer",
    "receiver_folder",
    "refusals",
    "send",
    "submit",
    "withdraw",
]
