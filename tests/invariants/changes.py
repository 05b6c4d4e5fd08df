# SPDX-License-Identifier: Apache-2.0
"""One valid transaction against the state before it, decoded without the contract's help."""

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from tests.invariants.blocks import Entry

Key: TypeAlias = tuple[str, ...]
State: TypeAlias = Mapping[Key, Any]


class Broken(AssertionError):
    """The ledger holds what no rule allows; the message names the rule and the transaction."""


class Changes:
    """The records that a transaction puts and the keys that it deletes.

    ``joined`` says which subtask a person ever joined under a task or series.
    """

    def __init__(self, entry: Entry, before: State, joined: Mapping[tuple[str, str], Key]) -> None:
        self.entry = entry
        self.before = before
        self.joined = joined
        self.put: dict[Key, Any] = {}
        self.deleted: list[Key] = []
        for name, data in entry.writes.items():
            if data is None:
                self.deleted.append(key_of(name))
            else:
                self.put[key_of(name)] = canonical(data, entry)

    def need(self, holds: object, rule: str) -> None:
        """Raise ``Broken`` unless the rule holds."""
        need(holds, rule, self.entry)

    def old(self, *key: str) -> Any:
        """A record as it was; ``None`` where there was none."""
        return self.before.get(key)

    def new(self, *key: str) -> Any:
        """A record as it is now."""
        return None if key in self.deleted else self.put.get(key, self.before.get(key))

    def below(self, *prefix: str) -> dict[Key, Any]:
        """The records as they are now whose keys begin so."""
        found = {k: v for k, v in self.before.items() if k[: len(prefix)] == prefix}
        found |= {k: v for k, v in self.put.items() if k[: len(prefix)] == prefix}
        return {k: v for k, v in found.items() if k not in self.deleted}


def need(holds: object, rule: str, entry: Entry) -> None:
    """Raise ``Broken`` unless the rule holds."""
    if not holds:
        raise Broken(f"{rule}: {entry}")


def key_of(name: str) -> Key:
    """The parts of a composite key."""
    first, *parts, last = name.split("\0")
    if first or last or not parts:
        raise Broken(f"every key is composite, not {name!r}")
    return tuple(parts)


def canonical(data: bytes, entry: Entry) -> Any:
    """What was stored, told or answered, if it stands there in its one spelling."""
    value = json.loads(data)
    again = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    need(again == data and _plain(value), "8: everything is canonical JSON", entry)
    return value


def _plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_plain, value.values()))
    if isinstance(value, list):
        return all(map(_plain, value))
    return isinstance(value, str | bool) or (type(value) is int and abs(value) < 2**53)
