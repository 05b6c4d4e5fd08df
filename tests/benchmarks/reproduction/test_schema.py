# SPDX-License-Identifier: Apache-2.0
"""Result files against their schemas."""

import json
from importlib.resources import files

import pytest

from pmcb_benchmarks.reproduction import Verdict
from pmcb_benchmarks.reproduction._schema import (
    CHECKED,
    SAID,
    SchemaError,
    check,
    check_benchmark,
    faults,
    schema,
)

MACHINE = {
    "processor": "P",
    "cores": 2,
    "load_before": 0.1,
    "system": "S",
    "python": "3.11.7",
    "versions": {"numpy": "2"},
}


@pytest.mark.parametrize(
    ("value", "rules", "fault"),
    [
        ("3", {"type": "integer"}, "$ is no integer"),
        (True, {"type": "number"}, "$ is no number"),
        (2.5, {"type": ["integer", "null"]}, "$ is no integer or null"),
        ({}, {"required": ["runs"]}, "$ has no runs"),
        ({"a": 1}, {"additionalProperties": False}, "$ has a surplus a"),
        ({"a": "x"}, {"additionalProperties": {"type": "number"}}, "$.a is no number"),
        ([1, "x"], {"items": {"type": "number"}}, "$[1] is no number"),
        ([], {"minItems": 1}, "$ has fewer than 1 items"),
        ("b", {"enum": ["a"]}, '$ is none of ["a"]'),
        ("b", {"const": "a"}, '$ is not "a"'),
        ("b", {"pattern": "^a"}, "$ does not match ^a"),
        (-1, {"minimum": 0}, "$ is out of its range"),
        (3, {"maximum": 2}, "$ is out of its range"),
        ("x", {"anyOf": [{"type": "number"}, {"type": "null"}]}, "$ is none of 2 kinds"),
        ({"cores": 0} | {**MACHINE, "cores": 0}, {"$ref": "machine.json"}, "$.cores is out of"),
    ],
)
def test_a_fault_names_its_place_and_rule(value, rules, fault: str):
    """Each word that schemas use finds what it forbids."""
    (found,) = faults(value, rules)
    assert found.startswith(fault)


@pytest.mark.parametrize(
    ("value", "rules"),
    [
        (3.0, {"type": "integer"}),
        (None, {"type": ["integer", "null"]}),
        ({"a": 1, "b": "x"}, {"properties": {"a": {"type": "number"}}}),
        (2, {"minimum": 2, "maximum": 2}),
        (5, {"anyOf": [{"type": "string"}, {"type": "number"}]}),
        (MACHINE, {"$ref": "machine.json"}),
    ],
)
def test_what_is_allowed_has_no_fault(value, rules):
    """A whole float is an integer; names that no rule speaks of may be there."""
    assert list(faults(value, rules)) == []


def test_a_word_that_is_not_looked_at_is_refused():
    """No schema promises what nobody checks."""
    with pytest.raises(SchemaError, match="uniqueItems"):
        list(faults([1, 1], {"uniqueItems": True}))


def test_a_missing_schema_is_named():
    """A name that there is none of."""
    with pytest.raises(SchemaError, match="no schema bench-nothing"):
        schema("bench-nothing")


def test_the_value_is_not_in_the_message():
    """Places and rules only."""
    with pytest.raises(SchemaError) as failed:
        check_benchmark({"benchmark": "x", "machine": MACHINE, "seed": "4711 patients"})
    assert "$.seed is no integer" in str(failed.value)
    assert "4711" not in str(failed.value)


def test_a_benchmark_without_a_schema_has_what_all_have():
    """A new benchmark can be written before its own schema is."""
    check_benchmark({"benchmark": "new", "machine": MACHINE})
    with pytest.raises(SchemaError, match="has no machine"):
        check_benchmark({"benchmark": "new"})


def test_a_benchmark_with_a_schema_is_checked_by_it():
    """Rows of the bridge's result need their counts."""
    document = {"benchmark": "bridge", "machine": MACHINE, "seed": 0, "transactions": 1}
    with pytest.raises(SchemaError, match="schema bench-bridge says"):
        check_benchmark(document)


def test_verdicts_of_code_and_schema_are_the_same():
    """One list, in two places."""
    assert schema("claim")["properties"]["verdict"]["enum"] == [each.value for each in Verdict]


def test_all_schemas_use_words_that_are_looked_at():
    """Everywhere in them."""

    def words(rules):
        yield from rules
        for name in ("properties",):
            for each in rules.get(name, {}).values():
                yield from words(each)
        for each in (rules.get("items"), rules.get("additionalProperties")):
            if isinstance(each, dict):
                yield from words(each)
        for each in rules.get("anyOf", ()):
            yield from words(each)

    folder = files("pmcb_benchmarks.reproduction") / "schemas"
    for file in folder.iterdir():
        assert set(words(json.loads(file.read_text()))) <= SAID | CHECKED, file.name


def test_a_document_that_is_none_of_an_item_is_refused():
    """An item without claims says nothing."""
    with pytest.raises(SchemaError, match="schema item says"):
        check({"reproduction": "pmcb"}, "item")
