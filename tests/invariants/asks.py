# SPDX-License-Identifier: Apache-2.0
"""What people ask for: draws made into calls against what stands now."""

from collections.abc import Sequence
from typing import Any

from tests.invariants.changes import Key, State
from tests.invariants.crowd import Call
from tests.invariants.draws import Ask
from tests.invariants.stage import (
    ACCOUNTS,
    HOUR_MS,
    INSTITUTIONS,
    RECEIVERS,
    START_MS,
    TASKS,
    Player,
    Stage,
    batches,
    digest,
    manifest,
    spec,
    task_id,
    text,
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

    def _verify(self, data: int, who: int, word: str) -> Ask:
        _, (task, part, slot) = self._pick("SB", data)
        rest = (word, 1, "ok", digest("evidence"))
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

    def _issue(self, who: int, person: int, amount: int) -> Ask:
        """Under one of two references: now and then it is a repeat, or another amount."""
        by = self._stage.authorities[who]
        return by, "issue_credit", *ACCOUNTS[person], amount, f"ref-{who % 2}"

    def _keys(self, who: int, claim: int, to: int | None, number: int) -> Ask:
        """For all holders of a subtask, or one of them and maybe the wrong one."""
        holder, (task, part, slot) = self._pick("SL", claim)
        found = {slot: holder or self._uid(0)} if to is None else {slot: self._uid(to)}
        if who > 1:
            found = self._held(task, part) or found
        items = [
            {"slot": int(place), "to": uid, "wrapped": f"01{number:0162x}"}
            for place, uid in found.items()
        ]
        return self._owner(task, other=who == 1), "deliver_keys", task, int(part), items

    def _deal(self, who: int, place: tuple[int, int], how: str) -> Ask:
        """To whom it is due now, or not quite."""
        task, part = task_id(place[0]), f"{place[1]:04}"
        held = self._held(task, part)
        items = [
            {"slot": int(slot), "to": uid, "index": index}
            | {"share": "01" + "cd" * 83, "share_hash": digest(uid)}
            for index, (slot, uid) in enumerate(held.items(), start=1)
            if how == "suspended too" or ("SU", *uid.split("/")) not in self._state
        ]
        made = {
            "n": len(held),
            "threshold": len(held) // 2 + 1,
            "commitment": digest("commitment"),
            "blob_hash": digest("blob"),
            "close_early": how != "open",
            "items": items[1:] if how == "short" else items,
        }
        return self._owner(task, other=who == 1), "deliver_shares", task, place[1], made

    def _settle(self, data: int, every: bool, who: int) -> Ask:
        _, (task, part, slot) = self._pick("SB", data)
        sent = sorted(k[3] for k in self._state if k[:3] == ("SB", task, part))
        slots = [int(one) for one in sent] if every and sent else [int(slot)]
        by = (self._owner(task), self._stage.receivers[0], self._stage.verifiers[0])[who]
        return by, "settle_rewards", task, int(part), slots

    def _close(self, who: int, task: int) -> Ask:
        name = task_id(task)
        by = self._stage.authorities[0] if who == 0 else self._owner(name, other=who == 1)
        return by, "close_task", name

    def _open_cohort(self, who: int, cohort: int, total: str) -> Ask:
        opened = (task_id(cohort), "subject", total, digest("schema"))
        return self._stage.institutions[who], "open_cohort", *opened

    def _lower(self, who: int, cohort: int, total: str) -> Ask:
        return self._stage.institutions[who], "lower_budget", task_id(cohort), total

    def _dataset(self, who: int, dataset: int, cohort: int | None, version: int) -> Ask:
        """About the people of a cohort, or about nobody."""
        people = "" if cohort is None else task_id(cohort)
        by, named = self._stage.institutions[who], (task_id(dataset), people, task_id(version))
        return by, "register_dataset", *named

    def _reserve(self, who: int, cohort: int, request: int, epsilon: str) -> Ask:
        by, named = self._stage.institutions[who], (task_id(cohort), digest(f"request {request}"))
        return by, "reserve_budget", *named, epsilon

    def _record(self, who: int, spend: int, release: int) -> Ask:
        """For a request that was reserved, where there is one."""
        found = sorted(key[1:] for key in self._state if key[0] == "RS")
        place = found[spend % len(found)] if found else (task_id(0), digest("request 0"))
        by = self._stage.institutions[who]
        return by, "record_release", *place, digest(f"release {release}")

    def _grant(
        self, who: int, grant: int, worker: int, dataset: int, device: int, hours: int
    ) -> Ask:
        """Of a dataset and of an institution's device, each maybe another's, for so many hours."""
        by = self._stage.institutions[who]
        scope = {
            "datasets": [task_id(dataset)],
            "devices": {f"{INSTITUTIONS[device][0]}/pump": ["start"]},
            "purpose": "treatment",
            "not_before": START_MS,
            "expires": START_MS + hours * HOUR_MS,
        }
        return by, "grant_retrieval", task_id(grant), *RECEIVERS[worker], scope

    def _revoke(self, who: int, grant: int, word: str) -> Ask:
        return self._stage.institutions[who], "revoke_grant", task_id(grant), word

    def _claim(self, who: int, dataset: int, ahead: int) -> Ask:
        """The next epoch, or one before or after it."""
        name = task_id(dataset)
        number = self._state.get(("SE", name), {"number": 0})["number"] + ahead
        return self._stage.institutions[who], "claim_store_epoch", name, number

    def _anchor(self, who: int, dataset: int, version: int, head: int) -> Ask:
        proof = (digest(f"root {version}"), digest(f"head {head}"))
        by = self._stage.institutions[who]
        return by, "anchor_store", task_id(dataset), version, *proof

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

    def _owner(self, task: str, *, other: bool = False) -> Player:
        """A task's releaser, or the other one."""
        found = self._state.get(("TK", task), {"releaser": ""})["releaser"]
        first, second = self._stage.releasers
        return second if (found == f"{second.msp}/{second.name}") != other else first

    def _held(self, task: str, part: str) -> dict[str, str]:
        """The holders of a subtask's slots, in order."""
        rows = sorted(key for key in self._state if key[:3] == ("SL", task, part))
        return {key[3]: self._state[key]["holder"] for key in rows}

    def _uid(self, who: int) -> str:
        return "/".join(RECEIVERS[who])

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
