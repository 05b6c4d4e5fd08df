# SPDX-License-Identifier: Apache-2.0
"""Strict parameters: what a contract function accepts, and nothing that merely looks like it.

A rule annotates a parameter or a field of a record: ``Annotated[int, Int(1, 16)]``. It reads the
text of an argument (``parse``) or checks a JSON value (``check``). Both raise ``ValueError`` with
the allowed range, never with the value. ``schema`` says the same as JSON Schema, for the metadata.
"""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from fractions import Fraction
from functools import cache
from typing import Annotated, Protocol, get_args, get_origin

from ._canonical import MAX_INT, JsonObject, canonical_loads


class Rule(Protocol):
    """What a strict parameter can do."""

    def parse(self, text: str) -> object:
        """The value that an argument's text stands for."""
        ...

    def check(self, value: object) -> object:
        """The value that a JSON value stands for."""
        ...

    def schema(self) -> JsonObject:
        """What is accepted, as JSON Schema."""
        ...


@dataclass(frozen=True)
class Int:
    """An integer from ``lo`` to ``hi``, written without plus sign, spaces or leading zeros."""

    lo: int = 0
    hi: int = MAX_INT

    _TEXT = re.compile(r"-?(0|[1-9][0-9]{0,15})")

    def parse(self, text: str) -> int:
        """Read ``-?(0|[1-9][0-9]*)`` in range."""
        if not self._TEXT.fullmatch(text) or text == "-0":
            raise ValueError(f"must be an integer from {self.lo} to {self.hi}")
        return self.check(int(text))

    def check(self, value: object) -> int:
        """Accept an int in range; a bool is none."""
        if type(value) is not int or not self.lo <= value <= self.hi:
            raise ValueError(f"must be an integer from {self.lo} to {self.hi}")
        return value

    def schema(self) -> JsonObject:
        """An integer in range."""
        return {"type": "integer", "minimum": self.lo, "maximum": self.hi}


@dataclass(frozen=True)
class Bool:
    """``true`` or ``false``."""

    def parse(self, text: str) -> bool:
        """Read exactly ``true`` or ``false``."""
        if text not in {"true", "false"}:
            raise ValueError("must be true or false")
        return text == "true"

    def check(self, value: object) -> bool:
        """Accept a JSON boolean."""
        if not isinstance(value, bool):
            raise ValueError("must be true or false")  # noqa: TRY004 - one error for bad input
        return value

    def schema(self) -> JsonObject:
        """A boolean."""
        return {"type": "boolean"}


@dataclass(frozen=True)
class Match:
    """A text that a regular expression matches as a whole; ``what`` says it in words."""

    pattern: str
    what: str

    def parse(self, text: str) -> str:
        """Read the text as it stands."""
        return self.check(text)

    def check(self, value: object) -> str:
        """Accept a matching text."""
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value):
            raise ValueError(f"must be {self.what}")
        return value

    def schema(self) -> JsonObject:
        """A text with its pattern."""
        return {"type": "string", "pattern": f"^({self.pattern})$", "description": self.what}


def text(limit: int) -> Match:
    """Printable ASCII of 1 to ``limit`` characters."""
    return Match(f"[ -~]{{1,{limit}}}", f"printable ASCII of 1 to {limit} characters")


def one_of(*values: str) -> Match:
    """One of a few words."""
    return Match("|".join(map(re.escape, values)), f"one of {', '.join(values)}")


@dataclass(frozen=True)
class Ratio:
    """An exact fraction ``p/q`` in lowest terms with q <= 10^9, or an integer ``p``."""

    _TEXT = re.compile(r"-?(0|[1-9][0-9]{0,15})(/[1-9][0-9]{0,9})?")

    def parse(self, text: str) -> Fraction:
        """Read the fraction; ``2/4`` is refused, since ``1/2`` says the same."""
        if self._TEXT.fullmatch(text):
            value = Fraction(text)
            if str(value) == text and value.denominator <= 10**9:
                return value
        raise ValueError("must be an exact fraction p/q in lowest terms")

    def check(self, value: object) -> Fraction:
        """Accept the same text inside JSON."""
        if not isinstance(value, str):
            raise ValueError("must be an exact fraction p/q in lowest terms")  # noqa: TRY004
        return self.parse(value)

    def schema(self) -> JsonObject:
        """A text with its pattern; that the terms are the lowest, a pattern cannot say."""
        what = "an exact fraction p/q in lowest terms"
        return {"type": "string", "pattern": f"^{self._TEXT.pattern}$", "description": what}


