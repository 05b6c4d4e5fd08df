# SPDX-License-Identifier: Apache-2.0
"""A budget in a file, for who works without a ledger. It falls, and never rises or resets.

Nothing stops its owner from deleting the file: only a ledger does.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

from pmcb_client._canonical import canonical
from pmcb_client.files import write_atomic

from .errors import BudgetExhausted, RequestError

__all__ = ["LocalBudget", "Reserved"]

FORMAT = "pmcb-budget/1"
READABLE = 0o600


@dataclass(frozen=True)
class Reserved:
    """Epsilon that is spent from now on, whatever becomes of the run.

    Attributes:
        cohort: the budget's random id.
        request_hash: SHA-256 of what was asked for, and as which of the budget's runs.
        left: what remains.
    """

    cohort: str
    request_hash: str
    left: Fraction


@dataclass(frozen=True)
class _Entry:
    request_hash: str
    epsilon: Fraction


@dataclass(frozen=True)
class _Content:
    cohort: str
    total: Fraction
    spent: tuple[_Entry, ...] = ()

    @property
    def left(self) -> Fraction:
        return self.total - sum((entry.epsilon for entry in self.spent), Fraction(0))


@dataclass(frozen=True)
class LocalBudget:
    """The file of a budget; one process at a time changes it.

    Attributes:
        path: of the file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     budget = LocalBudget(Path(folder) / "budget.json")
    ...     budget.open(Fraction(1))
    ...     budget.reserve({"k": 5}, Fraction("0.1")).left
    Fraction(9, 10)
    """

    path: Path

    def open(self, total: Fraction | None) -> None:
        """Make the file if it is not there; a total that is given must be the one it has.

        Raises:
            RequestError: a new budget lacks its total, or an old one has another.
        """
        with self._locked():
            if not self.path.exists():
                if total is None:
                    raise RequestError(
                        f"{self.path.name} is not there.",
                        field="total",
                        next_step="A new budget needs its total, which never rises: --total 3.",
                    )
                self._write(_Content(secrets.token_hex(16), total))
            elif total is not None and total != self._read().total:
                raise RequestError(
                    f"The budget's total is {self._read().total} and stays so.", field="total"
                )

    @property
    def left(self) -> Fraction:
        """What remains."""
        return self._read().left

    def reserve(self, request: Mapping[str, object], epsilon: Fraction) -> Reserved:
        """Spend epsilon, before anything is read.

        Args:
            request: what is asked for, in texts, whole numbers and lists.
            epsilon: above 0.

        Raises:
            BudgetExhausted: less is left.
            RequestError: the file is no budget, or cannot be written.
        """
        with self._locked():
            content = self._read()
            if epsilon > content.left:
                raise BudgetExhausted(left=content.left, epsilon=epsilon)
            whole = {**request, "cohort": content.cohort, "attempt": len(content.spent)}
            digest = sha256(canonical(whole)).hexdigest()
            entry = _Entry(digest, epsilon)
            content = replace(content, spent=(*content.spent, entry))
            self._write(content)
        return Reserved(content.cohort, digest, content.left)

    def correct(self, request_hash: str, epsilon: Fraction) -> None:
        """Note that a run which refused has measured no more than this, less than was reserved."""
        with self._locked():
            content = self._read()
            entries = [
                replace(entry, epsilon=min(epsilon, entry.epsilon))
                if entry.request_hash == request_hash
                else entry
                for entry in content.spent
            ]
            self._write(replace(content, spent=tuple(entries)))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone; the lock is a file of its own, since the budget's is replaced."""
        place = self.path.with_name(f".{self.path.name}.lock")
        try:
            held = os.open(place, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, READABLE)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise RequestError(
                f"{self.path.name} cannot be locked ({reason}).", field="budget"
            ) from error
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)

    def _write(self, content: _Content) -> None:
        document = {
            "format": FORMAT,
            "cohort": content.cohort,
            "total": str(content.total),
            "spent": [
                {"request_hash": entry.request_hash, "epsilon": str(entry.epsilon)}
                for entry in content.spent
            ],
        }
        data = (json.dumps(document, indent=1) + "\n").encode()
        try:
            write_atomic(self.path, data, mode=READABLE)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise RequestError(
                f"{self.path.name} cannot be written ({reason}).", field="budget"
            ) from error

    def _read(self) -> _Content:
        try:
            return _content(json.loads(self.path.read_bytes()))
        except (OSError, ValueError, TypeError, KeyError, ZeroDivisionError) as error:
            raise RequestError(
                f"{self.path.name} is no budget.",
                field="budget",
                next_step="A budget's file is made by `pmcb publishing fit`, and not edited.",
            ) from error


def _content(document: Mapping[str, Any]) -> _Content:
    if document["format"] != FORMAT:
        raise ValueError
    entries = tuple(_Entry(str(e["request_hash"]), _exact(e["epsilon"])) for e in document["spent"])
    content = _Content(str(document["cohort"]), _exact(document["total"]), entries)
    if content.left < 0:
        raise ValueError
    return content


def _exact(text: object) -> Fraction:
    if not isinstance(text, str) or (epsilon := Fraction(text)) <= 0:
        raise ValueError
    return epsilon
