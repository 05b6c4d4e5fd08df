# SPDX-License-Identifier: Apache-2.0
"""What a collector sends: rows about one subject, read against the institution's fields."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pmcb_client.answers import Answer, Asked, Instructions, Row, examine
from pmcb_client.fields import Field as Described
from pmcb_services.common import ErrorCode, ServiceError

__all__ = ["MAX_BODY_BYTES", "Observation", "read_observation"]

MAX_BODY_BYTES = 2**20
_HEADING = re.compile(r"(?P<name>[^\[\]]+?)\s*(\[(?P<unit>[^\[\]]*)\])?")
_KEYS = {"subject_ref", "rows", "at", "values"}
_STRICT = ConfigDict(extra="forbid", strict=True)

Number = Annotated[float, Field(allow_inf_nan=False)]


class ObservedRow(BaseModel):
    """Values by field, measured at ``at`` (milliseconds UTC)."""

    model_config = _STRICT
    at: int = Field(ge=0, lt=2**53)
    values: dict[str, int | Number | str] = Field(min_length=1)


class Observation(BaseModel):
    """Rows about one subject, in the order in which they were measured."""

    model_config = _STRICT
    subject_ref: str = Field(
        min_length=1, max_length=200, description="Who it is about; only its keyed hash is kept."
    )
    rows: list[ObservedRow] = Field(min_length=1)


def read_observation(
    body: bytes, fields: Mapping[str, Described], *, now_ms: int
) -> tuple[str, tuple[Row, ...]]:
    """The subject's reference and the rows, which fit the fields.

    A name may tell its unit in brackets (``systolic [mmHg]``), which must be the field's.

    Raises:
        ServiceError: ``BAD_REQUEST``; names the place, never a value.
    """
    found = _parsed(body)
    rows = tuple(
        Row(row.at, _named(number, row.values, fields)) for number, row in enumerate(found.rows)
    )
    problem = examine(Answer(rows), _asked(rows, fields), since_ms=0, until_ms=now_ms)
    if problem is not None:
        place = f"rows.{problem.row - 1}.{problem.field}" if problem.row else "rows"
        raise _bad(problem.sentence, place.rstrip("."))
    return found.subject_ref, rows


def _parsed(body: bytes) -> Observation:
    try:
        document = json.loads(body, object_pairs_hook=_once)
        found = Observation.model_validate(document)
    except ValidationError as error:
        place = error.errors(include_input=False)[0]["loc"]
        known = takewhile(lambda part: isinstance(part, int) or part in _KEYS, place)
        raise _bad("A part of the observation is malformed.", ".".join(map(str, known))) from None
    except (ValueError, RecursionError):
        raise _bad("The body is no JSON with each key once.", "") from None
    if not found.subject_ref.isprintable():
        raise _bad("'subject_ref' takes printable characters.", "subject_ref")
    return found


def _once(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    listed = list(pairs)
    if len(dict(listed)) != len(listed):
        raise ValueError("a key stands twice")
    return dict(listed)


def _named(
    number: int, values: Mapping[str, Any], fields: Mapping[str, Described]
) -> dict[str, Any]:
    named = {}
    for heading, value in values.items():
        parts = _HEADING.fullmatch(heading.strip())
        field = fields.get(parts["name"]) if parts else None
        if parts is None or field is None:
            raise _bad("The row holds a field that is not described here.", f"rows.{number}")
        place = f"rows.{number}.{field.name}"
        if parts["unit"] is not None and parts["unit"].strip() != field.unit:
            unit = field.unit or "no unit"
            raise _bad(f"'{field.name}' is kept in {unit}: convert it.", place)
        if field.name in named:
            raise _bad(f"'{field.name}' stands twice.", place)
        named[field.name] = value
    return named


def _asked(rows: Iterable[Row], fields: Mapping[str, Described]) -> Instructions:
    """Questions that ask for what was observed."""
    names = tuple(sorted({name for row in rows for name in row.values}))
    return Instructions("", 0, 0, "", "", (Asked("observed", "", names),), fields)


def _bad(message: str, field: str) -> ServiceError:
    return ServiceError(ErrorCode.BAD_REQUEST, f"{message[0].upper()}{message[1:]}", field=field)
