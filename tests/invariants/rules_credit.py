# SPDX-License-Identifier: Apache-2.0
"""What may stand of credit: movements, payments and closings, and what they add up to."""

from collections import Counter
from typing import Any

from tests.invariants.blocks import Entry
from tests.invariants.changes import Changes, Key, State, need

WINDOW_MS = 7 * 24 * 3600 * 1000
CREDIT_TYPES = {"AC", "TK", "PY", "CL"}


def movement(c: Changes, key: Key, record: Any) -> None:
    """Each says why, and by whom; that a call moves what it should, its other records say."""
    c.need(c.old(*key) is None, "4: a movement is never rewritten")
    c.need(record["by"] == c.entry.by.uid, "who moves is who signed")
    c.need(record["reason"] == _REASONS.get(c.entry.function), "4: a call moves for one reason")
    if record["reason"] == "issued":
        c.need(record["delta"] > 0 and len(c.put) == 1, "credit is issued to one person")
        c.need(key[3] != c.entry.tx_id and not record["task"], "under a reference")
    else:
        c.need(record["delta"] and key[3] == c.entry.tx_id, "4: nothing else moves")
        to = {pay["to"] for kind, pay in _kinds(c) if kind == "PY"}
        to |= {c.new("TK", record["task"])["releaser"]} if not to else set()
        c.need("/".join(key[1:3]) in to, "4: only who is meant gains or spends")


def moved(c: Changes, uid: str, delta: int, reason: str, task: str) -> None:
    """This transaction moves so much of a person's, and says so; or has no record of nothing."""
    made = c.put.get(("AC", *uid.split("/"), c.entry.tx_id))
    due = {"delta": delta, "reason": reason, "task": task, "by": c.entry.by.uid} if delta else None
    c.need(made == due, "4: what is moved is what is due")


def payment(c: Changes, key: Key, record: Any) -> None:
    """The holder's, once, and on a majority's word or after its silence."""
    task, part, data = c.old("TK", key[1]), c.old("ST", *key[1:3]), c.old("SB", *key[1:])
    c.need(c.old(*key) is None, "5: a slot is paid once")
    c.need(data and data["holder"] == record["to"], "5: who submitted is paid")
    c.need(c.old("SL", *key[1:])["holder"] == record["to"], "5: and holds the slot")
    c.need(record["at"] == c.entry.at, "a payment has its time")
    c.need(not c.old("CL", key[1]), "what is closed pays nothing")
    said: Counter[str] = Counter()
    for place, verdict in c.below("VD", *key[1:]).items():
        by = "/".join(place[4:])
        c.need(by in task["verifiers"] and by != record["to"], "5: independent verifiers decide")
        c.need(place[4] != task["releaser"].split("/")[0], "5: independent verifiers decide")
        said[verdict["verdict"]] += 1
    most = [word for word, count in said.items() if 2 * count > len(task["verifiers"])]
    over = c.entry.at >= task["submit_until"] + WINDOW_MS
    c.need(most or over, "5: before the window's end a majority decides")
    c.need(record["amount"] == (0 if most == ["reject"] else part["reward"]), "5: as it decides")
    moved(c, record["to"], record["amount"], "reward", key[1])


def closing(c: Changes, key: Key, record: Any) -> None:
    """Nobody who submitted is unpaid, nobody may still submit, and the rest goes back."""
    by, task = c.entry.by, c.old("TK", key[1])
    c.need(c.old(*key) is None, "a task is closed once")
    c.need(by.uid == task["releaser"] or by.role == "authority", "its releaser or an authority")
    sent = {place[1:] for place in c.below("SB", key[1])}
    paid = {place[1:]: made["amount"] for place, made in c.below("PY", key[1]).items()}
    c.need(sent == set(paid), "5: no refund leaves a submitted slot unpaid")
    held = {place[1:] for place in c.below("SL", key[1])}
    over = c.entry.at >= task["submit_until"]
    c.need(over or (task["status"] == "cancelled" and held == sent), "nobody may still submit")
    c.need(record["paid"] == sum(paid.values()), "4: a closing says what was paid")
    c.need(record["paid"] + record["refunded"] == task["escrow"], "4: and gives the rest back")
    c.need(record["at"] == c.entry.at, "a closing has its time")
    moved(c, task["releaser"], record["refunded"], "refund", key[1])


def check_credit(state: State, issued: int, entry: Entry) -> None:
    """What all accounts and all escrows hold.

    Raises:
        Broken: credit was lost or made, or somebody has less than nothing.
    """
    accounts: Counter[Key] = Counter()
    escrow = 0
    for key, record in state.items():
        if key[0] == "AC":
            accounts[key[1:3]] += record["delta"]
        elif key[0] == "TK" and ("CL", key[1]) not in state:
            escrow += record["escrow"]
        elif key[0] == "PY" and ("CL", key[1]) not in state:
            escrow -= record["amount"]
    need(min(accounts.values(), default=0) >= 0, "4: no account falls below zero", entry)
    need(sum(accounts.values()) + escrow == issued, "4: credit is conserved", entry)


def _kinds(c: Changes) -> list[tuple[str, Any]]:
    return [(key[0], record) for key, record in c.put.items()]


_REASONS = {
    "issue_credit": "issued",
    "publish_task": "escrow",
    "settle_rewards": "reward",
    "close_task": "refund",
}
