# SPDX-License-Identifier: Apache-2.0
"""From the clustering's result to the ledger's level registry.

The clustering knows nodes; the ledger knows persons. Nodes without a person are dropped, the rest
numbered within their level, cut into batches and registered as one epoch that authorities approve.
"""

import asyncio
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ._canonical import canonical
from ._ledger import Ledger
from .errors import Refused
from .people import Person
from .usage_errors import EpochChoice, LevelsFileError

BATCH_SIZE = 500  # the contract's limit, as are the next two
MAX_BATCHES = 2_000
LEVELS = range(2, 17)
_AT_ONCE = 8  # batches in flight; the embedded network cuts a block as soon as it is idle
_HASH = re.compile(r"[0-9a-f]{64}")
Entry = tuple[str, str, int, int]


@dataclass(frozen=True)
class LevelsResult:
    """What ``pmcb levels classify`` wrote: the level of every node.

    Attributes:
        levels: T, 2..16.
        level_of: level 1..T by node id.
        graph_hash, params_hash: SHA-256 of the clustering's input, 64 lower-case hex.
    """

    levels: int
    level_of: Mapping[str, int]
    graph_hash: str
    params_hash: str


def read_levels(path: Path) -> LevelsResult:
    """The result file of ``pmcb levels classify``.

    Raises:
        LevelsFileError: names the key that is missing or wrong.
    """
    document = _document(path)
    levels, users, ranks = (document.get(key) for key in ("levels", "users", "level"))
    if type(levels) is not int or levels not in LEVELS:
        raise _unfit(path, "'levels' must be 2 to 16")
    if not (isinstance(users, list) and isinstance(ranks, list) and len(users) == len(ranks) > 0):
        raise _unfit(path, "'users' and 'level' must be lists of equal length")
    if not all(isinstance(user, str) for user in users) or len(set(users)) != len(users):
        raise _unfit(path, "'users' must be different texts")
    if not all(type(rank) is int and 1 <= rank <= levels for rank in ranks):
        raise _unfit(path, f"'level' must hold numbers from 1 to {levels}")
    hashes = [str(document.get(key)) for key in ("graph_hash", "params_hash")]
    if not all(_HASH.fullmatch(value) for value in hashes):
        raise _unfit(path, "'graph_hash' and 'params_hash' must be SHA-256 in hex")
    covered = ("version", "levels", "graph_hash", "params_hash", "users", "level")
    try:
        digest = hashlib.sha256(canonical({key: document[key] for key in covered})).hexdigest()
    except UnicodeEncodeError as error:
        raise _unfit(path, "it holds a text that UTF-8 cannot write") from error
    if document.get("result_hash") != digest:
        raise _unfit(path, "it was changed: 'result_hash' does not fit")
    return LevelsResult(levels, dict(zip(users, ranks, strict=True)), hashes[0], hashes[1])


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise LevelsFileError(f"Cannot read {path.name}: {reason}.") from error
    except (ValueError, RecursionError) as error:
        raise _unfit(path, "it is not JSON") from error
    if not isinstance(document, dict) or document.get("version") != 1:
        raise _unfit(path, "it is not a result of version 1")
    return document


def _unfit(path: Path, reason: str) -> LevelsFileError:
    return LevelsFileError(
        f"{path.name} cannot be used: {reason}.", next_step="Make it with `pmcb levels classify`."
    )


@dataclass(frozen=True)
class Registration:
    """One epoch's registry, ready to be written.

    Attributes:
        levels: T.
        entries: (msp, enrollment_id, level, ordinal), sorted by person.
        graph_hash, params_hash: the clustering's provenance.
        dropped: nodes of the result that are no person.
    """

    levels: int
    entries: tuple[Entry, ...]
    graph_hash: str
    params_hash: str
    dropped: int = 0

    @cached_property
    def batches(self) -> tuple[tuple[Entry, ...], ...]:
        """The entries, at most 500 at a time."""
        starts = range(0, len(self.entries), BATCH_SIZE)
        return tuple(self.entries[start : start + BATCH_SIZE] for start in starts)

    @cached_property
    def per_level(self) -> tuple[int, ...]:
        """Persons of level 1, 2, ..., T."""
        counts = Counter(level for _, _, level, _ in self.entries)
        return tuple(counts[level] for level in range(1, self.levels + 1))

    @cached_property
    def assignment_hash(self) -> str:
        """SHA-256 over the batches' raw hashes in order; a batch's is that of its JSON."""
        digests = (hashlib.sha256(canonical(batch)).digest() for batch in self.batches)
        return hashlib.sha256(b"".join(digests)).hexdigest()

    @cached_property
    def manifest(self) -> dict[str, object]:
        """What ``open_epoch`` takes."""
        return {
            "levels": self.levels,
            "per_level": list(self.per_level),
            "graph_hash": self.graph_hash,
            "params_hash": self.params_hash,
            "assignment_hash": self.assignment_hash,
            "batches": len(self.batches),
            "count": len(self.entries),
        }


