# SPDX-License-Identifier: Apache-2.0
"""What the ledger says of one subtask at one moment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from pmcb_client._ledger import Ledger, listing

__all__ = ["Submission", "Subtask"]

CLOCKS_APART_MS = 120_000  # what peers allow between a client's clock and theirs
ENDING = 0.1  # of the settle window: a day and a night to hear of the verdict in, of seven


@dataclass(frozen=True)
class Submission:
    """What a holder submitted.

    Attributes:
        slot, holder: whose it is.
        hash: of the sealed answer.
        since_ms, until_ms: when the slot was taken, and the answer submitted.
        judged_by: uids of the verifiers who have spoken.
        is_decided: whether most of the task's verifiers say the same.
    """

    slot: int
    holder: str
    hash: str
    since_ms: int
    until_ms: int
    judged_by: frozenset[str]
    is_decided: bool


@dataclass(frozen=True)
class Subtask:
    """A subtask with what was submitted for it.

    Attributes:
        task, number, level: which.
        envelope_hash: of its instructions.
        is_over: whether nobody can submit any more, by anybody's clock.
        is_ending: whether only the last tenth of the settle window is left: what has not come to
            the store by now will hardly come.
        is_complete: whether it is over, or nobody can accept any more and all holders submitted.
        submissions: by slot.
    """

    task: str
    number: int
    level: int
    envelope_hash: str
    is_over: bool
    is_ending: bool
    is_complete: bool
    submissions: Mapping[int, Submission]

    @classmethod
    async def read(
        cls, ledger: Ledger, task: str, number: int, *, verifier: str, now_ms: int
    ) -> Self | None:
        """The subtask now; None where the verifier has no say in it, or none any more.

        Raises:
            LedgerError: the ledger refuses, or does not answer.
        """
        view = json.loads(await ledger.evaluate("get_task", task))
        if verifier not in view["verifiers"] or "closed" in view:
            return None
        part = view["subtasks"][number]
        claims = [one async for one in listing(ledger, "list_claims", task, str(number))]
        given = [one async for one in listing(ledger, "list_submissions", task, str(number))]
        since_ms = {claim["slot"]: claim["at"] for claim in claims}
        is_over = now_ms >= view["submit_until"] + CLOCKS_APART_MS
        is_ending = is_over and now_ms >= view["submit_until"] + await _waited_ms(ledger)
        is_full = _is_shut(view, part, now_ms) or len(claims) == part["slots"]
        return cls(
            task,
            number,
            part["level"],
            part["envelope_hash"],
            is_over,
            is_ending,
            is_over or (is_full and len(given) == len(claims)),
            {
                one["slot"]: _submission(one, since_ms[one["slot"]], view["verifiers"])
                for one in given
                if one["slot"] in since_ms
            },
        )


async def _waited_ms(ledger: Ledger) -> int:
    """How long after the last moment to submit a file is waited for."""
    governance = json.loads(await ledger.evaluate("get_governance"))
    return int(governance["settle_window_s"] * 1000 * (1 - ENDING))


def _is_shut(view: Mapping[str, Any], part: Mapping[str, Any], now_ms: int) -> bool:
    """Whether nobody can accept any more."""
    late = now_ms >= view["accept_until"] + CLOCKS_APART_MS
    return bool(late or part["dealt"] or view["status"] != "open")


def _submission(row: Mapping[str, Any], since_ms: int, verifiers: Sequence[str]) -> Submission:
    words = [verdict["verdict"] for verdict in row["verdicts"]]
    return Submission(
        row["slot"],
        row["holder"],
        row["content_hash"],
        since_ms,
        row["at"],
        frozenset(verdict["by"] for verdict in row["verdicts"]),
        any(2 * words.count(word) > len(verifiers) for word in words),
    )
