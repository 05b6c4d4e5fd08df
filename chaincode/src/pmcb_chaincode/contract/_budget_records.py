# SPDX-License-Identifier: Apache-2.0
"""What the ledger holds of privacy budgets: cohorts, spends and datasets, never a hash of data.

Epsilons are exact fractions, written ``p/q`` in lowest terms.
"""

from dataclasses import dataclass
from fractions import Fraction

from pmcb_chaincode.bridge import composite

from ._assets import Record


@dataclass(frozen=True)
class Cohort(Record):
    """``CO``: a group of people, the organisation whose data they are in, and their budget.

    ``total`` is the epsilon that all releases about these people may spend together: it falls, and
    never rises. ``unit`` says what one release protects: a row, or a subject with all its rows.
    """

    owner: str
    unit: str
    total: str
    schema_hash: str

    @staticmethod
    def key_of(cohort: str) -> str:
        """Its place on the ledger."""
        return composite("CO", cohort)


@dataclass(frozen=True)
class Budget(Record):
    """``BU``: what a cohort has spent, in how many reservations.

    One key a cohort, so that two spends at once conflict and none is made on an old sum.
    """

    spent: str
    count: int

    @staticmethod
    def key_of(cohort: str) -> str:
        """Its place on the ledger."""
        return composite("BU", cohort)

    def after(self, epsilon: Fraction) -> "Budget":
        """The budget when so much more is spent.

        >>> Budget(spent="1/3", count=1).after(Fraction(1, 6))
        Budget(spent='1/2', count=2)
        """
        return Budget(spent=str(Fraction(self.spent) + epsilon), count=self.count + 1)


@dataclass(frozen=True)
class Spend(Record):
    """``RS``: epsilon that a request spent, and the release that it bought, once recorded."""

    epsilon: str
    number: int
    at: int
    state: str
    release_hash: str

    @staticmethod
    def key_of(cohort: str, request_hash: str) -> str:
        """Its place on the ledger."""
        return composite("RS", cohort, request_hash)


@dataclass(frozen=True)
class Dataset(Record):
    """``DS``: the newest version of a dataset, and the people that it is about.

    ``version`` is a random id. A hash of the data would not be private: whoever guesses the data
    could check the guess.
    """

    owner: str
    cohort: str
    version: str
    number: int

    @staticmethod
    def key_of(dataset: str) -> str:
        """Its place on the ledger."""
        return composite("DS", dataset)
