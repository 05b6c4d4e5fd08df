# SPDX-License-Identifier: Apache-2.0
"""What was promised against what is there: each difference is a finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ._fog_device import Effect
from ._organisation_crowd import Queued
from ._soak_facts import Facts
from ._soak_told import Told
from ._soak_victims import Blow

__all__ = ["Finding", "Wrong", "differences", "of_audits", "of_blows"]

_SHOWN = 5
_AWAY = "DEVICE_AWAY"  # told, and true, where an adapter was away for longer than is waited
_REFUSALS = {"releases BUDGET_EXHAUSTED"}


class Wrong(StrEnum):
    """What must never be."""

    ORDER_LOST = "ORDER_LOST"
    ORDER_OPEN = "ORDER_OPEN"
    ORDER_FAILED = "ORDER_FAILED"
    FAILED_WITH_EFFECT = "FAILED_WITH_EFFECT"
    EFFECT_TWICE = "EFFECT_TWICE"
    DONE_WITHOUT_EFFECT = "DONE_WITHOUT_EFFECT"
    FILE_MISSING = "FILE_MISSING"
    ANSWER_NOT_ON_LEDGER = "ANSWER_NOT_ON_LEDGER"
    ANSWER_REJECTED = "ANSWER_REJECTED"
    SUBMITTED_TWICE = "SUBMITTED_TWICE"
    JUDGED_TWICE = "JUDGED_TWICE"
    PAID_TWICE = "PAID_TWICE"
    UNPAID = "UNPAID"
    CREDIT_OFF = "CREDIT_OFF"
    ISSUE_MISSING = "ISSUE_MISSING"
    ISSUED_TWICE = "ISSUED_TWICE"
    ROW_NOT_TAKEN = "ROW_NOT_TAKEN"
    ROW_TAKEN_TWICE = "ROW_TAKEN_TWICE"
    ROW_NOT_SEARCHABLE = "ROW_NOT_SEARCHABLE"
    ROW_STORED_TWICE = "ROW_STORED_TWICE"
    RECORD_MISSING = "RECORD_MISSING"
    BUDGET_EXCEEDED = "BUDGET_EXCEEDED"
    BUDGET_OFF = "BUDGET_OFF"
    RESERVATION_MISSING = "RESERVATION_MISSING"
    RESERVED_TWICE = "RESERVED_TWICE"
    RELEASE_UNFINISHED = "RELEASE_UNFINISHED"
    REFUSED = "REFUSED"
    NOT_BACK = "NOT_BACK"
    AUDIT = "AUDIT"
    LEFT_BEHIND = "LEFT_BEHIND"


@dataclass(frozen=True)
class Finding:
    """One kind of difference.

    Attributes:
        wrong: what it is.
        count: of how many things.
        examples: some of them, by their ids.
    """

    wrong: Wrong
    count: int
    examples: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"wrong": self.wrong.value, "count": self.count, "examples": [*self.examples]}

    @classmethod
    def of(cls, wrong: Wrong, things: Iterable[object]) -> Iterator[Finding]:
        """One, where there is any such thing."""
        listed = sorted(map(str, things))
        if listed:
            yield cls(wrong, len(listed), tuple(listed[:_SHOWN]))


def differences(
    told: Told,
    answers: Mapping[tuple[str, str], Queued],
    facts: Facts,
    effects: Sequence[Effect],
) -> list[Finding]:
    """All of them, none where everything is there once.

    Args:
        told: what those who loaded it were told.
        answers: that outboxes said are kept, by task and label.
        facts: what there is.
        effects: of the device.
    """
    return [
        *_of_orders(told, facts, effects),
        *_of_answers(answers, facts),
        *_of_rows(told, answers, facts),
        *_of_credit(told, facts),
        *_of_budget(told, facts),
        *Finding.of(Wrong.REFUSED, (each for each in told.refused if each not in _REFUSALS)),
    ]


def of_blows(blows: Sequence[Blow]) -> list[Finding]:
    """Where a process was killed and not everything came back."""
    late = [f"{each.kind}, {each.waited_for}" for each in blows if not each.is_back]
    return [*Finding.of(Wrong.NOT_BACK, late)]


def of_audits(audits: Mapping[str, Mapping[str, Any]]) -> list[Finding]:
    """What the parts' own audits find."""
    wrong = [
        f"{name}: {found.get('message', found.get('findings', found.get('damage')))}"
        for name, found in audits.items()
        if any(found.get(key) for key in ("error", "findings", "damage"))
    ]
    return [*Finding.of(Wrong.AUDIT, wrong)]


