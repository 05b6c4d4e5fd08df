# SPDX-License-Identifier: Apache-2.0
"""What is asked for, and the hash under which the ledger knows it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from hashlib import sha256

from pmcb_client._canonical import canonical

from ._clusters import MOST_CLUSTERS
from ._epsilon import parse_epsilon
from ._measurements import Algorithm
from ._release_document import ALGORITHM_VERSION
from .errors import NotPrivate, PrivacyWarning, RequestError

__all__ = [
    "MOST_ATTEMPTS",
    "Kind",
    "Request",
    "check_algorithm",
    "check_attempt",
    "check_k",
    "exact",
]

MOST_ATTEMPTS = 1000
NOT_PRIVATE = frozenset({"mpdp-k-medoids", "dp-k-medoids"})
"""Of those that can be reproduced, the ones that nobody may publish."""


class Kind(StrEnum):
    """What epsilon is spent on."""

    RELEASE = "release"
    PROBE = "probe"
    METRICS = "metrics"


@dataclass(frozen=True)
class Request:
    """Everything that decides what is measured. Who asks is no part: others get the same free.

    Attributes:
        kind: what is bought.
        cohort: whose budget pays, 32 hex.
        version: id of the data set's version, 32 hex.
        schema_hash: of the public schema, 64 hex.
        unit: "row" or "subject".
        epsilon: what it costs, exact.
        k: clusters to be counted; None for none.
        rows: whether synthetic rows are bought.
        attempt: how often it was paid for and lost before.
        release: of metrics, the id of the release that is measured; else "".
        algorithm: of a release.
    """

    kind: Kind
    cohort: str
    version: str
    schema_hash: str
    unit: str
    epsilon: Fraction
    k: int | None = None
    rows: bool = False
    attempt: int = 0
    release: str = ""
    algorithm: Algorithm = Algorithm.MPDP_K

    @property
    def hash(self) -> str:
        """SHA-256 of the request's canonical JSON, hex: its name here and on the ledger."""
        return sha256(canonical(self.document())).hexdigest()

    def document(self) -> dict[str, str | int | bool]:
        """The request in texts and whole numbers; what does not apply is left out."""
        document: dict[str, str | int | bool] = {
            "kind": self.kind.value,
            "cohort": self.cohort,
            "version": self.version,
            "schema_hash": self.schema_hash,
            "unit": self.unit,
            "algorithm": self.algorithm.value,
            "algorithm_version": ALGORITHM_VERSION,
            "epsilon": str(self.epsilon),
            "rows": self.rows,
            "attempt": self.attempt,
        }
        if self.k is not None:
            document["k"] = self.k
        if self.release:
            document["release"] = self.release
        return document

    @classmethod
    def from_document(cls, document: dict[str, str | int | bool]) -> Request:
        """The request behind `document`."""
        parts: dict[str, object] = {**document}
        del parts["algorithm_version"]
        parts |= {"kind": Kind(str(parts["kind"])), "epsilon": Fraction(str(parts["epsilon"]))}
        parts["algorithm"] = Algorithm(str(parts["algorithm"]))
        return cls(**parts)  # type: ignore[arg-type]  # its own document

    def attempted(self, attempt: int) -> Request:
        """The same, paid for once more."""
        return replace(self, attempt=attempt)

    def covers(self, other: Request) -> bool:
        """Whether who has this release has what ``other`` asks for; of mpdp-k every k follows free.

        >>> big = Request(Kind.RELEASE, "c", "v", "s", "row", Fraction(1), k=5)
        >>> big.covers(Request(Kind.RELEASE, "c", "v", "s", "row", Fraction(1, 2), k=8))
        True
        >>> big.covers(Request(Kind.RELEASE, "c", "v", "s", "row", Fraction(1, 2), rows=True))
        False
        """
        return (
            self.kind is other.kind is Kind.RELEASE
            and (self.cohort, self.version) == (other.cohort, other.version)
            and self.epsilon >= other.epsilon
            and self.rows >= other.rows
            and self.algorithm is other.algorithm
            and (self.algorithm is Algorithm.MPDP_K or self.k == other.k)
        )


def exact(value: object, field: str) -> Fraction:
    """An epsilon out of a request's body, where numbers are kept as their digits.

    Nobody is warned of a large one here: the institution's policy says what is too much.

    Raises:
        RequestError: it is none; names the field.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PrivacyWarning)
            return parse_epsilon(value)  # type: ignore[arg-type]  # it looks at the type itself
    except RequestError as error:
        message = f"{error} {error.next_step}" if error.next_step else str(error)
        raise RequestError(message, field=field) from error


def check_algorithm(name: str, k: int | None, *, rows: bool) -> Algorithm:
    """The algorithm of this name, if a release by it can be asked for.

    Args:
        name: of the algorithm.
        k: clusters; what is not mpdp-k needs them before it begins.
        rows: whether synthetic rows are wanted, which only mpdp-k has.

    Raises:
        NotPrivate: it is one of those that nobody may publish.
        RequestError: there is none of this name, or it cannot give this.
    """
    if name in NOT_PRIVATE:
        raise NotPrivate(f"{name} is not differentially private.")
    if name not in set(Algorithm):
        known = ", ".join(Algorithm)
        raise RequestError(f"There is no such algorithm; there are {known}.", field="algorithm")
    if name != Algorithm.MPDP_K and k is None:
        raise RequestError(f"{name} needs a number of clusters, k.", field="k")
    if name != Algorithm.MPDP_K and rows:
        raise RequestError(f"{name} has no synthetic rows; mpdp-k has.", field="rows")
    return Algorithm(name)


def check_k(k: int | None) -> None:
    """Whether so many clusters can be counted.

    Raises:
        RequestError: k is not from 1 to 64.
    """
    if k is not None and not 1 <= k <= MOST_CLUSTERS:
        raise RequestError(f"k must be from 1 to {MOST_CLUSTERS}.", field="k")


def check_attempt(attempt: int) -> None:
    """Whether the number of an attempt is one.

    Raises:
        RequestError: it is not from 0 to 1000.
    """
    if not 0 <= attempt <= MOST_ATTEMPTS:
        raise RequestError(f"attempt must be from 0 to {MOST_ATTEMPTS}.", field="attempt")
