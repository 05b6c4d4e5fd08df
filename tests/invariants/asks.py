# SPDX-License-Identifier: Apache-2.0
"""What people ask for: drawn as words and numbers, made into calls against what stands now.

Draws depend on nothing that happened before, so that a play can be repeated and made smaller.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from hypothesis import strategies as st
from tests.invariants.changes import Key, State
from tests.invariants.crowd import Call
from tests.invariants.stage import (
    RECEIVERS,
    TASKS,
    VERIFIERS,
    Player,
    Stage,
    batches,
    digest,
    manifest,
    spec,
    subtask,
    task_id,
    text,
)

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
    {"subtasks": [subtask(1, 1, reward=1)]},
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


def _ask(word: str, *numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[Ask]:
    return st.tuples(st.just(word), *numbers)


places, tables = _places, _tables
asks = st.one_of(
    *[_ask("accept", _receivers, _places)] * 3,
    *[_ask("accept_fitting", _receivers, _picks)] * 4,
    *[_ask("submit", _picks, st.none() | _receivers, st.integers(0, 1))] * 3,
    *[_ask("verify", _picks, st.integers(0, len(VERIFIERS) - 1), st.integers(0, 1))] * 3,
    *[_ask("withdraw", _picks, st.none() | _receivers)] * 2,
    *[_ask("again", _picks, st.none() | _receivers)] * 2,
    _ask("publish", st.integers(0, 4), _tasks, st.integers(2, 3), st.sampled_from((1, 9))),
    _ask("publish_unfit", st.sampled_from(UNFIT)),
    _ask("cancel", st.integers(0, 2), _tasks),
    _ask("set_level", _authorities, _receivers, st.integers(1, 3), st.integers(0, 3)),
    _ask("suspend", _authorities, _receivers),
    _ask("reinstate", _authorities, _picks),
    _ask("open_epoch", _authorities, _tables, _ahead),
    _ask("register", _authorities, _tables, st.integers(0, 2), _ahead),
    _ask("approve", _authorities, _ahead),
    _ask("announce", _receivers),
    _ask("malformed", _receivers, st.sampled_from(MALFORMED)),
)


class Asks:
    """Makes calls of asks, against what stands on the ledger now."""

    def __init__(self, stage: Stage, state: State, made: Sequence[Call]) -> None:
        self._stage = stage
        self._state = state
        self._made = made
        self._named = {f"{one.msp}/{one.name}": one for one in stage.receivers}

    def call(self, ask: Ask) -> Call:
        """The call that somebody makes who asks so."""
        word, *numbers = ask
        by, function, *args = getattr(self, f"_{word}")(*numbers)
        words = (arg if isinstance(arg, str) else text(arg) for arg in args)
        return Call(by, function, tuple(words))

    def count(self, kind: str) -> int:
        """How many records of a type there are."""
        return sum(key[0] == kind for key in self._state)

    def newest_epoch(self) -> int:
        return max(int(key[1]) for key in self._state if key[0] == "EP")

    def _accept(self, who: int, place: tuple[int, int]) -> Ask:
        return self._stage.receivers[who], "accept_subtask", task_id(place[0]), place[1]

    def _accept_fitting(self, who: int, number: int) -> Ask:
        """A subtask of the person's own level, where there is one."""
        current = self._state["CU",]
        level = self._state.get(("LV", f"{current['epoch']:08}", *RECEIVERS[who]), {"level": 1})
        fitting = sorted(
            key[1:]
            for key, part in self._state.items()
            if key[0] == "ST" and part["level"] == level["level"]
        )
        task, part = fitting[number % len(fitting)] if fitting else (task_id(0), "0000")
        return self._stage.receivers[who], "accept_subtask", task, int(part)

    def _submit(self, claim: int, who: int | None, data: int) -> Ask:
        holder, (task, part, _) = self._pick("SL", claim)
        by, hashed = self._receiver(who, holder), digest(f"data {data}")
        return by, "submit_data", task, int(part), hashed, 1 + data

    def _verify(self, data: int, who: int, score: int) -> Ask:
        _, (task, part, slot) = self._pick("SB", data)
        rest = ("accept", score, "ok", digest("evidence"))
        return self._stage.verifiers[who], "verify_submission", task, int(part), int(slot), *rest

    def _withdraw(self, member: int, who: int | None) -> Ask:
        """By somebody who joined, and may have left since, or by somebody else."""
        joined = sorted(key for key in self._state if key[0] == "MB")
        if not joined:
            return self._stage.receivers[who or 0], "withdraw_claim", task_id(0)
        key = joined[member % len(joined)]
        by = self._receiver(who, f"{key[1]}/{key[2]}")
        return by, "withdraw_claim", self._state[key]["task"]

    def _again(self, back: int, who: int | None) -> Ask:
        if not self._made:
            return self._stage.receivers[0], "ping"
        call = self._made[-1 - back % len(self._made)]
        by = call.by if who is None else self._stage.receivers[who]
        return by, call.function, *call.args

    def _publish(self, who: int, task: int, levels: int, hours: int) -> Ask:
        owner = TASKS[task][0] if who else 1 - TASKS[task][0]
        made = spec(task, self._stage.clock.now, levels=levels, hours=hours)
        return self._stage.releasers[owner], "publish_task", task_id(task), made

    def _publish_unfit(self, change: dict[str, Any]) -> Ask:
        made = spec(3, self._stage.clock.now, **{"levels": 2, "hours": 2, **change})
        return self._stage.releasers[0], "publish_task", task_id(3), made

    def _cancel(self, who: int, task: int) -> Ask:
        owner = TASKS[task][0] if who else 1 - TASKS[task][0]
        return self._stage.releasers[owner], "cancel_task", task_id(task), "not_needed"

    def _set_level(self, who: int, person: int, level: int, ordinal: int) -> Ask:
        by = self._stage.authorities[who]
        return by, "set_level", *RECEIVERS[person], level, ordinal, "error"

    def _suspend(self, who: int, person: int) -> Ask:
        return self._stage.authorities[who], "suspend", *RECEIVERS[person], "investigation"

    def _reinstate(self, who: int, suspended: int) -> Ask:
        names = sorted(key[1:] for key in self._state if key[0] == "SU") or [RECEIVERS[0]]
        person = names[suspended % len(names)]
        return self._stage.authorities[who], "reinstate", *person, "cleared"

    def _open_epoch(self, who: int, table: int, ahead: int) -> Ask:
        number = max(0, self.newest_epoch() + ahead)
        return self._stage.authorities[who], "open_epoch", number, manifest(table)

    def _register(self, who: int, table: int, batch: int, ahead: int) -> Ask:
        number = max(0, self.newest_epoch() + ahead)
        rows = batches(table)[batch % 2]
        return self._stage.authorities[who], "register_levels", number, batch, rows

    def _approve(self, who: int, ahead: int) -> Ask:
        number = max(0, self.newest_epoch() + ahead)
        return self._stage.authorities[who], "approve_epoch", number

    def _announce(self, who: int) -> Ask:
        return (*self._stage.receivers, *self._stage.verifiers)[who + 2], "announce_key"

    def _malformed(self, who: int, words: tuple[str, ...]) -> Ask:
        return self._stage.receivers[who], *words

    def _pick(self, kind: str, number: int) -> tuple[str, Key]:
        """The holder and the place of a claim or a submission that stands, else a free place."""
        found = sorted(key for key in self._state if key[0] == kind)
        if not found:
            return "", (task_id(0), "0000", "0000")
        key = found[number % len(found)]
        return self._state[key]["holder"], key[1:]

    def _receiver(self, who: int | None, uid: str) -> Player:
        """A receiver by number, else by name."""
        return self._named[uid] if who is None and uid else self._stage.receivers[who or 0]
