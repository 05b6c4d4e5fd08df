# SPDX-License-Identifier: Apache-2.0
"""Fabric's metadata call: the document of the official contract APIs, schemas from our rules."""

import json
import re
from fractions import Fraction
from typing import Annotated

import pytest
from tests.chaincode.fake_peer import FakePeer
from tests.chaincode.notes import Draft, Notes, Tag

from pmcb_chaincode.bridge import (
    Bool,
    Context,
    Contract,
    Int,
    Json,
    JsonObject,
    ListOf,
    MapOf,
    Match,
    Ratio,
    Row,
    one_of,
    query,
    text,
    transaction,
)

METADATA = "org.hyperledger.fabric:GetMetadata"

# What the official schema of such documents allows in the schema of a parameter.
KEYWORDS = {
    "additionalProperties",
    "description",
    "items",
    "maximum",
    "maxItems",
    "minimum",
    "minItems",
    "pattern",
    "properties",
    "required",
    "type",
}


Level = Annotated[int, Int(1, 16)]


class Small(Contract):
    """Two functions, one parameter each way."""

    name = "small"

    @transaction(roles=("releaser",))
    async def put(
        self, ctx: Context, level: Annotated[int, Int(1, 16)], on: Annotated[bool, Bool()]
    ):
        """Write."""

    @query()
    async def get(self, ctx: Context) -> JsonObject:
        """Read."""
        return {}


def document(contract):
    """What a contract says of itself."""
    return json.loads(contract.metadata())


async def test_metadata_is_the_document_of_the_contract_apis(serve):
    """Contracts with their transactions, the metadata call's own among them; info; components."""
    peer = serve(FakePeer(), Small())
    answer = await peer.call(METADATA, proposal=None)
    assert (answer.status, answer.event, dict(answer.writes)) == (200, None, {})
    level = {"type": "integer", "minimum": 1, "maximum": 16}
    assert answer.json() == {
        "contracts": {
            "small": {
                "name": "small",
                "info": {"title": "small", "version": ""},
                "transactions": [
                    {"name": "get", "parameters": [], "tag": ["EVALUATE"]},
                    {
                        "name": "put",
                        "parameters": [
                            {"name": "level", "schema": level},
                            {"name": "on", "schema": {"type": "boolean"}},
                        ],
                        "tag": ["SUBMIT"],
                    },
                ],
            },
            "org.hyperledger.fabric": {
                "name": "org.hyperledger.fabric",
                "info": {"title": "org.hyperledger.fabric", "version": ""},
                "transactions": [{"name": "GetMetadata", "parameters": [], "tag": ["EVALUATE"]}],
            },
        },
        "info": {"title": "small", "version": ""},
        "components": {"schemas": {}},
    }


def test_metadata_names_what_can_be_called_and_nothing_else():
    """Every marked method, no other."""
    listed = document(Notes())["contracts"]["notes"]["transactions"]
    assert {entry["name"] for entry in listed} == set(Notes.functions)
    assert "unmarked" not in Notes.functions


def test_records_are_described_field_by_field():
    """An object has exactly its fields, lists their bounds, rows a schema for each place."""
    digit = {"type": "integer", "minimum": 0, "maximum": 9}
    tag = Json(Tag).schema()
    assert tag == {
        "type": "object",
        "properties": {
            "word": {
                "type": "string",
                "pattern": "^(red|blue)$",
                "description": "one of red, blue",
            },
            "weight": Ratio().schema(),
        },
        "required": ["weight", "word"],
        "additionalProperties": False,
    }
    assert Json(Draft).schema()["properties"] == {
        "title": text(20).schema(),
        "pinned": {"type": "boolean"},
        "tags": {"type": "array", "items": tag, "minItems": 0, "maxItems": 3},
        "place": {"type": "array", "items": [digit, digit], "minItems": 2, "maxItems": 2},
    }


def test_maps_are_described_by_their_values():
    """The contract APIs' keywords have none for keys, so a sentence says what they are."""
    assert MapOf(Match("a|b", "a or b"), Int(0, 9), 1, 3).schema() == {
        "type": "object",
        "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 9},
        "description": "1 to 3 entries, each under a or b",
    }


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (text(5), ["a", "~ ~"], ["", "abcdef", "\u00e9", "a\n"]),
        (one_of("a.b", "c"), ["a.b", "c"], ["axb", "ca.b", "a.bc", ""]),
        (Match("a|b", "a or b"), ["a", "b"], ["ab", "ax", "xb", ""]),
        (Ratio(), ["1/2", "-3", "0"], ["1/0", "01", "+1", "0.5", "1/2/3", ""]),
    ],
    ids=["text", "one_of", "match", "ratio"],
)
def test_patterns_say_what_the_rules_do(rule, good, bad):
    """A client that checks the pattern sends nothing that the rule refuses for its form."""
    # A text's end, as in JSON Schema's regular expressions: Python's $ lets a line end follow.
    pattern = rule.schema()["pattern"].removesuffix("$") + r"\Z"
    for sample in good:
        assert re.search(pattern, sample)
        assert rule.parse(sample) in {sample, Fraction(sample) if rule == Ratio() else sample}
    for sample in bad:
        assert not re.search(pattern, sample)
        with pytest.raises(ValueError):
            rule.parse(sample)


def test_schemas_keep_to_the_official_keywords():
    """Whatever a contract's rules are, tools that read such documents know each word."""
    found = set()

    def look(schema):
        found.update(schema)
        for inner in schema.get("properties", {}).values():
            look(inner)
        items = schema.get("items", [])
        for inner in items if isinstance(items, list) else [items]:
            look(inner)

    for entry in document(Notes())["contracts"]["notes"]["transactions"]:
        for parameter in entry["parameters"]:
            assert set(parameter) == {"name", "schema"}
            look(parameter["schema"])
    assert found <= KEYWORDS
    assert {"properties", "items", "pattern", "minimum", "type"} <= found


def test_deep_records_are_described():
    """A document may nest deeper than a value of the ledger."""
    deep: Int | ListOf = Int()
    for _ in range(15):
        deep = ListOf(deep, 0, 1)

    class Deep(Contract):
        name = "deep"

        @query()
        async def fn(self, ctx: Context, pile: Annotated[tuple[object, ...], deep]) -> JsonObject:
            return {}

    schema = document(Deep())["contracts"]["deep"]["transactions"][0]["parameters"][0]["schema"]
    for _ in range(15):
        schema = schema["items"]
    assert schema == Int().schema()


def test_rule_of_ones_own_describes_itself():
    """Row, list and record ask their rules, whoever wrote them."""

    class Even:
        def parse(self, text_):
            return self.check(int(text_))

        def check(self, value):
            return value

        def schema(self):
            return {"type": "integer", "multipleOf": 2}

    assert Row((Even(),)).schema()["items"] == [{"type": "integer", "multipleOf": 2}]
