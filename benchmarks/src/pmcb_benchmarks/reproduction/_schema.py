# SPDX-License-Identifier: Apache-2.0
"""Result files against the JSON Schemas that ship with this package.

As much of JSON Schema (draft 2020-12) as these schemas use: ``type``, ``enum``, ``const``,
``pattern``, ``minimum``, ``maximum``, ``required``, ``properties``, ``additionalProperties``,
``items``, ``minItems``, ``anyOf`` and ``$ref`` to another file of the folder. Any other word is
refused, so that no schema promises what is not looked at.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

Schema = Mapping[str, Any]

SAID = frozenset({"$schema", "$id", "title", "description"})
CHECKED = frozenset({
    "$ref", "additionalProperties", "anyOf", "const", "enum", "items", "maximum", "minItems",
    "minimum", "pattern", "properties", "required", "type",
})  # fmt: skip
_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list, tuple),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


class SchemaError(Exception):
    """A result is not what its schema says; names the place and the rule, never the value."""

    exit_code = 70
    next_step = "The schemas are in pmcb_benchmarks/reproduction/schemas."


@cache
def schema(name: str) -> Schema:
    """The schema of that name.

    Raises:
        SchemaError: there is none, or it uses a word that is not looked at.
    """
    file = files(__package__) / "schemas" / f"{name}.json"
    if not file.is_file():
        raise SchemaError(f"There is no schema {name}.")
    found: Schema = json.loads(file.read_text(encoding="utf-8"))
    return found


def check(document: object, name: str) -> None:
    """Nothing where the document is what the schema says.

    Raises:
        SchemaError: names the first place where it is not.
    """
    wrong = next(faults(document, schema(name)), None)
    if wrong is not None:
        raise SchemaError(f"The result is not what schema {name} says: {wrong}.")


def check_benchmark(document: Mapping[str, Any]) -> None:
    """A result of ``pmcb bench``: what all have, and what its own schema says where there is one.

    Raises:
        SchemaError: names the first place where it is not.
    """
    check(document, "benchmark")
    name = f"bench-{document['benchmark']}"
    if (files(__package__) / "schemas" / f"{name}.json").is_file():
        check(document, name)


def faults(value: object, rules: Schema, place: str = "$") -> Iterator[str]:
    """Every place where the value is not what the schema says, with the rule.

    >>> list(faults({"runs": "3"}, {"properties": {"runs": {"type": "integer"}}}))
    ['$.runs is no integer']
    """
    unknown = rules.keys() - SAID - CHECKED
    if unknown:
        raise SchemaError(f"A schema uses {min(unknown)}, which is not looked at.")
    if "$ref" in rules:
        yield from faults(value, schema(rules["$ref"].removesuffix(".json")), place)
    if "anyOf" in rules and all(any(faults(value, each, place)) for each in rules["anyOf"]):
        yield f"{place} is none of {len(rules['anyOf'])} kinds"
    yield from _plain(value, rules, place)
    if isinstance(value, dict):
        yield from _object(value, rules, place)
    if isinstance(value, list | tuple):
        if len(value) < rules.get("minItems", 0):
            yield f"{place} has fewer than {rules['minItems']} items"
        for number, each in enumerate(value):
            yield from faults(each, rules.get("items", {}), f"{place}[{number}]")


def _plain(value: object, rules: Schema, place: str) -> Iterator[str]:
    wanted = rules.get("type")
    if wanted is not None:
        kinds = [wanted] if isinstance(wanted, str) else wanted
        if not any(_is(value, kind) for kind in kinds):
            yield f"{place} is no {' or '.join(kinds)}"
    if "const" in rules and value != rules["const"]:
        yield f"{place} is not {json.dumps(rules['const'])}"
    if "enum" in rules and value not in rules["enum"]:
        yield f"{place} is none of {json.dumps(rules['enum'])}"
    if "pattern" in rules and isinstance(value, str) and not re.search(rules["pattern"], value):
        yield f"{place} does not match {rules['pattern']}"
    if _is(value, "number"):
        number = float(value)  # type: ignore[arg-type]  # looked at in the line above
        if not rules.get("minimum", number) <= number <= rules.get("maximum", number):
            yield f"{place} is out of its range"


def _is(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[kind])


def _object(value: Mapping[str, object], rules: Schema, place: str) -> Iterator[str]:
    known = rules.get("properties", {})
    for name in rules.get("required", ()):
        if name not in value:
            yield f"{place} has no {name}"
    for name, each in value.items():
        further = rules.get("additionalProperties", True)
        if name in known:
            yield from faults(each, known[name], f"{place}.{name}")
        elif further is False:
            yield f"{place} has a surplus {name}"
        elif isinstance(further, dict):
            yield from faults(each, further, f"{place}.{name}")
