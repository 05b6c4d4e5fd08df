# SPDX-License-Identifier: Apache-2.0
"""What docs/bridge.md shows runs, and nothing that a contract can use is missing from it."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
from tests.chaincode.fake_peer import FakePeer
from tests.chaincode.identities import TIME_MS

from pmcb_chaincode.bridge import Caller, Context, Ledger, Rule

PAGE = Path(__file__).parents[2] / "docs" / "bridge.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLE, SERVING = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
NOTE = "0" * 32
DRAFT = '{"title":"First","stars":5}'


def public(kind):
    """The names of a class that its users see."""
    return {name for name in dir(kind) if not name.startswith("_")} | {
        each.name for each in (dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ())
    }


@pytest.fixture
def example():
    """The page's contract."""
    found: dict[str, Any] = {"__name__": "example"}
    exec(compile(EXAMPLE, str(PAGE), "exec"), found)  # the page is ours
    return found["Notes"]()


async def test_the_example_contract_runs(serve, example):
    """It refuses what it says it refuses, writes, tells and reads."""
    peer = serve(FakePeer(), example)
    assert (await peer.call("get_note", NOTE)).code == "NOT_FOUND"
    bad = await peer.call("put_note", NOTE, '{"title":"First","stars":6}')
    assert bad.message == "BAD_ARGUMENT: note stars must be an integer from 0 to 5."
    stored = {"at": TIME_MS, "by": "HospitalAMSP/rel1", "stars": 5, "title": "First"}
    answer = await peer.call("put_note", NOTE, DRAFT)
    assert (answer.json(), answer.event) == (stored, ("NotePut", b'{"note":"%s"}' % NOTE.encode()))
    assert (await peer.call("put_note", NOTE, DRAFT)).code == "EXISTS"
    assert (await peer.call("notes:get_note", NOTE)).json() == {"note": stored}


def test_the_example_of_serving_is_python():
    """It would serve until a signal, so it is only read."""
    compile(SERVING, str(PAGE), "exec")


@pytest.mark.parametrize("kind", [Ledger, Context, Caller], ids=lambda kind: kind.__name__)
def test_page_names_all_that_a_function_sees(kind):
    """Every public method and field stands in the page."""
    unseen = {"finish", "event"}  # the bridge's own part
    missing = [name for name in public(kind) - unseen if not re.search(rf"\b{name}\b", TEXT)]
    assert missing == []


def test_page_names_every_rule():
    """A parameter's rule is found in the table."""
    table = TEXT.partition("## Parameters")[2].partition("## Answers")[0]
    rules = [
        "Int",
        "Bool",
        "Id",
        "Hash",
        "text",
        "one_of",
        "Match",
        "Ratio",
        "ListOf",
        "Row",
        "MapOf",
    ]
    assert [name for name in [*rules, "Json"] if f"`{name}" not in table] == []
    assert [part for part in public(Rule) if f"`{part}(" not in table] == []
