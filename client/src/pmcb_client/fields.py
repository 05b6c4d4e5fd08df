# SPDX-License-Identifier: Apache-2.0
"""``fields.yaml``: names, units and ranges of what questions ask for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from pmcb_client._located import Section, parse
from pmcb_client.usage_errors import TaskFileError

MAX_FIELDS = 500
LARGEST = 2**53  # beyond it a float counts no ones any more
Number = int | float


@dataclass(frozen=True)
class Field:
    """One field: a measure with unit and range, or one of a list of values.

    Attributes:
        name: ``[A-Za-z0-9._-]{1,64}``.
        unit: of ``low``, ``high`` and ``step``; "" where values are listed.
        low, high, step: of a measure, within ±2^53; ``low < high``; ``step`` above 0 and at least
            ``(high - low) / 2^53``, or None.
        values: the allowed texts, at least two, or ().
        ordered: whether the order of the values means something.
        missing: what a release puts for an absent value, in range or one of the values, or None;
            of no use to a question, so it does not travel.
    """

    name: str
    unit: str = ""
    low: Number | None = None
    high: Number | None = None
    step: Number | None = None
    values: tuple[str, ...] = ()
    ordered: bool = False
    missing: Number | str | None = None

    def as_document(self) -> dict[str, object]:
        """The field as it travels in an envelope, in the keys of ``fields.yaml``."""
        if self.values:
            return {"name": self.name, "values": list(self.values), "ordered": self.ordered}
        document: dict[str, object] = {"name": self.name, "unit": self.unit}
        document |= {"min": self.low, "max": self.high}
        return document if self.step is None else document | {"step": self.step}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Field":
        """The field behind `as_document`.

        Raises:
            ValueError: it is none.
        """
        section = Section("field", 1, "a field")
        section.values = dict(document)
        try:
            return _field(section)
        except TaskFileError as error:
            raise ValueError("no field") from error


def parse_fields(data: bytes, name: str) -> Mapping[str, Field]:
    """The fields of a ``fields.yaml``, by name.

    Raises:
        TaskFileError: names the line.

    >>> fields = parse_fields(b"- {name: pulse, unit: 1/min, min: 30, max: 220}", "fields.yaml")
    >>> fields["pulse"].high
    220
    """
    items = parse(data, name, "a field")
    whole = Section(name, 1, "the file")
    if not isinstance(items, list) or not 0 < len(items) <= MAX_FIELDS:
        raise whole.fail(f"the file must be a list of 1 to {MAX_FIELDS} fields.")
    fields: dict[str, Field] = {}
    for item in items:
        if not isinstance(item, Section):
            raise whole.fail("every item must be a field: name, unit, min, max.")
        field = _field(item)
        if field.name in fields:
            raise item.fail(f"the field '{field.name}' stands twice.", "name")
        fields[field.name] = field
    return fields


def _field(item: Section) -> Field:
    if "values" in item.values:
        item.expect(required=("name", "values"), optional=("ordered", "unit", "missing"))
        values = item.each("values", lambda value: _value(item, value))
        if len(set(values)) != len(values) or len(values) < 2:
            raise item.fail("'values' must name at least two different values.", "values")
        ordered = item.values.get("ordered", False)
        if not isinstance(ordered, bool):
            raise item.fail("'ordered' must be true or false.", "ordered")
        missing = _value(item, item.values["missing"]) if "missing" in item.values else None
        if missing is not None and missing not in values:
            raise item.fail("'missing' must be one of the values.", "missing")
        return Field(item.word("name"), values=values, ordered=ordered, missing=missing)
    item.expect(required=("name", "unit", "min", "max"), optional=("step", "missing"))
    low, high = _number(item, "min"), _number(item, "max")
    if low >= high:
        raise item.fail("'min' must be less than 'max'.", "min")
    step = _number(item, "step") if "step" in item.values else None
    if step is not None and step <= 0:
        raise item.fail("'step' must be greater than 0.", "step")
    if step is not None and step < (high - low) / LARGEST:
        raise item.fail("'step' is too small for 'min' and 'max'.", "step")
    instead = _number(item, "missing") if "missing" in item.values else None
    if instead is not None and not low <= instead <= high:
        raise item.fail("'missing' must lie between 'min' and 'max'.", "missing")
    unit = item.text("unit", longest=32)
    return Field(item.word("name"), unit, low, high, step, missing=instead)


def _value(item: Section, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise item.fail("'values' must be texts; put yes, no, true and false in quotes.", "values")
    return str(value)


def _number(item: Section, key: str) -> Number:
    value = item.values[key]
    if type(value) not in {int, float} or not abs(cast("Number", value)) <= LARGEST:  # nor is nan
        raise item.fail(f"'{key}' must be a number of 2^53 at most.", key)
    return cast("Number", value)
