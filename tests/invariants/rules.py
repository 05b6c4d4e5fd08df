# SPDX-License-Identifier: Apache-2.0
"""What may stand on the ledger: one rule a record type, read from the specification."""

import hashlib
from collections.abc import Callable
from typing import Any

from tests.invariants.changes import Changes, Key
from tests.invariants.effects import EFFECTS
from tests.invariants.rules_budget import budget, cohort, dataset, spend
from tests.invariants.rules_credit import closing, moved, movement, payment
from tests.invariants.rules_retrieval import anchor, epoch, grant, index
from tests.invariants.rules_sharing import check_kept, deal, wrapped_key, wrapped_share

QUORUM = 2
DAY_MS = 24 * 3600 * 1000


def check(changes: Changes) -> None:
    """Check a transaction as a whole, then record by record.

    Raises:
        Broken: no rule allows it.
    """
    _check_effect(changes)
    for key, record in changes.put.items():
        changes.need(key[0] in _RULES, "only known types are written")
        _RULES[key[0]](changes, key, record)
    for key in changes.deleted:
        changes.need(changes.old(*key) is not None, "only what stands is deleted")
        changes.need(key[0] in _DELETIONS, "what is no claim, listing or suspension stays")
        _DELETIONS[key[0]](changes, key)


def _check_effect(c: Changes) -> None:
    types = {key[0] for key in (*c.put, *c.deleted)}
    if c.entry.event is None:
        c.need(not types, "7: what changes a key is told")
        return
    name, _ = c.entry.event
    c.need(name in EFFECTS, "7: only known events are told")
    effect = EFFECTS[name]
    c.need(types - effect.maybe == effect.keys, "7: an event stands for its own keys")
    c.need(c.entry.function == effect.function, "7: an event belongs to its function")
    c.need(not effect.roles or c.entry.by.role in effect.roles, "a role is in the certificate")


def _announced(c: Changes, key: Key, record: Any) -> None:
    by = c.entry.by
    c.need(key[1:] == (by.msp, by.name), "one announces for oneself")
    c.need(record == {"role": by.role, "key": by.key, "at": c.entry.at}, "and one's own key")


def _epoch(c: Changes, key: Key, record: Any) -> None:
    number = int(key[1])
    c.need(c.old(*key) is None, "an epoch is opened once")
    c.need(number == 1 or c.old("EP", f"{number - 1:08}"), "epochs have no gaps")
    c.need(record["by"] == c.entry.by.uid, "who opened is who signed")
    c.need(len(record["per_level"]) == record["levels"], "one number a level")
    c.need(sum(record["per_level"]) == record["count"], "the numbers add up")


def _batch(c: Changes, key: Key, record: Any) -> None:
    head = c.old("EP", key[1])
    c.need(c.old(*key) is None, "a batch is registered once")
    c.need(head is not None and int(key[2]) < head["batches"], "a batch was announced")
    c.need(head["by"].split("/")[0] == c.entry.by.msp, "the opener's organisation fills")
    c.need(record["count"] == sum(k[0] == "LV" for k in c.put), "a batch counts its levels")
    c.need(int(key[1]) > _active(c), "what is active is closed")


def _level(c: Changes, key: Key, record: Any) -> None:
    old, number = c.old(*key), int(key[1])
    c.need(1 <= record["level"] <= c.old("EP", key[1])["levels"], "levels go from 1 to T")
    if c.entry.function == "register_levels":
        c.need(old is None, "nobody is registered twice")
        c.need(number > _active(c), "what is active is closed")
        return
    c.need(number == _active(c), "only the active epoch's levels are set")
    if old is None:
        c.need(record["level"] == 1, "a newcomer enters at level 1")
        c.need(key[2] != c.entry.by.msp, "and by the other organisation")
    else:
        c.need(record["level"] < old["level"], "7: within an epoch a level only falls")


def _approval(c: Changes, key: Key, record: Any) -> None:
    number, head = int(key[1]), c.old("EP", key[1])
    c.need(c.old(*key) is None, "an organisation approves once")
    c.need((key[2], record["by"]) == (c.entry.by.msp, c.entry.by.uid), "for itself")
    c.need(number > _active(c), "what is active is closed")
    batches = [c.old("EB", key[1], f"{n:04}") for n in range(head["batches"])]
    c.need(all(batches), "all batches are there")
    c.need(sum(batch["count"] for batch in batches) == head["count"], "they add up")
    joined = b"".join(bytes.fromhex(batch["hash"]) for batch in batches)
    c.need(hashlib.sha256(joined).hexdigest() == head["assignment_hash"], "they are the promised")
    enough = len(c.below("EA", key[1])) >= QUORUM
    c.need(enough == (("CU",) in c.put), "the quorum's last approval activates")


