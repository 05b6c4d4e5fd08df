# SPDX-License-Identifier: Apache-2.0
"""What callers send: JSON whose numbers are kept as their digits, so that epsilon stays exact."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field

from pmcb_services.common._bodies import Body, body_of, read_body

from ._measurements import Algorithm

__all__ = [
    "LoweredTotal",
    "NewCohort",
    "NewDataset",
    "NewMetrics",
    "NewPolicy",
    "NewRelease",
    "NewVersion",
    "body_of",
    "read",
]

Epsilon = Annotated[str | int, Field(description='A decimal or a ratio: "0.5", "1/3".')]
Id = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
_Model = TypeVar("_Model", bound=BaseModel)


class NewCohort(Body):
    """A budget for a group of people; ``cohort`` is a random id of the caller's."""

    cohort: Id
    total: Epsilon
    schema_: dict[str, Any] = Field(alias="schema", description="The public schema's document.")


class LoweredTotal(Body):
    """A budget's new total."""

    total: Epsilon


class NewPolicy(Body):
    """Rules of ``who``, ``at_once`` and ``in_all``."""

    rules: list[dict[str, Any]]


class NewDataset(Body):
    """A table of a cohort."""

    name: str
    cohort: Id


class NewVersion(Body):
    """A table: a ``path`` that the service reads, or the rows of its ``intake``."""

    path: str | None = None
    intake: str | None = Field(
        default=None, pattern="^(all|[0-9a-f]{32})$", description="A task's id, or all."
    )


class NewRelease(Body):
    """A request for a release."""

    dataset: str
    version: int | None = Field(default=None, description="The newest, where none is named.")
    epsilon: Epsilon
    algorithm: str = Algorithm.MPDP_K.value
    k: int | None = None
    rows: bool = False
    attempt: int = Field(default=0, description="How often it was paid for and lost.")
    fresh: bool = Field(default=False, description="Whether one that covers it is not enough.")


class NewMetrics(Body):
    """A request for paid metrics of a release."""

    epsilon: Epsilon
    attempt: int = 0


def read(body: bytes, kind: type[_Model]) -> _Model:
    """The document in a request's body; numbers with a point stay texts."""
    return read_body(body, kind, parse_float=str)
