# SPDX-License-Identifier: Apache-2.0
"""A made-up ledger as large as is asked for, as the calls of its blocks."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from pmcb_apps.dashboard._block import Call, Write

A, B = "HospitalAMSP", "HospitalBMSP"
NOW_MS = 1_800_000_000_000
HOUR_MS = 3_600_000
COHORT, DATASET, GRANT = "c0" * 16, "d0" * 16, "e0" * 16
SLOTS = 9
REWARD = 20


def task_id(number: int) -> str:
    return f"{number:032x}"


def write(kind: str, *attributes: object, **fields: Any) -> Write:
    """A record; without fields a deletion."""
    value = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode() if fields else None
    return Write(kind, "/".join(map(str, attributes)), value)


def call(function: str, *writes: Write, at_ms: int = NOW_MS, code: int = 0) -> Call:
    return Call(0, "ab" * 32, function, A, at_ms, code, writes)


def levelled(receivers: int, levels: int = 3) -> Iterator[Call]:
    """An epoch, approved by both organisations, in batches of 500."""
    batches = -(-receivers // 500)
    per_level = [(receivers - n + levels - 1) // levels for n in range(levels)]
    epoch = "00000001"
    head = {
        "levels": levels, "per_level": per_level, "graph_hash": "a" * 64, "params_hash": "b" * 64,
        "assignment_hash": "c" * 64, "batches": batches, "count": receivers, "by": f"{A}/authority",
        "at": NOW_MS,
    }  # fmt: skip
    yield call("open_epoch", write("EP", epoch, **head))
    for batch in range(batches):
        people = range(batch * 500, min(receivers, (batch + 1) * 500))
        rows = [
            write("LV", epoch, A, f"p{n:06}", level=n % levels + 1, ordinal=n // levels)
            for n in people
        ]
        counted = write("EB", epoch, f"{batch:04}", count=len(people), hash="d" * 64)
        yield call("register_levels", *rows, counted)
    approvals = [write("EA", epoch, msp, by=f"{msp}/authority", at=NOW_MS) for msp in (A, B)]
    yield call("approve_epoch", *approvals, write("CU", epoch=1, levels=levels, since=NOW_MS))


def published(number: int, levels: int = 3) -> Call:
    """A task with a subtask a level, the later ones newer."""
    task, at_ms = task_id(number), NOW_MS - 10 * HOUR_MS + number
    record = {
        "releaser": f"{A}/releaser{number % 7}", "series": "", "levels": levels,
        "subtasks": levels, "accept_until": NOW_MS + HOUR_MS, "submit_until": NOW_MS + 2 * HOUR_MS,
        "verifiers": [f"{B}/verifier1"], "institution": f"{B}/records",
        "results_to": "institution", "notice_hash": "f" * 64, "escrow": levels * SLOTS * REWARD,
        "status": "open",
    }  # fmt: skip
    parts = [
        write(
            "ST", task, f"{n:04}", level=n + 1, slots=SLOTS, reward=REWARD, envelope_hash="1" * 64
        )
        for n in range(levels)
    ]
    return call("publish_task", write("TK", task, **record), *parts, at_ms=at_ms)


def answered(number: int, slots: int = SLOTS, levels: int = 3) -> Iterator[Call]:
    """So many slots of each subtask of a task taken, answered, judged and paid."""
    task = task_id(number)
    for place in (f"{task}/{part:04}/{slot:04}" for part in range(levels) for slot in range(slots)):
        part, slot = (int(each) for each in place.split("/")[1:])
        holder = f"{A}/p{slot * levels + part:06}"
        yield call(
            "settle_rewards",
            write("SL", place, holder=holder, level=part + 1, epoch=1, at=NOW_MS, key="02"),
            write("KY", place, to=holder, wrapped="00", at=NOW_MS),
            write("SB", place, holder=holder, content_hash="9" * 64, size=4717, at=NOW_MS),
            write(
                "VD", place, f"{B}/verifier1", score=100 if slot else 0, evidence_hash="8" * 64,
                verdict="accept" if slot else "reject", reason="ok" if slot else "range", at=NOW_MS,
            ),
            write("PY", place, amount=REWARD if slot else 0, to=holder, at=NOW_MS),
        )  # fmt: skip


def bought() -> Iterator[Call]:
    """A budget, two of its releases, and a grant."""
    yield call(
        "open_cohort",
        write("CO", COHORT, owner=B, unit="subject", total="2", schema_hash="7" * 64),
        write("BU", COHORT, spent="26/25", count=2),
        write("DS", DATASET, owner=B, cohort=COHORT, version="6" * 32, number=2),
    )
    for number, (state, released) in enumerate((("published", "5" * 64), ("reserved", "")), 1):
        spend = {"epsilon": "13/25", "number": number, "at": NOW_MS, "state": state}
        yield call("reserve_budget", write("RS", COHORT, "4" * 63 + str(number), **spend,
                                           release_hash=released))  # fmt: skip
    grant = {
        "owner": B, "worker": f"{A}/worker1", "datasets": [DATASET], "purpose": "diagnosis",
        "devices": {f"{B}/pump": ["start"]}, "not_before": NOW_MS - 1, "expires": NOW_MS + HOUR_MS,
        "revoked": "",
    }  # fmt: skip
    yield call("grant_retrieval", write("GR", GRANT, **grant))
    yield call("anchor_store", write("SA", DATASET, version=3, digest="3" * 64, audit_head="2" * 64,
                                     at=NOW_MS))  # fmt: skip


def blocks(*, receivers: int = 30, tasks: int = 3, answers: int = 1) -> Iterator[list[Call]]:
    """The calls of block 0, 1, ...; the first ``answers`` tasks were answered."""
    for made in levelled(receivers):
        yield [made]
    yield in_one(published(number) for number in range(tasks))
    for number in range(min(answers, tasks)):
        yield in_one(answered(number))
    yield in_one(bought())
    yield in_one([call("accept_subtask", code=11), call("accept_subtask")])


def in_one(calls: Iterable[Call]) -> list[Call]:
    """All in one block."""
    return [replace(each, position=position) for position, each in enumerate(calls)]