def _current(c: Changes, _: Key, record: Any) -> None:
    c.need(record["epoch"] > _active(c), "7: epochs only grow")
    head = c.old("EP", f"{record['epoch']:08}")
    c.need(record["levels"] == head["levels"], "levels are the epoch's")
    c.need(("EA", f"{record['epoch']:08}", c.entry.by.msp) in c.put, "only an approval activates")


def _suspension(c: Changes, key: Key, record: Any) -> None:
    c.need(c.old(*key) is None, "a suspension stands")
    c.need(record["by"] == c.entry.by.uid, "who suspended is who signed")


def _task(c: Changes, key: Key, record: Any) -> None:
    by, old = c.entry.by, c.old(*key)
    c.need(record["releaser"] == by.uid, "a releaser acts on own tasks")
    if old is not None:
        c.need(old["status"] == "open", "a task is cancelled once")
        c.need(record == {**old, "status": "cancelled"}, "and nothing else changes")
        c.need(not c.old("CL", key[1]), "what is closed is not cancelled")
        c.need(not _listings(c, key[1]), "a cancelled task is listed no more")
        return
    current = c.old("CU")
    c.need(current and record["levels"] == current["levels"], "levels are the active epoch's")
    parts: list[Any] = [c.put.get(("ST", key[1], f"{n:04}")) for n in range(record["subtasks"])]
    c.need(all(parts) and len(c.below("ST", key[1])) == len(parts), "every subtask is there")
    c.need(_listings(c, key[1]) == len(parts), "every subtask is listed")
    c.need(all(1 <= part["level"] <= record["levels"] for part in parts), "levels go from 1 to T")
    c.need(1 <= sum(part["slots"] for part in parts) <= 1000, "at most 1,000 slots in all")
    escrow = sum(part["slots"] * part["reward"] for part in parts)
    c.need((record["escrow"], record["status"]) == (escrow, "open"), "4: all rewards are set aside")
    moved(c, by.uid, -escrow, "escrow", key[1])
    times = (record["accept_until"], record["submit_until"])
    c.need(c.entry.at < times[0] <= times[1] <= c.entry.at + 366 * DAY_MS, "times are in order")
    names = record["verifiers"]
    c.need(len(set(names)) == len(names) in {1, 3, 5}, "1, 3 or 5 distinct verifiers")
    c.need(all(name.split("/")[0] != by.msp for name in names), "of other organisations")
    c.need(all(_role(c, name) == "verifier" for name in names), "verifiers announced keys")
    c.need(_role(c, record["institution"]) == "institution", "the institution announced a key")


def _subtask(c: Changes, key: Key, _: Any) -> None:
    c.need(c.old(*key) is None and ("TK", key[1]) in c.put, "a subtask comes with its task")


def _listed(c: Changes, key: Key, record: Any) -> None:
    task, part = c.new("TK", key[3]), c.new("ST", *key[3:])
    c.need(record == 1 and int(key[1]) == part["level"], "the index tells the level")
    c.need(int(key[2]) == task["accept_until"], "and the deadline")


def _member(c: Changes, key: Key, record: Any) -> None:
    by = c.entry.by
    c.need(c.old(*key) is None, "1: who joined stays where they joined")
    c.need(key[1:3] == (by.msp, by.name), "one joins for oneself")
    slot = ("SL", record["task"], f"{record['subtask']:04}", f"{record['slot']:04}")
    c.need(slot in c.put, "who joins holds a slot")
    task = c.old("TK", record["task"])
    scope = f"{task['releaser']}:{task['series']}" if task["series"] else record["task"]
    c.need(key[3] == scope, "a series counts across its releaser's tasks")


