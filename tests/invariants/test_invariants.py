# SPDX-License-Identifier: Apache-2.0
"""Whatever people do at once, the ledger holds what the rules allow, after every transaction."""

from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.invariants.machine import PeopleAtOnce
from tests.invariants.stage import Plays

PLAYS = settings().max_examples * 3 // 10
LONG = PLAYS > 100
# A failing play is made smaller only where there is time: that takes minutes.
PHASES = tuple(Phase) if LONG else (Phase.explicit, Phase.reuse, Phase.generate)


@pytest.mark.timeout(0 if LONG else 600)
def test_people_at_once_break_no_rule(plays: Plays):
    """One subtask a series, equal levels, no slot too many, nothing without a word."""
    run_state_machine_as_test(
        partial(PeopleAtOnce, plays),  # type: ignore[arg-type]  # any factory will do
        settings=settings(
            max_examples=PLAYS,
            stateful_step_count=25,
            phases=PHASES,
            print_blob=True,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
