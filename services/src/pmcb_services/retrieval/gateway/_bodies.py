# SPDX-License-Identifier: Apache-2.0
"""What callers send. Numbers are checked by the store's schema, which names what is wrong."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from pmcb_services.common._bodies import Body

__all__ = ["Analyse", "Colour", "Delete", "Insert", "NewTerms", "Patient", "Profile", "Query"]

Ranges = dict[str, Any]
_RANGES = Field(description="[low, high] by attribute; null opens an end.")


class Query(Body):
    """Ranges to search."""

    ranges: Ranges = Field(default={}, description=_RANGES.description)
    minimum: Any = Field(default=0, description="Return at least so many, the nearest others.")
    everything: bool = Field(default=False, description="Whether no range at all is meant.")


class Analyse(Body):
    """Ranges to compare with a colour."""

    ranges: Ranges = _RANGES
    colour: str


class Profile(Body):
    """A colour to compare every attribute with."""

    colour: str
    bins: Any = Field(default=8, description="Of each attribute, 2 to 64.")


class Patient(Body):
    """Whose records are wanted."""

    patient: Any


class Insert(Body):
    """New records."""

    rows: list[list[Any]] | dict[str, list[Any]] = Field(
        description="Rows in the order of the attributes, or columns by name."
    )
    carried: dict[str, list[Any]] | None = Field(
        default=None, description="The carried fields' columns."
    )
    batch: str | None = Field(
        default=None,
        pattern="^[0-9a-f]{64}$",
        description="A name under which these records are inserted once, also if sent again.",
    )


class Delete(Body):
    """Records to bury."""

    ids: list[Any]


class Colour(Body):
    """Who has a disease; nobody removes the colour."""

    patients: list[Any]


class NewTerms(Body):
    """What a grant reaches."""

    attributes: list[str] | None = None
    max_rounds: int = 8
    may_export: bool = False
    may_patient: bool = False
