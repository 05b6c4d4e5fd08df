# SPDX-License-Identifier: Apache-2.0
"""What goes wrong when a table is published.

::

    PublishingError
    ├── RequestError           exit 2: a request that cannot be carried out as it stands
    │   └── EpsilonError           an epsilon that is none, or outside its range
    ├── SchemaError            exit 2: a schema that contradicts itself, or does not fit
    ├── TableUnreadable        exit 2: a file or header that is no table of the schema
    ├── NotEnoughData          exit 1: too few persons for this epsilon; names the least one
    ├── BudgetExhausted        exit 1: the cohort has less left than was asked for
    ├── NotPrivate             exit 1: a model whose output may not be published
    ├── SubjectsOverlap        exit 1: somebody of this table is in another cohort, too
    ├── Forbidden              exit 1: wrong role, or a cohort of others, if there is one
    ├── ReleaseLost            exit 1: paid for, and gone in a crash; never run again
    ├── ReleaseTampered        exit 1: a file of a release was changed
    ├── ServiceRefused         exit 1, or 2 if malformed: a service refused, with a code
    ├── ServiceUnavailable     exit 3: a service does not answer
    └── LedgerUnavailable      exit 3: without the ledger nothing is released

    UserWarning
    └── PrivacyWarning         what was asked for gives privacy away

Every error carries ``exit_code`` and ``next_step``. A message depends on the request, the schema,
the header and the ledger, never on a cell.
"""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

__all__ = [
    "BudgetExhausted",
    "EpsilonError",
    "Forbidden",
    "LedgerUnavailable",
    "NotEnoughData",
    "NotPrivate",
    "PrivacyWarning",
    "PublishingError",
    "ReleaseLost",
    "ReleaseTampered",
    "RequestError",
    "SchemaError",
    "ServiceRefused",
    "ServiceUnavailable",
    "SubjectsOverlap",
    "TableUnreadable",
]


class PrivacyWarning(UserWarning):
    """What was asked for gives privacy away."""


class PublishingError(Exception):
    """Root of the tree: one sentence for the user, and what to do about it."""

    exit_code: ClassVar[int] = 2
    next_step: str = ""

    def __init__(self, message: str, *, next_step: str | None = None) -> None:
        super().__init__(message)
        if next_step is not None:
            self.next_step = next_step


class RequestError(PublishingError):
    """A request that cannot be carried out as it stands; ``field`` names what is to blame."""

    def __init__(self, message: str, *, field: str = "", next_step: str | None = None) -> None:
        super().__init__(message, next_step=next_step)
        self.field = field


class EpsilonError(RequestError):
    """An epsilon that is none, or outside its range."""

    next_step = 'Write it as a decimal or a fraction above 0: "0.5", "1/3".'

    def __init__(self, message: str) -> None:
        super().__init__(message, field="epsilon")


class SchemaError(PublishingError):
    """A schema that contradicts itself, or that does not fit; ``column`` is "" for the whole."""

    def __init__(self, message: str, *, column: str = "", next_step: str | None = None) -> None:
        super().__init__(
            f"Column '{column}': {message}" if column else message, next_step=next_step
        )
        self.column = column


class TableUnreadable(PublishingError):
    """A source that is no table of the schema; names the column where one is to blame."""

    def __init__(self, message: str, *, column: str = "", next_step: str | None = None) -> None:
        super().__init__(
            f"Column '{column}': {message}" if column else message, next_step=next_step
        )
        self.column = column


class NotEnoughData(PublishingError):
    """Too few persons for this epsilon; ``least`` would do, None where none up to 1000 does.

    ``spent`` is what it cost to find out; 0 where their number was paid for before.
    """

    exit_code = 1

    def __init__(self, least: Fraction | None, *, spent: Fraction = Fraction(0)) -> None:
        step = (
            f"Ask with epsilon {least} or more, or wait for more data."
            if least is not None
            else "Wait for more data: no epsilon that still protects would do."
        )
        cost = f" Counting its persons has cost {spent}." if spent else ""
        super().__init__(f"The table is too small for this epsilon.{cost}", next_step=step)
        self.least = least
        self.spent = spent


class BudgetExhausted(PublishingError):
    """The cohort has ``left``, less than the ``epsilon`` asked for."""

    exit_code = 1
    next_step = "Ask with less, or derive what you need from a release that stands."

    def __init__(self, *, left: Fraction, epsilon: Fraction) -> None:
        super().__init__(f"The budget has {left} left; {epsilon} was asked for.")
        self.left = left
        self.epsilon = epsilon


class NotPrivate(PublishingError):
    """A model whose output is not differentially private, so that it may not be published."""

    exit_code = 1
    next_step = "Use mpdp-k, dp-kmeans or idp-kmeans."


class SubjectsOverlap(PublishingError):
    """Somebody of this table is in another cohort, too: their losses would add up unseen."""

    exit_code = 1
    next_step = "Register it with that cohort, or leave the persons out who are in both."

    def __init__(self) -> None:
        super().__init__("Somebody of this table is in another cohort, too.")


class Forbidden(PublishingError):
    """The caller may not do this; one answer, whether what was named is there or not."""

    exit_code = 1

    def __init__(self) -> None:
        super().__init__("Nothing of this name is the caller's to use.")


class ReleaseLost(PublishingError):
    """A release that was paid for and lost in a crash: it is never run again for that epsilon."""

    exit_code = 1
    next_step = "Ask again with a new attempt, which pays again."


class ReleaseTampered(PublishingError):
    """A file of a release or a line of a log was changed; ``name`` is the file's."""

    exit_code = 1
    next_step = "Fetch the release again and compare its hash with the ledger's."

    def __init__(self, name: str, *, next_step: str | None = None) -> None:
        super().__init__(f"{name} is not what was published.", next_step=next_step)
        self.name = name


class LedgerUnavailable(PublishingError):
    """The ledger does not answer: without it nothing is released."""

    exit_code = 3
    next_step = "Run `pmcb network status`; `pmcb network up` starts the network."


_MALFORMED = {400, 404, 405, 413}
_AWAY = 500


class ServiceRefused(PublishingError):
    """A publishing service refused; ``code`` is its own, ``field`` the part that is to blame."""

    def __init__(self, code: str, message: str, *, field: str, status: int) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        refused = 2 if status in _MALFORMED else 1
        self.exit_code = 3 if status >= _AWAY else refused  # type: ignore[misc]  # of this one


class ServiceUnavailable(PublishingError):
    """A publishing service does not answer; asking again costs nothing more."""

    exit_code = 3
    next_step = "Try it again later: what was paid for is not paid for twice."
