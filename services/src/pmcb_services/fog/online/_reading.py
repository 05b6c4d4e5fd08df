# SPDX-License-Identifier: Apache-2.0
"""What devices measure: checked against the institution's fields, in their units and steps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pmcb_client.answers import Answer, Asked, Instructions, Row, examine
from pmcb_client.fields import Field as Described
from pmcb_services.fog.errors import InvalidInput

__all__ = ["UNITS", "Reading", "ReadingBody", "read_reading"]

UNITS: Mapping[tuple[str, str], tuple[float, float]] = {
    ("kPa", "mmHg"): (7.500617, 0.0),
    ("°F", "°C"): (5 / 9, -160 / 9),
    ("g", "kg"): (0.001, 0.0),
    ("lb", "kg"): (0.45359237, 0.0),
    ("m", "cm"): (100.0, 0.0),
    ("in", "cm"): (2.54, 0.0),
    ("s", "ms"): (1000.0, 0.0),
}
"""From what devices tell to what fields are kept in: a factor, and what is added."""

_HEADING = re.compile(r"(?P<name>[^\[\]]+?)\s*(\[(?P<unit>[^\[\]]*)\])?")
Number = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True)
class Reading:
    """Values of one subject at one time (milliseconds UTC), as the intake takes them."""

    subject_ref: str = field(repr=False)
    at: int
    values: Mapping[str, int | float | str] = field(repr=False)


class ReadingBody(BaseModel):
    """What a device sends: values by field, with their unit in brackets where it is another."""

    model_config = ConfigDict(extra="forbid", strict=True)
    subject_ref: str = Field(min_length=1, max_length=200)
    at: int = Field(ge=0, lt=2**53)
    values: dict[str, int | Number | str] = Field(min_length=1)


def read_reading(body: bytes, fields: Mapping[str, Described], *, now_ms: int) -> Reading:
    """A reading in the fields' own units, rounded to their steps.

    Args:
        body: of a `ReadingBody`, JSON.
        fields: what is measured.
        now_ms: milliseconds UTC; what was measured later is refused.

    Raises:
        InvalidInput: names the field to blame, never a value.

    >>> from pmcb_client.fields import parse_fields
    >>> listed = "- {name: temp, unit: °C, min: 30, max: 45, step: 0.1}"
    >>> fields = parse_fields(listed.encode(), "fields.yaml")
    >>> sent = '{"subject_ref": "p", "at": 1, "values": {"temp [°F]": 98.6}}'.encode()
    >>> read_reading(sent, fields, now_ms=2).values
    {'temp': 37.0}
    """
    try:
        sent = ReadingBody.model_validate_json(body)
    except ValidationError as error:
        place = error.errors(include_input=False, include_url=False)[0]["loc"]
        name = str(place[0]) if place and place[0] in ReadingBody.model_fields else ""
        raise InvalidInput("The reading is malformed.", field=name) from None
    if not sent.subject_ref.isprintable():
        raise InvalidInput("'subject_ref' takes printable characters.", field="subject_ref")
    values: dict[str, int | float | str] = {}
    for heading, value in sent.values.items():
        described, kept = _kept(heading, value, fields)
        if described.name in values:
            raise InvalidInput(f"'{described.name}' stands twice.", field=described.name)
        values[described.name] = kept
    asked = Instructions("", 0, 0, "", "", (Asked("observed", "", tuple(sorted(values))),), fields)
    answer = Answer((Row(sent.at, values),))
    problem = examine(answer, asked, since_ms=0, until_ms=now_ms)
    if problem is not None:
        sentence = problem.sentence[0].upper() + problem.sentence[1:]
        raise InvalidInput(sentence, field=problem.field)
    return Reading(sent.subject_ref, sent.at, values)


def _kept(
    heading: str, value: float | str, fields: Mapping[str, Described]
) -> tuple[Described, float | str]:
    """The field, and the value in its unit, on its steps."""
    parts = _HEADING.fullmatch(heading.strip())
    described = fields.get(parts["name"]) if parts else None
    if parts is None or described is None:
        raise InvalidInput("The reading holds a field that is not described here.", field="values")
    unit = described.unit if parts["unit"] is None else parts["unit"].strip()
    if unit != described.unit:
        law = UNITS.get((unit, described.unit))
        if law is None or isinstance(value, str):
            raise InvalidInput(
                f"'{described.name}' is kept in {described.unit or 'no unit'}; the unit that was "
                "sent cannot be converted to it.",
                field=described.name,
            )
        value = value * law[0] + law[1]
    if isinstance(value, str) or described.step is None or described.low is None:
        return described, value
    steps = round((value - described.low) / described.step)
    rounded = round(float(described.low + steps * described.step), 9)
    return described, int(rounded) if rounded.is_integer() and described.step >= 1 else rounded
