# SPDX-License-Identifier: Apache-2.0
"""What goes wrong when encrypted records are searched.

::

    RetrievalError
    ├── InputError               exit 2, 422: what was asked for or handed in cannot be
    │   ├── SchemaError              a schema that contradicts itself, or does not fit
    │   ├── EmptyRange               a range that holds no value of the scale
    │   ├── NotANumber               NaN, infinity, text or a truth value in a number's place
    │   ├── OutOfDomain              a record outside min...max
    │   ├── OffGrid                  a record between two values of the grid
    │   ├── UnknownAttribute         an attribute that the schema lacks, or one named twice
    │   ├── WrongAttributeCount      rows or columns of the wrong length
    │   ├── MissingValue             a value that is absent
    │   ├── NoRange                  only wildcards
    │   ├── BadMinimum               a minimum return count that is no whole number from 0 on
    │   ├── EmptyDataset             a file without rows
    │   ├── TooManyRecords           more than 2^32 - 2 records
    │   ├── DuplicateRecord          one id twice
    │   ├── SingularKey              no matrix that can be inverted was found
    │   ├── IndexBudgetError         an index above the bytes allowed
    │   ├── PrecisionLimit           rounding errors too near to the margin of a test
    │   └── InsecureMode             the reproduction was not acknowledged as insecure
    ├── UnknownRecord            exit 2, 404: an id that is unknown or dead
    ├── UnknownStore             exit 2, 404: no store of this name
    ├── AccessError              exit 1, 403: not signed by somebody who may
    │   └── GrantDenied              no grant, or one that does not reach so far
    ├── QueryTooWide             exit 1, 413: more rounds than policy or grant allow
    ├── WriterError              exit 1, 409: somebody else wrote
    │   ├── StaleWriter              another writer holds the lease, or wrote the root
    │   ├── StoreExists              a store of this name with another descriptor
    │   └── LogConflict              other bytes stand at a position of the log
    ├── UnusableKey              exit 1, 403: keys that open nothing here
    │   ├── KeyMismatch              the wrong key
    │   └── WrongStore               the key or token of another store
    ├── IntegrityError           exit 1, 502: the cloud did not give back what it was given
    │   ├── TamperedError            changed, swapped, cut or replayed bytes; names the index
    │   ├── MissingBlob              a blob that is not there any more
    │   ├── RolledBack               an older root than the newest one known
    │   └── ForkDetected             two writers in one epoch
    ├── TrailBroken              exit 1, 502: a changed line of the audit trail; names it
    └── Unavailable              exit 3, 503
        ├── CloudUnavailable         the cloud does not answer, or too late
        ├── GatewayUnavailable       the query gateway does not answer
        └── LedgerUnavailable        without the ledger nothing is served

Every error carries ``exit_code``, ``status`` (HTTP), ``code`` and ``next_step``. A message may name
attributes, rows by number, bounds of the schema and of the query, never a value of a record.
"""

from __future__ import annotations

from ._input_errors import (
    BadMinimum,
    DuplicateRecord,
    EmptyDataset,
    EmptyRange,
    IndexBudgetError,
    InputError,
    InsecureMode,
    MissingValue,
    NoRange,
    NotANumber,
    OffGrid,
    OutOfDomain,
    PrecisionLimit,
    RetrievalError,
    SchemaError,
    SingularKey,
    TooManyRecords,
    UnknownAttribute,
    WrongAttributeCount,
)

