# SPDX-License-Identifier: Apache-2.0
"""What people may ask for, drawn as words and numbers.

Draws depend on nothing that happened before, so that a play can be repeated and made smaller.
"""

from typing import Any, TypeAlias

from hypothesis import strategies as st
from tests.invariants.stage import ACCOUNTS, RECEIVERS, TASKS, VERIFIERS, digest, subtask, task_id

Ask: TypeAlias = tuple[Any, ...]

# What a task asks for and cannot have.
UNFIT: tuple[dict[str, Any], ...] = (
    {"verifiers": ["HospitalBMSP/ver", "HospitalBMSP/ver2"]},
    {"verifiers": ["HospitalBMSP/ver"] * 3},
    {"verifiers": ["HospitalBMSP/nobody"]},
    {"verifiers": ["HospitalAMSP/ver", "HospitalBMSP/ver", "HospitalBMSP/ver2"]},
    {"institution": "HospitalBMSP/ver"},
    {"subtasks": [subtask(1, 600), subtask(2, 401)]},
    {"subtasks": [subtask(4, 1)]},
    {"subtasks": [subtask(1, 1, reward=10**6)]},
    {"accept_until": 1},
    {"submit_until": 1},
    {"submit_until": 2_000_000_000_000},
    {"levels": 16},
)
# What nobody can ask for.
MALFORMED: tuple[tuple[str, ...], ...] = (
    ("accept_subtask",),
    ("accept_subtask", task_id(0), "00"),
    ("accept_subtask", task_id(0), "0", "2"),
    ("accept_subtask", task_id(0xA).upper(), "0"),
    ("set_level", "HospitalAMSP", "a2", "0", "0", "error"),
    ("register_levels", "1", "2", "[]"),
    ("publish_task", task_id(2), '{"series":"","series":""}'),
    ("submit_data", task_id(0), "0", digest("x"), "1.0"),
    ("deliver_keys", task_id(0), "0", "[]"),
    ("settle_rewards", task_id(0), "0", "[0,0]"),
    ("reserve_budget", task_id(0), digest("x"), "0.1"),
    ("lower_budget", task_id(0), "2/4"),
    ("grant_retrieval", task_id(0), "HospitalAMSP", "a0", '{"datasets":[]}'),
    ("revoke_grant", task_id(0), "because"),
    ("claim_store_epoch", task_id(0), "0"),
    ("authorise", "a", "b"),
    ("put", "key", "value"),
)

_places = st.sampled_from(
    [(task, part) for task, (_, _, parts, _) in enumerate(TASKS) for part in range(len(parts))]
)
_receivers = st.integers(0, len(RECEIVERS) - 1)
_authorities = st.integers(0, 2)
_tasks = st.integers(0, len(TASKS) - 1)
_tables = st.sampled_from((0, 1, 0, 1, 2))  # the last one changes T and so stops every task
_picks = st.integers(0, 7)
_ahead = st.integers(-1, 1)
_numbers = st.integers(0, 9)
_institutions = st.integers(0, 2)
_cohorts = st.integers(0, 1)
_totals = st.sampled_from(("1", "2/3", "1/2", "1/3", "1/10", "0", "1001"))
_epsilons = st.sampled_from(("1/10", "1/3", "1/6", "1/7", "1/30", "1", "0"))
_hours = st.sampled_from((0, 1, 100, 366 * 24, 366 * 24 + 60))
_reasons = st.sampled_from(("ended", "ended", "misconduct"))
_deals = st.sampled_from(("early", "early", "open", "short", "suspended too"))


def _ask(word: str, *numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[Ask]:
    return st.tuples(st.just(word), *numbers)


places, tables, epsilons, words = (
    _places,
    _tables,
    _epsilons,
    st.sampled_from(("accept", "accept", "reject")),
)
asks = st.one_of(
    *[_ask("accept", _receivers, _places)] * 3,
    *[_ask("accept_fitting", _receivers, _picks)] * 4,
    *[_ask("submit", _picks, st.none() | _receivers, st.integers(0, 1))] * 3,
    *[_ask("verify", _picks, st.integers(0, len(VERIFIERS) - 1), words)] * 3,
    *[_ask("withdraw", _picks, st.none() | _receivers)] * 2,
    *[_ask("again", _picks, st.none() | _receivers)] * 2,
    *[_ask("keys", st.integers(0, 3), _picks, st.none() | _receivers, _numbers)] * 2,
    *[_ask("deal", st.integers(0, 3), _places, _deals)] * 2,
    *[_ask("settle", _picks, st.booleans(), st.integers(0, 2))] * 2,
    _ask("close", st.integers(0, 4), _tasks),
    _ask("issue", _authorities, st.integers(0, len(ACCOUNTS) - 1), st.sampled_from((1, 9, 30))),
    *[_ask("publish", st.integers(0, 4), _tasks, st.integers(2, 3), st.sampled_from((1, 9)))] * 2,
    _ask("publish_unfit", st.sampled_from(UNFIT)),
    _ask("cancel", st.integers(0, 2), _tasks),
    _ask("set_level", _authorities, _receivers, st.integers(1, 3), st.integers(0, 3)),
    _ask("suspend", _authorities, _receivers),
    _ask("reinstate", _authorities, _picks),
    _ask("open_epoch", _authorities, _tables, _ahead),
    _ask("register", _authorities, _tables, st.integers(0, 2), _ahead),
    _ask("approve", _authorities, _ahead),
    _ask("announce", _receivers),
    *[_ask("reserve", _institutions, _cohorts, _numbers, _epsilons)] * 3,
    _ask("record", _institutions, _picks, st.integers(0, 1)),
    _ask("open_cohort", _institutions, _cohorts, _totals),
    _ask("lower", _institutions, _cohorts, _totals),
    _ask("dataset", _institutions, _cohorts, st.none() | _cohorts, st.integers(0, 1)),
    _ask("grant", _institutions, _numbers, _receivers, _cohorts, _institutions, _hours),
    _ask("revoke", _institutions, _numbers, _reasons),
    _ask("claim", _institutions, _cohorts, _ahead),
    _ask("anchor", _institutions, _cohorts, st.integers(0, 3), st.integers(0, 1)),
    _ask("malformed", _receivers, st.sampled_from(MALFORMED)),
)
