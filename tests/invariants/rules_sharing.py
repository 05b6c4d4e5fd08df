# SPDX-License-Identifier: Apache-2.0
"""What may stand of keys and shares: to holders only, to no more persons than there are slots."""

import json
from typing import Any

from tests.invariants.changes import Changes, Key


def wrapped_key(c: Changes, key: Key, record: Any) -> None:
    """To the holder of a slot, who keeps it from then on."""
    _handed_out(c, key, record["to"])
    c.need(c.old(*key) is None, "3: a key is sent once")
    sent = {made["to"] for made in c.below("KY", *key[1:3]).values()}
    slots = c.old("ST", *key[1:3])["slots"]
    c.need(len(sent) <= slots, "3: at most as many persons as slots were ever sent the key")
    c.need(record["at"] == c.entry.at, "a key has its time")


def deal(c: Changes, key: Key, record: Any) -> None:
    """All holders count; those who are not suspended get a share, a majority opens."""
    task, part, held = c.old("TK", key[1]), c.old("ST", *key[1:]), sorted(c.below("SL", *key[1:]))
    c.need(c.old(*key) is None, "a secret is shared once")
    c.need(c.entry.by.uid == task["releaser"], "its releaser hands out")
    c.need(record["n"] == len(held), "all holders count")
    c.need(record["threshold"] == len(held) // 2 + 1, "a majority opens")
    early = json.loads(c.entry.args[2])["close_early"]
    over = c.entry.at >= task["accept_until"] or len(held) == part["slots"] or early
    c.need(over, "nobody may still come")
    due = {
        ("SH", *place[1:]): index
        for index, place in enumerate(held, start=1)
        if not c.old("SU", *c.old(*place)["holder"].split("/"))
    }
    dealt = {place: made["index"] for place, made in c.put.items() if place[0] == "SH"}
    c.need(dealt == due, "every holder who is not suspended gets the share of its place")
    c.need(record["at"] == c.entry.at, "a deal has its time")


def wrapped_share(c: Changes, key: Key, record: Any) -> None:
    """To the holder of a slot, with the deal it belongs to."""
    _handed_out(c, key, record["to"])
    c.need(("DL", *key[1:3]) in c.put, "a share comes with its deal")


def check_kept(c: Changes, slot: Key) -> None:
    """Nobody comes or goes where a key was sent or a secret shared."""
    c.need(not c.old("KY", *slot), "3: who was sent the key keeps the slot")
    c.need(not c.old("DL", *slot[:2]), "3: who was dealt a share keeps the slot")


def _handed_out(c: Changes, key: Key, to: str) -> None:
    claim, task = c.old("SL", *key[1:]), c.old("TK", key[1])
    c.need(c.entry.by.uid == task["releaser"], "its releaser hands out")
    c.need(claim and claim["holder"] == to, "3: only who holds the slot is handed anything")
    c.need(not c.old("SU", *to.split("/")), "a suspended person is handed nothing")
