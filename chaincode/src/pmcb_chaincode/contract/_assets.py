# SPDX-License-Identifier: Apache-2.0
"""What the ledger holds: one class a record, with its key and its fields.

Numbers in keys are zero-padded, so that byte order is their order.
"""

from dataclasses import dataclass
from typing import Annotated, Self

from pmcb_chaincode.bridge import (
    Context,
    Int,
    JsonObject,
    Match,
    canonical_dumps,
    canonical_loads,
    composite,
)

MAX_LEVELS = 16
MAX_SUBTASKS = 64
MAX_SLOTS = 1000

NAME = "[A-Za-z0-9._-]{1,64}"
Name = Annotated[str, Match(NAME, "1 to 64 letters, digits, dots, underscores or hyphens")]
Uid = Annotated[str, Match(f"{NAME}/{NAME}", "msp/enrollment")]
Epoch = Annotated[int, Int(1, 99_999_999)]
Level = Annotated[int, Int(1, MAX_LEVELS)]
Ordinal = Annotated[int, Int(0, 999_999)]
Subtask = Annotated[int, Int(0, MAX_SUBTASKS - 1)]
Slot = Annotated[int, Int(0, MAX_SLOTS - 1)]


@dataclass(frozen=True)
class Record:
    """A value on the ledger, stored as canonical JSON."""

    def encode(self) -> bytes:
        """The bytes that are stored."""
        return canonical_dumps(self.as_json())

    def as_json(self) -> JsonObject:
        """The record's fields."""
        return vars(self)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The record behind stored bytes."""
        found = canonical_loads(data)
        assert isinstance(found, dict)
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in found.items()})

    @classmethod
    def maybe(cls, data: bytes | None) -> Self | None:
        """The record, or None where nothing is stored."""
        return None if data is None else cls.decode(data)

    @classmethod
    async def load(cls, ctx: Context, key: str) -> Self | None:
        """Read one record."""
        return cls.maybe(await ctx.ledger.get(key))


@dataclass(frozen=True)
class AnnouncedKey(Record):
    """``WK``: the key that others seal to for a person, from that person's own certificate."""

    role: str
    key: str
    at: int

    @staticmethod
    def key_of(uid: str) -> str:
        """Its place on the ledger."""
        return composite("WK", *uid.split("/"))


@dataclass(frozen=True)
class EpochHead(Record):
    """``EP``: what an epoch promises to hold; the batches must add up to it."""

    levels: int
    per_level: tuple[int, ...]
    graph_hash: str
    params_hash: str
    assignment_hash: str
    batches: int
    count: int
    by: str
    at: int

    @staticmethod
    def key_of(epoch: int) -> str:
        """Its place on the ledger."""
        return composite("EP", f"{epoch:08}")


@dataclass(frozen=True)
class EpochBatch(Record):
    """``EB``: one registered batch of levels."""

    count: int
    hash: str

    @staticmethod
    def key_of(epoch: int, batch: int) -> str:
        """Its place on the ledger."""
        return composite("EB", f"{epoch:08}", f"{batch:04}")


@dataclass(frozen=True)
class EpochApproval(Record):
    """``EA``: one organisation approves an epoch."""

    by: str
    at: int

    @staticmethod
    def key_of(epoch: int, msp: str) -> str:
        """Its place on the ledger."""
        return composite("EA", f"{epoch:08}", msp)


@dataclass(frozen=True)
class CurrentEpoch(Record):
    """``CU``: the epoch whose levels count."""

    epoch: int
    levels: int
    since: int

    KEY = composite("CU")


@dataclass(frozen=True)
class PersonLevel(Record):
    """``LV``: a person's security level in an epoch, and the person's number within the level."""

    level: int
    ordinal: int

    @staticmethod
    def key_of(epoch: int, uid: str) -> str:
        """Its place on the ledger."""
        return composite("LV", f"{epoch:08}", *uid.split("/"))


@dataclass(frozen=True)
class Suspension(Record):
    """``SU``: a person who may accept and submit nothing, across epochs."""

    by: str
    at: int

    @staticmethod
    def key_of(uid: str) -> str:
        """Its place on the ledger."""
        return composite("SU", *uid.split("/"))


@dataclass(frozen=True)
class Task(Record):
    """``TK``: a published task; its title and questions stay off the ledger."""

    releaser: str
    series: str
    levels: int
    subtasks: int
    accept_until: int
    submit_until: int
    verifiers: tuple[str, ...]
    institution: str
    results_to: str
    notice_hash: str
    escrow: int
    status: str

    @staticmethod
    def key_of(task: str) -> str:
        """Its place on the ledger."""
        return composite("TK", task)


@dataclass(frozen=True)
class SubtaskRecord(Record):
    """``ST``: a part of a task for receivers of one level."""

    level: int
    slots: int
    reward: int
    envelope_hash: str

    @staticmethod
    def key_of(task: str, subtask: int) -> str:
        """Its place on the ledger."""
        return composite("ST", task, f"{subtask:04}")


def open_key(level: int, accept_until: int, task: str, subtask: int) -> str:
    """``OP``: the index from which a level's open subtasks are listed, soonest first."""
    return composite("OP", f"{level:02}", f"{accept_until:013}", task, f"{subtask:04}")


@dataclass(frozen=True)
class Membership(Record):
    """``MB``: the one subtask of a task, or of a series of tasks, that a person joined."""

    task: str
    subtask: int
    slot: int

    @staticmethod
    def key_of(uid: str, task_id: str, task: Task) -> str:
        """Its place on the ledger: a series counts across its releaser's tasks."""
        scope = f"{task.releaser}:{task.series}" if task.series else task_id
        return composite("MB", *uid.split("/"), scope)


@dataclass(frozen=True)
class Claim(Record):
    """``SL``: a held slot, with the level that counted and the key to seal to."""

    holder: str
    level: int
    epoch: int
    at: int
    key: str

    @staticmethod
    def key_of(task: str, subtask: int, slot: int) -> str:
        """Its place on the ledger."""
        return slot_key("SL", task, subtask, slot)


@dataclass(frozen=True)
class Submission(Record):
    """``SB``: the hash and size of what a holder uploaded."""

    holder: str
    content_hash: str
    size: int
    at: int

    @staticmethod
    def key_of(task: str, subtask: int, slot: int) -> str:
        """Its place on the ledger."""
        return slot_key("SB", task, subtask, slot)


@dataclass(frozen=True)
class Verdict(Record):
    """``VD``: one verifier's judgement of a submission."""

    verdict: str
    score: int
    reason: str
    evidence_hash: str
    at: int

    @staticmethod
    def key_of(task: str, subtask: int, slot: int, uid: str) -> str:
        """Its place on the ledger."""
        return slot_key("VD", task, subtask, slot, *uid.split("/"))


def slot_key(record_type: str, task: str, subtask: int, slot: int, *more: str) -> str:
    """The place of a record that belongs to one slot of a subtask."""
    return composite(record_type, task, f"{subtask:04}", f"{slot:04}", *more)
