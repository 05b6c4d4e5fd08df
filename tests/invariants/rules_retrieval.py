# SPDX-License-Identifier: Apache-2.0
"""What may stand of retrieval: grants of one's own, claims without gaps, anchors that rise."""

from typing import Any

from tests.invariants.changes import Changes, Key

YEAR_MS = 366 * 24 * 3600 * 1000


def grant(c: Changes, key: Key, record: Any) -> None:
    """Made once, of what is the granting organisation's; from then on it is only revoked, once."""
    old = c.old(*key)
    c.need(record["owner"] == c.entry.by.msp, "an institution grants for its organisation")
    if old is not None:
        c.need({**old, "revoked": ""} == {**record, "revoked": ""}, "and nothing else changes")
        c.need(record["revoked"] and not old["revoked"], "a grant is revoked once and for good")
        return
    c.need(not record["revoked"], "a grant begins in force")
    c.need(("GX", *record["worker"].split("/"), key[1]) in c.put, "a grant is found by its worker")
    owners = [(c.old("DS", name) or {"owner": ""})["owner"] for name in record["datasets"]]
    owners += [name.split("/")[0] for name in record["devices"]]
    c.need(set(owners) == {record["owner"]}, "what is granted is the organisation's own")
    c.need(len(owners) <= 32, "at most 32 datasets and devices")
    c.need(all(record["devices"].values()), "a device takes commands")
    named = [record["datasets"], *record["devices"].values()]
    c.need(all(len(set(some)) == len(some) for some in named), "everything is named once")
    end = record["expires"]
    c.need(record["not_before"] < end <= c.entry.at + YEAR_MS, "a grant ends within 366 days")


def index(c: Changes, key: Key, record: Any) -> None:
    """It comes with the grant of its worker, and stays."""
    made = c.put.get(("GR", key[3]))
    c.need(c.old(*key) is None and record == 1, "the index is written once")
    c.need(made and made["worker"] == "/".join(key[1:3]), "the index tells the worker")


def epoch(c: Changes, key: Key, record: Any) -> None:
    """Each number once, by one transaction, of the organisation whose store it is."""
    old = c.old(*key)
    _check_own(c, key[1])
    c.need(record["number"] == (old["number"] if old else 0) + 1, "store epochs have no gaps")
    c.need(record["tx"] == c.entry.tx_id, "a claim names its transaction")
    c.need(record["at"] == c.entry.at, "a claim has its time")


def anchor(c: Changes, key: Key, record: Any) -> None:
    """Its version never falls."""
    old = c.old(*key)
    _check_own(c, key[1])
    c.need(old is None or record["version"] >= old["version"], "a version does not fall")
    c.need(record["at"] == c.entry.at, "an anchor has its time")
    if old is not None:
        c.need({**record, "at": 0} != {**old, "at": 0}, "an anchor is written once")


def _check_own(c: Changes, dataset: str) -> None:
    found = c.old("DS", dataset)
    c.need(found and found["owner"] == c.entry.by.msp, "a store is its organisation's alone")