__all__ = [
    "AccessError",
    "BadMinimum",
    "CloudUnavailable",
    "DuplicateRecord",
    "EmptyDataset",
    "EmptyRange",
    "ForkDetected",
    "GatewayUnavailable",
    "GrantDenied",
    "IndexBudgetError",
    "InputError",
    "InsecureMode",
    "IntegrityError",
    "KeyMismatch",
    "LedgerUnavailable",
    "LogConflict",
    "MissingBlob",
    "MissingValue",
    "NoRange",
    "NotANumber",
    "OffGrid",
    "OutOfDomain",
    "PrecisionLimit",
    "QueryTooWide",
    "RetrievalError",
    "RolledBack",
    "SchemaError",
    "SingularKey",
    "StaleWriter",
    "StoreExists",
    "TamperedError",
    "TooManyRecords",
    "TrailBroken",
    "Unavailable",
    "UnknownAttribute",
    "UnknownRecord",
    "UnknownStore",
    "UnusableKey",
    "WriterError",
    "WrongAttributeCount",
    "WrongStore",
]


class UnknownRecord(RetrievalError):
    """An id that was never given, or whose record is deleted."""

    status = 404


class UnknownStore(RetrievalError):
    """There is no store of this name."""

    status = 404


class AccessError(RetrievalError):
    """Not signed by somebody who may do this."""

    exit_code = 1
    status = 403


class GrantDenied(AccessError):
    """No grant, one that ran out or was revoked, or one that does not reach so far."""

    next_step = "Ask the institution that owns the store for a grant."


class QueryTooWide(RetrievalError):
    """The query takes ``rounds_needed`` rounds, more than policy or grant allow; 0: nobody told."""

    exit_code = 1
    status = 413
    next_step = "Narrow a range, or add one on another attribute."

    def __init__(self, *, rounds_needed: int, allowed: int) -> None:
        told = f"{rounds_needed} rounds; {allowed} are allowed"
        super().__init__(f"The query takes {told if allowed else 'more rounds than are allowed'}.")
        self.rounds_needed = rounds_needed
        self.allowed = allowed


class WriterError(RetrievalError):
    """Somebody else wrote, or holds the right to."""

    exit_code = 1
    status = 409


class StaleWriter(WriterError):
    """Another writer holds the lease, or has written a newer root."""

    next_step = "Let one writer serve the store; open it again once the other one has ended."


class StoreExists(WriterError):
    """A store of this name with another descriptor."""

    next_step = "Choose another name, or open the store that is there."


class LogConflict(WriterError):
    """Other bytes stand at this position of the log, or there is a gap before it."""


class UnusableKey(RetrievalError):
    """Keys that open nothing here."""

    exit_code = 1
    status = 403


class KeyMismatch(UnusableKey):
    """The keys are not those that sealed the store."""

    next_step = "Name the key file that was written when the store was built."


class WrongStore(UnusableKey):
    """The key or token belongs to another store."""


class IntegrityError(RetrievalError):
    """The cloud did not give back what it was given; the store is suspended."""

    exit_code = 1
    status = 502
    next_step = "Trust no answer of this cloud; restore the store from the institution's records."


class TamperedError(IntegrityError):
    """Changed, swapped, cut or replayed bytes; ``index`` names the bucket, or the log's entry."""

    def __init__(self, message: str, *, index: int | None = None) -> None:
        super().__init__(message)
        self.index = index


class MissingBlob(IntegrityError):
    """A pool or blob that the cloud was given is not there."""


class RolledBack(IntegrityError):
    """The cloud shows an older root, or another one, than the newest known."""


class ForkDetected(IntegrityError):
    """Two writers were let into one epoch."""


class TrailBroken(RetrievalError):
    """A line of the audit trail was changed or lost, or is not what the ledger says."""

    exit_code = 1
    status = 502
    next_step = "Compare it with a copy of the gateway's folder; the lines before it hold."


class Unavailable(RetrievalError):
    """Something does not answer; nothing is lost."""

    exit_code = 3
    status = 503
    next_step = "Try again later."


class CloudUnavailable(Unavailable):
    """The cloud does not answer, or answers too late."""


class GatewayUnavailable(Unavailable):
    """The query gateway does not answer."""


class LedgerUnavailable(Unavailable):
    """The ledger does not answer: without it nothing is served."""

    next_step = "Run `pmcb network status`; `pmcb network up` starts the network."
