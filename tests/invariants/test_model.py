# SPDX-License-Identifier: Apache-2.0
"""The model that judges the ledger can say no: each rule, broken once, is named."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

import pytest
from tests.invariants.blocks import Entry, entries
from tests.invariants.changes import Broken, key_of
from tests.invariants.machine import NOBODY, PeopleAtOnce
from tests.invariants.model import Model
from tests.invariants.rules import EFFECTS
from tests.invariants.stage import Plays, task_id

Tamper: TypeAlias = Callable[[Entry], Entry]


@pytest.fixture(scope="module")
def honest(plays: Plays) -> list[Entry]:
    """A ledger on which everything happened once, by one call after the other."""
    play = PeopleAtOnce(plays)
    try:
        for ask in (
            ("accept", 0, (0, 0)),
            ("accept", 1, (2, 0)),
            ("submit", 0, None, 0),
            ("verify", 0, 0, 0),
            ("withdraw", 1, None),
            ("suspend", 1, 4),
            ("reinstate", 0, 0),
            ("set_level", 1, 2, 1, 0),
            ("publish", 1, 3, 2, 9),
            ("cancel", 1, 3),
        ):
            play.people([ask], NOBODY, at_once=False)
        play.new_epoch(0, 1, "right", [])
        assert set(play.model.told) == set(EFFECTS)
        return list(entries(play.stage.network, 0))
    finally:
        plays.leave(play.stage)


def value(kind: str, **changes: Any) -> Tamper:
    """The last record of a type says something else."""

    def tamper(entry: Entry) -> Entry:
        name = max(name for name in entry.writes if key_of(name)[0] == kind)
        record = {**json.loads(entry.writes[name] or b""), **changes}
        data = json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
        return replace(entry, writes={**entry.writes, name: data})

    return tamper


def place(kind: str, part: int, word: str) -> Tamper:
    """The last record of a type stands elsewhere."""

    def tamper(entry: Entry) -> Entry:
        name = max(name for name in entry.writes if key_of(name)[0] == kind)
        parts = [*key_of(name)]
        parts[part] = word
        moved = "\0" + "\0".join(parts) + "\0"
        writes = {k: v for k, v in entry.writes.items() if k != name}
        return replace(entry, writes={**writes, moved: entry.writes[name]})

    return tamper


def without(kind: str) -> Tamper:
    """The records of a type are not written."""
    return lambda entry: replace(
        entry, writes={k: v for k, v in entry.writes.items() if key_of(k)[0] != kind}
    )


def by(**changes: Any) -> Tamper:
    """Somebody else signed."""
    return lambda entry: replace(entry, by=replace(entry.by, **changes))


def entry_(**changes: Any) -> Tamper:
    """The transaction as a whole is another."""
    return lambda entry: replace(entry, **changes)


def spaced(entry: Entry) -> Entry:
    """The values are no canonical JSON."""
    writes = {k: v and v.replace(b":", b": ") for k, v in entry.writes.items()}
    return replace(entry, writes=writes)


@pytest.mark.parametrize(
    ("event", "tamper", "rule"),
    [
        ("SubtaskAccepted", value("SL", level=2), "2: the level is the registry's"),
        ("SubtaskAccepted", value("SL", epoch=2), "2: the epoch is the active one"),
        ("SubtaskAccepted", place("SL", 3, "0002"), "who joins holds a slot"),
        ("SubtaskAccepted", value("SL", key="00"), "claims for oneself"),
        ("SubtaskAccepted", value("SL", at=1.5), "8: everything is canonical JSON"),
        ("SubtaskAccepted", without("MB"), "7: an event stands for its own keys"),
        ("SubtaskAccepted", by(role="verifier"), "a role is in the certificate"),
        ("SubtaskAccepted", entry_(event=None), "7: what changes a key is told"),
        ("SubtaskAccepted", entry_(function="ping"), "7: an event belongs to its function"),
        ("SubtaskAccepted", entry_(at=2_000_000_000_000), "in time"),
        ("SubtaskAccepted", entry_(result=b"{ }"), "8: everything is canonical JSON"),
        ("SubtaskAccepted", entry_(code=10), "what is invalid is a conflict"),
        ("SubtaskAccepted", spaced, "8: everything is canonical JSON"),
        ("ClaimWithdrawn", by(name="a3"), "the holder withdraws"),
        ("DataSubmitted", by(name="a3"), "the holder submits"),
        ("SubmissionVerified", by(name="x"), "one judges for oneself"),
        ("SubmissionVerified", place("VD", 3, "0001"), "nobody judges their own"),
        ("PersonReinstated", by(msp="HospitalBMSP"), "the other organisation reinstates"),
        ("LevelChanged", value("LV", level=2), "7: within an epoch a level only falls"),
        ("EpochActivated", value("CU", epoch=1), "7: epochs only grow"),
        ("EpochActivated", without("CU"), "7: an event stands for its own keys"),
        ("LevelsRegistered", value("EB", count=9), "a batch counts its levels"),
        ("EpochOpened", place("EP", 1, "00000004"), "epochs have no gaps"),
        ("TaskPublished", value("TK", levels=3), "levels are the active epoch's"),
        ("TaskPublished", value("TK", verifiers=[]), "1, 3 or 5 distinct verifiers"),
        ("TaskPublished", without("OP"), "7: an event stands for its own keys"),
        ("TaskCancelled", value("TK", escrow=1), "and nothing else changes"),
        ("KeyAnnounced", by(name="x"), "one announces for oneself"),
    ],
)
def test_a_broken_rule_is_named(honest: list[Entry], event: str, tamper: Tamper, rule: str):
    """The last transaction that told an event is changed in one thing."""
    last = max(n for n, one in enumerate(honest) if one.event and one.event[0] == event)
    model = Model()
    for one in honest[:last]:
        model.apply(one)
    with pytest.raises(Broken, match=rule):
        model.apply(tamper(honest[last]))


def test_what_was_done_once_is_not_done_again(honest: list[Entry]):
    """A second claim, submission, verdict or epoch, told under another transaction id."""
    model = Model()
    for one in honest:
        model.apply(one)
    for event in ("SubtaskAccepted", "DataSubmitted", "SubmissionVerified", "EpochOpened"):
        again = next(one for one in honest if one.event and one.event[0] == event)
        with pytest.raises(Broken):
            model.apply(replace(again, tx_id="another"))


def test_a_transaction_counts_once(honest: list[Entry]):
    """Valid twice is refused; marked a duplicate, it changes nothing."""
    model = Model()
    for one in honest:
        model.apply(one)
    before = dict(model.raw)
    model.apply(replace(honest[-1], code=9, writes={}))
    assert model.raw == before
    with pytest.raises(Broken, match="7: a transaction counts once"):
        model.apply(honest[-1])


def test_a_person_joins_a_series_once(honest: list[Entry]):
    """A slot in another subtask of the series breaks the first invariant, even after leaving."""
    model = Model()
    first = next(one for one in honest if one.event and one.event[0] == "SubtaskAccepted")
    for one in honest[: honest.index(first) + 1]:
        model.apply(one)
    claim = json.loads(next(v for k, v in first.writes.items() if key_of(k)[0] == "SL") or b"")
    data = json.dumps(claim, sort_keys=True, separators=(",", ":")).encode()
    slot = f"\0SL\0{task_id(1)}\0{0:04}\0{0:04}\0"
    member = f"\0MB\0HospitalAMSP\0a0\0{task_id(1)}\0"
    joined = b'{"slot":0,"subtask":0,"task":"%b"}' % task_id(1).encode()
    with pytest.raises(Broken, match="1: one subtask of a task or series a person, ever"):
        model.apply(replace(first, tx_id="another", writes={slot: data, member: joined}))
