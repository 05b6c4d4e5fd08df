# SPDX-License-Identifier: Apache-2.0
import hashlib
import json
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.client.results import sealed

from pmcb_client.levels_registry import (
    BATCH_SIZE,
    LevelsResult,
    publish_epoch,
    read_levels,
    register,
)
from pmcb_client.people import Person
from pmcb_client.usage_errors import LevelsFileError

HASH = "a" * 64
GOOD = sealed(
    {
        "version": 1,
        "levels": 2,
        "graph_hash": HASH,
        "params_hash": "b" * 64,
        "users": ["7", "8"],
        "level": [1, 2],
        "more": "is ignored",
    }
)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"version": 2}, "not a result of version 1"),
        ({"levels": 1}, "'levels' must be 2 to 16"),
        ({"levels": 17}, "'levels' must be 2 to 16"),
        ({"levels": "2"}, "'levels' must be 2 to 16"),
        ({"users": ["7"]}, "equal length"),
        ({"users": [], "level": []}, "equal length"),
        ({"users": ["7", "7"]}, "different texts"),
        ({"users": [7, 8]}, "different texts"),
        ({"level": [1, 3]}, "numbers from 1 to 2"),
        ({"level": [True, 2]}, "numbers from 1 to 2"),
        ({"graph_hash": "A" * 64}, "SHA-256"),
        ({"params_hash": None}, "SHA-256"),
        ({"level": [2, 1]}, "was changed"),
        ({"result_hash": None}, "was changed"),
    ],
)
def test_a_wrong_result_file_names_its_key(tmp_path, change, complaint):
    """The key is named, and the command that makes a right file."""
    path = tmp_path / "levels.json"
    path.write_text(json.dumps(GOOD | change))
    with pytest.raises(LevelsFileError, match=complaint) as refused:
        read_levels(path)
    assert "pmcb levels classify" in refused.value.next_step


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000])
def test_what_is_no_result_is_refused(tmp_path, text):
    """Other JSON, no JSON, bottomless JSON."""
    path = tmp_path / "levels.json"
    path.write_text(text)
    with pytest.raises(LevelsFileError):
        read_levels(path)


def test_an_absent_result_is_refused(tmp_path):
    """The reason is the system's."""
    with pytest.raises(LevelsFileError, match="No such file"):
        read_levels(tmp_path / "levels.json")


def test_a_result_without_people_is_refused():
    """Nothing would be registered."""
    result = LevelsResult(2, {"7": 1}, HASH, HASH)
    with pytest.raises(LevelsFileError, match="0 nodes of the result"):
        register(result, {"8": Person("A", "r")})


def test_a_result_is_read(tmp_path):
    """Levels by node, and the provenance."""
    path = tmp_path / "levels.json"
    path.write_text(json.dumps(GOOD))
    assert read_levels(path) == LevelsResult(2, {"7": 1, "8": 2}, HASH, "b" * 64)


def test_hashes_by_hand():
    """Batch hash and assignment hash of two persons, written out."""
    result = LevelsResult(2, {"7": 2, "8": 1, "9": 1}, HASH, HASH)
    made = register(result, {"7": Person("B", "x"), "8": Person("A", "y")})
    batch = hashlib.sha256(b'[["A","y",1,0],["B","x",2,0]]').digest()
    assert made.manifest == {
        "levels": 2,
        "per_level": [1, 1],
        "graph_hash": HASH,
        "params_hash": HASH,
        "assignment_hash": hashlib.sha256(batch).hexdigest(),
        "batches": 1,
        "count": 2,
    }
    assert made.dropped == 1


@given(
    levels=st.integers(2, 16),
    seed=st.lists(
        st.tuples(st.sampled_from("AB"), st.integers(0, 999), st.integers(1, 16)),
        min_size=1,
        max_size=40,
        unique_by=lambda row: row[:2],
    ),
    data=st.data(),
)
def test_ordinals_count_within_each_level_whatever_the_order_of_the_files(levels, seed, data):
    """Sorted by person, 0, 1, 2, ... per level, and equal hashes for equal content."""
    people = {str(i): Person(msp, f"r{n}") for i, (msp, n, _) in enumerate(seed)}
    level_of = {str(i): 1 + (level - 1) % levels for i, (_, _, level) in enumerate(seed)}
    made = register(LevelsResult(levels, level_of, HASH, HASH), people)
    by_level = defaultdict(list)
    for msp, name, level, ordinal in made.entries:
        by_level[level].append(ordinal)
        node = next(node for node, person in people.items() if person == Person(msp, name))
        assert level_of[node] == level
    assert all(ordinals == list(range(len(ordinals))) for ordinals in by_level.values())
    persons = [entry[:2] for entry in made.entries]
    assert persons == sorted(persons)
    assert sum(made.per_level) == len(made.entries) == len(seed)
    shuffled = data.draw(st.permutations(sorted(people)))
    again = register(
        LevelsResult(levels, {node: level_of[node] for node in shuffled}, HASH, HASH),
        {node: people[node] for node in reversed(shuffled)},
    )
    assert again.assignment_hash == made.assignment_hash


class Halfway:
    """A ledger on which the first of three batches stands."""

    def __init__(self, manifest):
        self.epoch = {**manifest, "epoch": 1, "active": False}
        self.registered = [0]
        self.functions = []

    async def evaluate(self, function, *args):
        assert function == "get_epoch"
        return json.dumps({**self.epoch, "registered": self.registered}).encode()

    async def submit(self, function, *args):
        self.functions.append(function)
        if function == "register_levels":
            self.registered.append(int(args[1]))
        return b"{}"


async def test_only_missing_batches_are_sent():
    """A publication that is taken up again tells how far it is."""
    people = {str(i): Person("A", f"r{i}") for i in range(2 * BATCH_SIZE + 1)}
    made = register(LevelsResult(3, dict.fromkeys(people, 1), HASH, HASH), people)
    ledger = Halfway(made.manifest)
    told: list[int] = []
    await publish_epoch(ledger, made, 1, on_batch=told.append)
    assert ledger.functions == ["register_levels", "register_levels"]
    assert told == [2, 3]


def test_batches_hold_at_most_five_hundred():
    """The contract's limit; the last batch holds the rest."""
    people = {str(i): Person("A", f"r{i}") for i in range(2 * BATCH_SIZE + 1)}
    made = register(LevelsResult(3, dict.fromkeys(people, 1), HASH, HASH), people)
    assert [len(batch) for batch in made.batches] == [500, 500, 1]
    assert made.manifest["batches"] == 3
    assert [entry for batch in made.batches for entry in batch] == list(made.entries)