def _of_orders(told: Told, facts: Facts, effects: Sequence[Effect]) -> Iterator[Finding]:
    kinds = {name: made.kind for name, made in told.orders.items()}
    states = facts.states
    yield from Finding.of(Wrong.ORDER_LOST, kinds.keys() - states.keys())
    still = ("NEW", "QUEUED", "STARTED", "DEAD")
    yield from Finding.of(Wrong.ORDER_OPEN, (n for n in kinds if states.get(n) in still))
    done = Counter(effect.order for effect in effects)
    failed = [n for n in kinds if states.get(n) in {"FAILED", "CANCELLED"}]
    yield from Finding.of(Wrong.FAILED_WITH_EFFECT, (name for name in failed if done[name]))
    codes = {name: facts.codes.get(name, "") for name in failed}
    other = (f"{kinds[n]} {n} {code}" for n, code in codes.items() if code != _AWAY)
    yield from Finding.of(Wrong.ORDER_FAILED, other)
    yield from Finding.of(Wrong.EFFECT_TWICE, (name for name, count in done.items() if count > 1))
    controls = [name for name, kind in kinds.items() if kind == "device.control"]
    without = (n for n in controls if states.get(n) == "DONE" and not done[n])
    yield from Finding.of(Wrong.DONE_WITHOUT_EFFECT, without)
    files = {m.hash for n, m in told.orders.items() if m.hash and states.get(n) == "DONE"}
    yield from Finding.of(Wrong.FILE_MISSING, files - facts.files)


def _of_answers(answers: Mapping[tuple[str, str], Queued], facts: Facts) -> Iterator[Finding]:
    rows = facts.submitted
    missing = [
        " ".join(key)
        for key, queued in answers.items()
        if rows.get(key, {}).get("content_hash") != queued.parcel.hash
    ]
    yield from Finding.of(Wrong.ANSWER_NOT_ON_LEDGER, missing)
    rejected = (
        " ".join(key)
        for key, row in rows.items()
        if any(each["verdict"] != "accept" for each in row.get("verdicts", ()))
    )
    yield from Finding.of(Wrong.ANSWER_REJECTED, rejected)
    unpaid = (" ".join(key) for key in answers if "payment" not in rows.get(key, {}))
    yield from Finding.of(Wrong.UNPAID, unpaid)
    for wrong, event in (
        (Wrong.SUBMITTED_TWICE, "DataSubmitted"),
        (Wrong.JUDGED_TWICE, "SubmissionVerified"),
        (Wrong.PAID_TWICE, "RewardsSettled"),
    ):
        twice = (what for (name, what), n in facts.events.items() if name == event and n > 1)
        yield from Finding.of(wrong, twice)
    if facts.earned != facts.balances:
        said = f"{facts.earned} paid, {facts.balances} owned"
        yield from Finding.of(Wrong.CREDIT_OFF, [said])


def _of_rows(
    told: Told, answers: Mapping[tuple[str, str], Queued], facts: Facts
) -> Iterator[Finding]:
    done = (m for n, m in told.orders.items() if facts.states.get(n) == "DONE" and m.at)
    due = {f"reading {at}": at for at in told.readings}
    due |= {f"order {made.id}": made.at for made in done}
    due |= {f"answer {' '.join(key)}": queued.at for key, queued in answers.items()}
    lost = (name for name, at in due.items() if not facts.taken[at])
    yield from Finding.of(Wrong.ROW_NOT_TAKEN, lost)
    yield from Finding.of(Wrong.ROW_TAKEN_TWICE, (at for at, n in facts.taken.items() if n > 1))
    hidden = (at for at in facts.taken if not facts.found[at])
    yield from Finding.of(Wrong.ROW_NOT_SEARCHABLE, hidden)
    yield from Finding.of(Wrong.ROW_STORED_TWICE, (at for at, n in facts.found.items() if n > 1))
    records = (key for key, at in told.records.items() if facts.records.get(key) != at)
    yield from Finding.of(Wrong.RECORD_MISSING, records)


def _of_credit(told: Told, facts: Facts) -> Iterator[Finding]:
    issued = {ref: n for (name, ref), n in facts.events.items() if name == "CreditIssued"}
    yield from Finding.of(Wrong.ISSUE_MISSING, (ref for ref in told.credits if ref not in issued))
    yield from Finding.of(Wrong.ISSUED_TWICE, (ref for ref, n in issued.items() if n > 1))
    soaked = sum(ref.startswith("soak-") for ref in issued)
    if soaked != facts.issued:
        said = f"{soaked} issued, {facts.issued} owned"
        yield from Finding.of(Wrong.CREDIT_OFF, [said])


def _of_budget(told: Told, facts: Facts) -> Iterator[Finding]:
    total, spent = facts.budget
    if spent > total:
        yield from Finding.of(Wrong.BUDGET_EXCEEDED, [f"{spent} of {total}"])
    if sum(epsilon for _, epsilon in facts.spends) != spent:
        yield from Finding.of(Wrong.BUDGET_OFF, [f"the spends do not add up to {spent}"])
    reserved = Counter(request for request, _ in facts.spends)
    yield from Finding.of(Wrong.RESERVED_TWICE, (key for key, n in reserved.items() if n > 1))
    yield from Finding.of(Wrong.RESERVATION_MISSING, told.requests.keys() - reserved.keys())
    left = (f"{key} {state}" for key, state in facts.releases.items() if state != "published")
    yield from Finding.of(Wrong.RELEASE_UNFINISHED, left)