def _claim(c: Changes, key: Key, record: Any) -> None:
    by, at = c.entry.by, c.entry.at
    task, part = c.old("TK", key[1]), c.old(*("ST", *key[1:3]))
    c.need(task and part, "a claim is of a subtask")
    c.need(c.old(*key) is None, "3: a slot has one holder")
    c.need(int(key[3]) < part["slots"], "3: slots are counted")
    c.need(len(c.below("SL", *key[1:3])) <= part["slots"], "3: no more holders than slots")
    place = (by.uid, scope(key[1], task))
    c.need(place not in c.joined, "1: one subtask of a task or series a person, ever")
    level = c.old("LV", f"{record['epoch']:08}", by.msp, by.name)
    c.need(record["epoch"] == _active(c), "2: the epoch is the active one")
    c.need(level and record["level"] == level["level"], "2: the level is the registry's")
    c.need(record["level"] == part["level"], "2: the level is the subtask's")
    c.need((record["holder"], record["key"]) == (by.uid, by.key), "one claims for oneself")
    c.need(record["at"] == at < task["accept_until"], "a claim is in time")
    c.need(task["status"] == "open", "a cancelled task takes no claim")
    c.need(task["levels"] == c.old("CU")["levels"], "levels are the active epoch's")
    c.need(not c.old("SU", by.msp, by.name), "a suspended person accepts nothing")
    c.need(not c.old("CL", key[1]), "what is closed takes nothing")
    check_kept(c, key[1:])


def _submission(c: Changes, key: Key, record: Any) -> None:
    by, claim = c.entry.by, c.old("SL", *key[1:])
    c.need(c.old(*key) is None, "data are submitted once")
    c.need(claim and claim["holder"] == record["holder"] == by.uid, "the holder submits")
    c.need(not c.old("SU", by.msp, by.name), "a suspended person submits nothing")
    c.need(c.entry.at < c.old("TK", key[1])["submit_until"], "a submission is in time")
    c.need(not c.old("CL", key[1]), "what is closed takes nothing")


def _verdict(c: Changes, key: Key, _: Any) -> None:
    by, task, data = c.entry.by, c.old("TK", key[1]), c.old("SB", *key[1:4])
    c.need(c.old(*key) is None, "a verdict stands")
    c.need(key[4:] == (by.msp, by.name), "one judges for oneself")
    c.need(task and by.uid in task["verifiers"], "the task's verifiers judge")
    c.need(data and data["holder"] != by.uid, "5: nobody judges their own submission")
    c.need(by.msp != task["releaser"].split("/")[0], "5: nor for their own organisation's task")
    c.need(not c.old("CL", key[1]), "what is closed takes nothing")


def _reinstated(c: Changes, key: Key) -> None:
    suspended_by = c.old(*key)["by"].split("/")[0]
    c.need(suspended_by != c.entry.by.msp, "the other organisation reinstates")


def _withdrawn(c: Changes, key: Key) -> None:
    by = c.entry.by
    c.need(c.old(*key)["holder"] == by.uid, "the holder withdraws")
    c.need(not c.old("SB", *key[1:]), "who submitted keeps the slot")
    c.need(not c.old("SU", by.msp, by.name), "a suspended person's slot stays used")
    check_kept(c, key[1:])


def _unlisted(c: Changes, key: Key) -> None:
    over = c.new("TK", key[3])["status"] == "cancelled" or ("DL", *key[3:]) in c.put
    c.need(over, "open subtasks are listed")


def _listings(c: Changes, task: str) -> int:
    return sum(key[3] == task for key in c.below("OP"))


def scope(task_id: str, task: Any) -> str:
    """Where a person may hold one subtask: a task, or all tasks of a releaser's series."""
    return f"{task['releaser']} {task['series']}" if task["series"] else task_id


def _active(c: Changes) -> int:
    current = c.old("CU")
    return current["epoch"] if current else 0


def _role(c: Changes, uid: str) -> str:
    announced = c.old("WK", *uid.split("/"))
    return announced["role"] if announced else ""


_RULES: dict[str, Callable[[Changes, Key, Any], None]] = {
    "WK": _announced,
    "EP": _epoch,
    "EB": _batch,
    "LV": _level,
    "EA": _approval,
    "CU": _current,
    "SU": _suspension,
    "TK": _task,
    "ST": _subtask,
    "OP": _listed,
    "MB": _member,
    "SL": _claim,
    "SB": _submission,
    "VD": _verdict,
    "KY": wrapped_key,
    "DL": deal,
    "SH": wrapped_share,
    "AC": movement,
    "PY": payment,
    "CL": closing,
    "CO": cohort,
    "BU": budget,
    "RS": spend,
    "DS": dataset,
    "GR": grant,
    "GX": index,
    "SE": epoch,
    "SA": anchor,
}
_DELETIONS: dict[str, Callable[[Changes, Key], None]] = {
    "SU": _reinstated,
    "SL": _withdrawn,
    "OP": _unlisted,
}
