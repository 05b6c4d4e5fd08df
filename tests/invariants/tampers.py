# SPDX-License-Identifier: Apache-2.0
"""Transactions that say one thing else than they did."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from tests.invariants.blocks import Entry
from tests.invariants.changes import key_of

Tamper: TypeAlias = Callable[[Entry], Entry]


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
