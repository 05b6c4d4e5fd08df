# SPDX-License-Identifier: Apache-2.0
"""One query: plan, read exactly R rounds, answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pmcb_services.retrieval._answer import Answer
from pmcb_services.retrieval._box import Box
from pmcb_services.retrieval.errors import QueryTooWide

from ._epoch import change_epoch, read_whole
from ._gather import gathered, of_patient, picked, selected
from ._held import Held
from ._planner import Plan, plan, plan_patient, wish
from ._rounds import Rounds

__all__ = ["Limits", "export", "query", "query_patient"]


@dataclass(frozen=True)
class Limits:
    """What a grant allows: rounds per query (None: as the policy does), and reading everything."""

    max_rounds: int | None = None
    may_export: bool = True

    def check(self, held: Held, made: Plan) -> bool:
        """Whether the plan is to be carried out as an export, which R > T / 2 makes cheaper.

        Raises:
            QueryTooWide: it goes beyond what is allowed; nothing was sent.
        """
        if self.max_rounds is not None and made.rounds > self.max_rounds:
            raise QueryTooWide(rounds_needed=made.rounds, allowed=self.max_rounds)
        most = held.contents.shape.rounds // 2
        if made.rounds > most and not self.may_export:
            raise QueryTooWide(rounds_needed=made.rounds, allowed=most)
        return made.rounds > most


def query(held: Held, box: Box, minimum: int, limits: Limits) -> Answer:
    """Every live record inside the box, and the nearest others up to ``minimum``."""

    def planned() -> Plan:
        contents = held.contents
        need = minimum + len(held.log) if minimum else 0
        build = contents.build
        return plan(contents.directory, contents.shape, build.searched, box, need, build.policy)

    made, rounds = _read(held, planned, limits)
    if rounds is None:
        return export(held, box, minimum, made.rounds)
    return gathered(held, rounds, made, box, minimum)


def query_patient(held: Held, patient: int, limits: Limits) -> Answer:
    """Every live record of a patient."""

    def planned() -> Plan:
        contents = held.contents
        return plan_patient(contents.directory, contents.shape, patient, contents.build.policy)

    made, rounds = _read(held, planned, limits)
    if rounds is not None:
        return picked(held, rounds, made, patient)
    whole = read_whole(held)
    answer = of_patient(held, whole.entries, patient, made.rounds)
    change_epoch(held, whole=whole)
    return answer


def export(held: Held, box: Box, minimum: int, rounds: int) -> Answer:
    """The answer from reading the whole pool, after which a new epoch begins."""
    whole = read_whole(held)
    answer = selected(held, whole.entries, box, minimum, rounds)
    change_epoch(held, whole=whole)
    return answer


def _read(held: Held, planned: Callable[[], Plan], limits: Limits) -> tuple[Plan, Rounds | None]:
    """Read what a plan wants, in a new epoch where this one has not rounds enough.

    The trigger is public: T, and the rounds of the queries so far.

    Returns:
        the plan, and the rounds it was read by; None where everything is to be read instead.
    """
    made = planned()
    if limits.check(held, made):
        return made, None
    if held.rounds is not None:
        held.rounds.settle()
    if held.rounds is None or held.rounds.left < made.rounds:
        change_epoch(held)
        asked = made.rounds
        try:
            again = planned()
            made = replace(again, rounds=max(asked, again.rounds))
            if limits.check(held, made):
                return made, None
        except QueryTooWide:
            _read_dummies(held, asked)  # an epoch that no query follows would tell of it
            raise
    rounds = held.rounds
    assert rounds is not None
    rounds.read(wish(made, held.contents.shape, rounds.is_cached), made.rounds)
    return made, rounds


def _read_dummies(held: Held, rounds: int) -> None:
    """Rounds that look like those of any query."""
    assert held.rounds is not None
    held.rounds.read(np.empty(0, dtype=np.intp), min(rounds, held.rounds.left))
