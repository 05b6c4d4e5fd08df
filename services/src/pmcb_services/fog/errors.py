# SPDX-License-Identifier: Apache-2.0
"""What goes wrong when orders are planned, carried and run in the fog.

::

    FogError
    ├── InvalidInput         exit 2, 422: a value outside its range; names the field and the index
    │   ├── ScenarioError        a scenario that is malformed; names the place in it
    │   ├── HcspError            an HCSP file with another count of numbers than its header says
    │   ├── DuplicateId          one id twice
    │   └── OutOfRange           numbers too large or too small to be multiplied
    ├── Infeasible           exit 2, 422: orders that no server can run
    ├── TooLarge             exit 2, 413: a payload above the bytes allowed
    ├── NotFound             exit 2, 404: no order, plan or server of this id
    ├── CertificateRejected  exit 1, 422: a plan that is not what it says it is
    ├── Forbidden            exit 1, 403: no role or grant for it
    ├── Conflict             exit 1, 409: the id stands for something else already
    ├── StaleEpoch           exit 1, 409: the attempt was given to another
    └── Unavailable          exit 3, 503: something does not answer; nothing is lost
        ├── Overloaded           429: too many orders wait; says when to come back
        ├── Draining             no further orders are taken
        └── LedgerUnavailable    without the ledger no grant can be checked

Every error carries ``exit_code``, ``status`` (HTTP), ``code`` and ``next_step``. A message may name
ids, fields, counts and bounds, never a payload.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

__all__ = [
    "CertificateRejected",
    "Conflict",
    "Draining",
    "DuplicateId",
    "FogError",
    "Forbidden",
    "HcspError",
    "Infeasible",
    "InvalidInput",
    "LedgerUnavailable",
    "NotFound",
    "OutOfRange",
    "Overloaded",
    "ScenarioError",
    "StaleEpoch",
    "TooLarge",
    "Unavailable",
]

_SHOWN = 5
"""Ids that a message names before it counts the rest."""


class FogError(Exception):
    """Root of the tree: one sentence for the user, what to do about it, and what is to blame.

    >>> StaleEpoch("Order 7 was given to another worker.").code
    'STALE_EPOCH'
    """

    exit_code: ClassVar[int] = 2
    status: ClassVar[int] = 422
    code: ClassVar[str] = "FOG"
    next_step: str = ""

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).upper()

    def __init__(self, message: str, *, field: str = "", next_step: str | None = None) -> None:
        super().__init__(message)
        self.field = field
        if next_step is not None:
            self.next_step = next_step


class InvalidInput(FogError):
    """A value outside its range: ``field`` names it, ``index`` the entry of an array, if one."""

    def __init__(
        self,
        message: str,
        *,
        field: str = "",
        index: tuple[int, ...] | None = None,
        next_step: str | None = None,
    ) -> None:
        super().__init__(message, field=field, next_step=next_step)
        self.index = index


class ScenarioError(InvalidInput):
    """A malformed scenario; ``pointer`` is the place (RFC 6901), as in ``/servers/0/speed``."""

    next_step = "Correct the scenario at the place named; docs/fog.md lists its fields."

    def __init__(self, message: str, *, pointer: str) -> None:
        super().__init__(f"{pointer or '/'}: {message}", field=pointer)
        self.pointer = pointer


class HcspError(InvalidInput):
    """An HCSP file whose header promises ``expected`` numbers and that holds ``found``."""

    next_step = "Fetch the file again; it is cut off, or no HCSP file."

    def __init__(self, *, path: str | Path, expected: int, found: int) -> None:
        name = Path(path).name
        super().__init__(f"{name} holds {found} numbers where {expected} are due.", field=name)
        self.path = str(path)
        self.expected = expected
        self.found = found


class DuplicateId(InvalidInput):
    """One id twice in a file or a request."""

    next_step = "Give every order and every server an id of its own."


class OutOfRange(InvalidInput):
    """Numbers whose products overflow or vanish, whatever they are scaled by."""

    next_step = "Choose units in which times and watts lie between 1e-100 and 1e100."


class Infeasible(FogError):
    """No server can run the orders ``order_ids``."""

    next_step = "Add a server that can run them, or leave these orders out."

    def __init__(self, order_ids: Sequence[str]) -> None:
        named = ", ".join(order_ids[:_SHOWN])
        rest = f" and {len(order_ids) - _SHOWN} more" if len(order_ids) > _SHOWN else ""
        super().__init__(f"No server can run {named}{rest}.", field="orders")
        self.order_ids = tuple(order_ids)


class TooLarge(FogError):
    """A payload above the bytes allowed."""

    status = 413
    next_step = "Put the bytes into the content store and order its transfer."


class NotFound(FogError):
    """There is no order, plan or server of this id, or not for this caller."""

    status = 404


class CertificateRejected(FogError):
    """A plan that is not what it says it is; ``reason`` names the rule it breaks."""

    exit_code = 1
    next_step = "Do not rely on the plan; let it be computed again."

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Forbidden(FogError):
    """The caller lacks the role, or the grant, for this."""

    exit_code = 1
    status = 403


class Conflict(FogError):
    """The id stands for something else already, or the order's state does not allow it."""

    exit_code = 1
    status = 409


class StaleEpoch(FogError):
    """The attempt was given to another worker; what this one did does not count."""

    exit_code = 1
    status = 409


class Unavailable(FogError):
    """Something does not answer; nothing is lost."""

    exit_code = 3
    status = 503
    next_step = "Try again later."


class Overloaded(Unavailable):
    """Too many orders wait; come back after ``retry_after_s`` seconds."""

    status = 429

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message, next_step=f"Try again in {retry_after_s:g} seconds.")
        self.retry_after_s = retry_after_s


class Draining(Unavailable):
    """The gateway finishes what was started and takes no further orders."""

    next_step = "Send the order to another gateway."


class LedgerUnavailable(Unavailable):
    """The ledger does not answer: without it no grant can be checked."""

    next_step = "Run `pmcb network status`; `pmcb network up` starts the network."
