# SPDX-License-Identifier: Apache-2.0
"""What those who load an organisation were told is done: all of it must be there in the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ._organisation_orders import Made

__all__ = ["Told"]


@dataclass
class Told:
    """Written down the moment an answer says so, and never before.

    Attributes:
        orders: that the fog took, by id.
        readings: moments of readings that the collector took, milliseconds UTC.
        records: ids of rows that the query gateway added, with the moment that each carries.
        credits: references of credit that was issued.
        requests: for releases that the publishing service took, with their epsilons.
        refused: what was refused, by who and code; expected are exhausted budgets alone.
        later: how often somebody had to ask again, by who.
    """

    orders: dict[str, Made] = field(default_factory=dict)
    readings: list[int] = field(default_factory=list)
    records: dict[int, int] = field(default_factory=dict)
    credits: list[str] = field(default_factory=list)
    requests: dict[str, str] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    later: Counter[str] = field(default_factory=Counter)

    def counts(self) -> dict[str, int]:
        """How many of each."""
        named = ("orders", "readings", "records", "credits", "requests")
        return {name: len(getattr(self, name)) for name in named}