def register(result: LevelsResult, people: Mapping[str, Person]) -> Registration:
    """Put persons in place of nodes, and number them 0, 1, 2, ... within each level.

    Persons are taken in the order of (msp, enrollment_id), whatever the file's order: the same
    people and levels give the same hash.

    Raises:
        LevelsFileError: no node of the result is a person, or too many are.

    >>> result = LevelsResult(2, {"7": 2, "8": 1, "9": 2}, "0" * 64, "0" * 64)
    >>> people = {"9": Person("A", "ann"), "7": Person("A", "bob")}
    >>> register(result, people).entries
    (('A', 'ann', 2, 0), ('A', 'bob', 2, 1))
    """
    found = [(people[node], level) for node, level in result.level_of.items() if node in people]
    found.sort(key=lambda row: (row[0].msp, row[0].enrollment_id))
    if not 0 < len(found) <= BATCH_SIZE * MAX_BATCHES:
        raise LevelsFileError(
            f"{len(found):,} nodes of the result stand in the list of people; "
            f"1 to {BATCH_SIZE * MAX_BATCHES:,} are needed.",
            next_step="Check that both files speak of the same graph.",
        )
    numbered: Counter[int] = Counter()
    entries: list[Entry] = []
    for person, level in found:
        entries.append((person.msp, person.enrollment_id, level, numbered[level]))
        numbered[level] += 1
    dropped = len(result.level_of) - len(found)
    return Registration(
        result.levels, tuple(entries), result.graph_hash, result.params_hash, dropped
    )


async def get_epoch(ledger: Ledger, epoch: int) -> dict[str, Any] | None:
    """The epoch of that number, or the active one for 0; None if there is none."""
    try:
        found: dict[str, Any] = json.loads(await ledger.evaluate("get_epoch", str(epoch)))
    except Refused as refused:
        if refused.code == "NOT_FOUND":
            return None
        raise
    return found


async def active_epoch(ledger: Ledger) -> dict[str, Any]:
    """The epoch whose levels count.

    Raises:
        Refused: ``NOT_FOUND``, none is active.
    """
    found = await get_epoch(ledger, 0)
    if found is None:
        refused = Refused("NOT_FOUND", status=404, reason="No epoch is active.")
        refused.next_step = "Levels come first: `pmcb levels publish`, then `pmcb levels approve`."
        raise refused
    return found


async def pick_epoch(ledger: Ledger, registration: Registration) -> int:
    """The number to publish under: that of the same registration if it stands, else the next free.

    So a publication that was interrupted goes on, and one that was finished is found again.
    """
    active = await get_epoch(ledger, 0)
    number = max(1, active["epoch"] if active else 0)
    while (found := await get_epoch(ledger, number)) is not None:
        if _holds(found, registration):
            break
        number += 1
    return number


def _holds(epoch: Mapping[str, Any], registration: Registration) -> bool:
    return all(epoch[key] == value for key, value in registration.manifest.items())


async def pending_epochs(ledger: Ledger) -> list[dict[str, Any]]:
    """The epochs that were opened after the active one, which a quorum may still approve."""
    active = await get_epoch(ledger, 0)
    number = active["epoch"] if active else 0
    found: list[dict[str, Any]] = []
    while (epoch := await get_epoch(ledger, number + 1)) is not None:
        found.append(epoch)
        number += 1
    return found


async def epoch_to_approve(ledger: Ledger) -> int:
    """The number of the epoch that waits for approvals; of the active one when none does.

    Raises:
        Refused: ``NOT_FOUND``, no epoch was opened.
        EpochChoice: several wait; an organisation says which one it means.
    """
    pending = await pending_epochs(ledger)
    if not pending:
        return int((await active_epoch(ledger))["epoch"])
    whole = [epoch for epoch in pending if len(epoch["registered"]) == epoch["batches"]]
    if len(whole) > 1:
        named = ", ".join(f"{epoch['epoch']} of {epoch['by']}" for epoch in whole)
        raise EpochChoice(
            f"Several epochs wait for approvals: {named}.",
            next_step="Compare them with `pmcb levels show`, then name one: "
            "`pmcb levels approve EPOCH`.",
        )
    return int((whole or pending)[-1]["epoch"])


async def publish_epoch(
    ledger: Ledger,
    registration: Registration,
    epoch: int,
    *,
    on_batch: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Open the epoch and register all batches that do not stand yet, several at a time.

    May be repeated at any moment, after any failure, also by another authority of the same
    organisation: what stands is left alone. Of an epoch that holds all of it nothing is written,
    whoever opened it.

    Args:
        ledger: acts as an authority.
        registration: from `register`.
        epoch: from `pick_epoch`, or chosen.
        on_batch: told after each batch how many stand.

    Returns:
        The epoch as the ledger has it.

    Raises:
        Refused: ``EXISTS`` when another registration stands under the number, ``NOT_OWNER`` when
            another organisation opened the epoch and batches are missing.
    """
    found = await get_epoch(ledger, epoch)
    if found is not None and not _holds(found, registration):
        raise Refused("EXISTS", status=409, reason=f"Epoch {epoch} stands with other levels.")
    if found is None:
        await ledger.submit("open_epoch", str(epoch), canonical(registration.manifest).decode())
    done = set(found["registered"]) if found else set()
    slots = asyncio.Semaphore(_AT_ONCE)

    async def write(number: int) -> None:
        async with slots:
            entries = canonical(registration.batches[number]).decode()
            await ledger.submit("register_levels", str(epoch), str(number), entries)
        done.add(number)
        on_batch(len(done))

    missing = sorted(set(range(len(registration.batches))) - done)
    async with asyncio.TaskGroup() as group:
        for number in missing:
            group.create_task(write(number))
    return await get_epoch(ledger, epoch) or {}