@dataclass(frozen=True)
class ListOf:
    """``lo`` to ``hi`` values of one rule."""

    rule: Rule
    lo: int
    hi: int

    def parse(self, text: str) -> tuple[object, ...]:
        """Read a JSON array."""
        return self.check(canonical_loads(text))

    def check(self, value: object) -> tuple[object, ...]:
        """Accept a list of the right length whose every value the rule accepts."""
        if not isinstance(value, list) or not self.lo <= len(value) <= self.hi:
            raise ValueError(f"must be a list of {self.lo} to {self.hi} values")
        return tuple(self.rule.check(item) for item in value)

    def schema(self) -> JsonObject:
        """An array whose items the rule describes."""
        bounds = {"minItems": self.lo, "maxItems": self.hi}
        return {"type": "array", "items": self.rule.schema(), **bounds}


@dataclass(frozen=True)
class Row:
    """A JSON array with one rule per place, such as ``[msp, person, level, ordinal]``."""

    rules: tuple[Rule, ...]

    def parse(self, text: str) -> tuple[object, ...]:
        """Read a JSON array."""
        return self.check(canonical_loads(text))

    def check(self, value: object) -> tuple[object, ...]:
        """Accept exactly as many values as rules."""
        if not isinstance(value, list) or len(value) != len(self.rules):
            raise ValueError(f"must be a list of {len(self.rules)} values")
        return tuple(rule.check(item) for rule, item in zip(self.rules, value, strict=True))

    def schema(self) -> JsonObject:
        """An array with a schema for each place."""
        items = [rule.schema() for rule in self.rules]
        return {"type": "array", "items": items, "minItems": len(items), "maxItems": len(items)}


@dataclass(frozen=True)
class MapOf:
    """A JSON object of ``lo`` to ``hi`` entries, its keys of one rule and its values of another."""

    key: Match
    value: Rule
    lo: int
    hi: int

    def parse(self, text: str) -> dict[str, object]:
        """Read a JSON object."""
        return self.check(canonical_loads(text))

    def check(self, value: object) -> dict[str, object]:
        """Accept an object of the right size whose every key and value its rule accepts."""
        if not isinstance(value, Mapping) or not self.lo <= len(value) <= self.hi:
            raise ValueError(f"must be an object of {self.lo} to {self.hi} entries")
        return {self.key.check(key): self.value.check(item) for key, item in value.items()}

    def schema(self) -> JsonObject:
        """An object; in the contract APIs' keywords only its values can be described."""
        what = f"{self.lo} to {self.hi} entries, each under {self.key.what}"
        more = self.value.schema()
        return {"type": "object", "additionalProperties": more, "description": what}


@dataclass(frozen=True)
class Json:
    """A JSON object with exactly the fields of a dataclass, each under its own rule."""

    model: type

    def __post_init__(self) -> None:
        """Look at the fields now: a field without a rule is found before the first call."""
        _fields(self.model)

    def parse(self, text: str) -> object:
        """Read the object."""
        return self.check(canonical_loads(text))

    def check(self, value: object) -> object:
        """Accept an object without unknown or missing keys."""
        rules = _fields(self.model)
        if not isinstance(value, Mapping) or value.keys() != rules.keys():
            raise ValueError(f"must be an object with exactly {', '.join(sorted(rules))}")
        made = {}
        for name, rule in rules.items():
            try:
                made[name] = rule.check(value[name])
            except ValueError as error:
                raise ValueError(f"{name} {error}") from None
        return self.model(**made)

    def schema(self) -> JsonObject:
        """An object with exactly these properties."""
        rules = _fields(self.model)
        return {
            "type": "object",
            "properties": {name: rule.schema() for name, rule in rules.items()},
            "required": sorted(rules),
            "additionalProperties": False,
        }


Id = Annotated[str, Match("[0-9a-f]{32}", "32 lower-case hexadecimal digits")]
Hash = Annotated[str, Match("[0-9a-f]{64}", "64 lower-case hexadecimal digits")]


@cache
def _fields(model: type) -> dict[str, Rule]:
    if not is_dataclass(model):
        raise TypeError(f"{model.__name__} is not a dataclass")
    hints = inspect.get_annotations(model, eval_str=True)
    return {field.name: rule_of(field.name, hints.get(field.name)) for field in fields(model)}


def rule_of(name: str, hint: object) -> Rule:
    """The rule that an annotation carries.

    Raises:
        TypeError: the annotation carries none; nothing reaches a contract unchecked.
    """
    if get_origin(hint) is Annotated:
        for extra in get_args(hint)[1:]:
            if all(hasattr(extra, part) for part in ("parse", "check", "schema")):
                return extra  # type: ignore[no-any-return]
    raise TypeError(f"parameter {name} carries no rule")
