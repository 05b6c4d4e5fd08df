# SPDX-License-Identifier: Apache-2.0
"""From where to where each parameter goes: the specification's own figures.

Nothing here is taken from the contract's constants, so none of them moves unnoticed.
"""

import json
from typing import Any

import pytest

from pmcb_chaincode.contract import Governance, GovernanceError, Pmcb

HASH, TASK = "b" * 64, "a" * 32
EPOCH = (1, 99_999_999)
NUMBERS = {
    ("open_epoch", "epoch"): EPOCH,
    ("register_levels", "epoch"): EPOCH,
    ("register_levels", "batch"): (0, 1999),
    ("approve_epoch", "epoch"): EPOCH,
    ("set_level", "level"): (1, 16),
    ("set_level", "ordinal"): (0, 999_999),
    ("accept_subtask", "subtask"): (0, 63),
    ("submit_data", "subtask"): (0, 63),
    ("submit_data", "size"): (1, 2**40),
    ("verify_submission", "subtask"): (0, 63),
    ("verify_submission", "slot"): (0, 999),
    ("verify_submission", "score"): (0, 100),
    ("get_epoch", "epoch"): (0, 99_999_999),
    ("list_open_subtasks", "size"): (1, 200),
    ("list_my_claims", "size"): (1, 200),
    ("list_claims", "subtask"): (0, 63),
    ("list_claims", "size"): (1, 200),
    ("get_claim", "subtask"): (0, 63),
    ("get_claim", "slot"): (0, 999),
    ("list_submissions", "subtask"): (0, 63),
    ("list_submissions", "size"): (1, 200),
    ("list_spends", "size"): (1, 200),
    ("claim_store_epoch", "number"): (1, 2**53 - 1),
    ("anchor_store", "version"): (0, 2**53 - 1),
    ("issue_credit", "amount"): (1, 10**12),
    ("deliver_keys", "subtask"): (0, 63),
    ("deliver_shares", "subtask"): (0, 63),
    ("settle_rewards", "subtask"): (0, 63),
    ("get_sealed", "subtask"): (0, 63),
    ("get_sealed", "slot"): (0, 999),
}
WORDS = {
    ("set_level", "reason"): ("misconduct", "error", "newcomer", "request"),
    ("suspend", "reason"): ("misconduct", "compromised", "investigation", "request", "cleared"),
    ("reinstate", "reason"): ("misconduct", "compromised", "investigation", "request", "cleared"),
    ("cancel_task", "reason"): ("mistake", "ethics", "not_needed", "complete"),
    ("open_cohort", "unit"): ("row", "subject"),
    ("get_history", "record_type"): ("BU", "CU", "GR", "LV", "SA", "SU", "TK"),
    ("revoke_grant", "reason"): ("ended", "request", "mistake", "misconduct", "compromised"),
    ("verify_submission", "verdict"): ("accept", "reject"),
    ("verify_submission", "reason"): (
        "ok",
        "schema",
        "range",
        "plausibility",
        "time",
        "duplicate",
        "variance",
        "truth",
    ),
}
PART = {"level": 1, "slots": 1, "reward": 0, "envelope_hash": HASH}
KEY = {"slot": 0, "to": "A/r", "wrapped": "01" + "ab" * 81}
SHARE = {"slot": 0, "to": "A/r", "index": 1, "share": "01" + "ab" * 83, "share_hash": HASH}
JSON: dict[tuple[str, str], Any] = {
    ("open_epoch", "manifest"): {
        "levels": 2,
        "per_level": [1, 1],
        "graph_hash": HASH,
        "params_hash": HASH,
        "assignment_hash": HASH,
        "batches": 1,
        "count": 2,
    },
    ("publish_task", "spec"): {
        "series": "",
        "levels": 2,
        "accept_until": 1,
        "submit_until": 1,
        "verifiers": ["A/v"],
        "institution": "A/i",
        "results_to": "releaser",
        "notice_hash": HASH,
        "subtasks": [PART],
    },
    ("deliver_keys", "items"): [KEY],
    ("deliver_shares", "deal"): {
        "n": 1,
        "threshold": 1,
        "commitment": HASH,
        "blob_hash": HASH,
        "close_early": True,
        "items": [SHARE],
    },
    ("grant_retrieval", "scope"): {
        "datasets": [TASK],
        "devices": {"A/pump": ["start"]},
        "purpose": "treatment",
        "not_before": 1,
        "expires": 2,
    },
}
TIME = (0, 10**13 - 1)
FIELDS = {
    ("open_epoch", "manifest", "levels"): (2, 16),
    ("open_epoch", "manifest", "batches"): (1, 2000),
    ("open_epoch", "manifest", "count"): (0, 1_000_000),
    ("publish_task", "spec", "levels"): (2, 16),
    ("publish_task", "spec", "accept_until"): TIME,
    ("publish_task", "spec", "submit_until"): TIME,
    ("deliver_shares", "deal", "n"): (0, 1000),
    ("deliver_shares", "deal", "threshold"): (1, 1000),
    ("grant_retrieval", "scope", "not_before"): TIME,
    ("grant_retrieval", "scope", "expires"): TIME,
}
LENGTHS = {
    ("open_epoch", "manifest", "per_level", 1): (2, 16),
    ("publish_task", "spec", "verifiers", "A/v"): (0, 5),
    ("publish_task", "spec", "subtasks", json.dumps(PART)): (1, 64),
    ("deliver_shares", "deal", "items", json.dumps(SHARE)): (0, 1000),
    ("grant_retrieval", "scope", "datasets", TASK): (0, 32),
}


def takes(function: str, parameter: str, text: str) -> bool:
    """Whether a parameter accepts a text."""
    try:
        Pmcb.functions[function].rules[parameter].parse(text)
    except ValueError:
        return False
    return True


def at(low: int, high: int) -> list[tuple[int, bool]]:
    """Both ends, and the numbers beyond them."""
    return [(low - 1, False), (low, True), (high, True), (high + 1, False)]


@pytest.mark.parametrize(("name", "ends"), NUMBERS.items())
def test_a_number_goes_from_here_to_there(name: tuple[str, str], ends: tuple[int, int]):
    """Both ends are taken, the numbers beyond them are not."""
    for number, good in at(*ends):
        assert takes(*name, str(number)) is good, number


def test_no_number_is_forgotten():
    """Every parameter that is a number stands in the table."""
    numbers = {
        (function.name, name)
        for function in Pmcb.functions.values()
        for name, rule in function.rules.items()
        if type(rule).__name__ == "Int"
    }
    assert numbers == NUMBERS.keys()


@pytest.mark.parametrize(("name", "words"), WORDS.items())
def test_a_word_is_one_of_these(name: tuple[str, str], words: tuple[str, ...]):
    """All of them are taken, and no other part's."""
    every = {word for some in WORDS.values() for word in some} | {"", "other"}
    assert {word for word in every if takes(*name, word)} == set(words)


@pytest.mark.parametrize(("name", "ends"), FIELDS.items())
def test_a_field_goes_from_here_to_there(name: tuple[str, str, str], ends: tuple[int, int]):
    """The same inside JSON."""
    *place, field = name
    for number, good in at(*ends):
        made = {**JSON[place[0], place[1]], field: number}
        assert takes(place[0], place[1], json.dumps(made)) is good, number


@pytest.mark.parametrize(("name", "ends"), LENGTHS.items())
def test_a_list_is_as_long_as_it_may(name: tuple[str, str, str, object], ends: tuple[int, int]):
    """Both ends, and one more and less."""
    function, parameter, field, item = name
    one = json.loads(item) if isinstance(item, str) and item.startswith("{") else item
    for count, good in at(*ends):
        made = {**JSON[function, parameter], field: [one] * max(0, count)}
        assert takes(function, parameter, json.dumps(made)) is good or count < 0, count


@pytest.mark.parametrize(
    ("field", "ends"), [("level", (1, 16)), ("slots", (1, 1000)), ("reward", (0, 10**12))]
)
def test_a_subtask_stays_within_its_ends(field: str, ends: tuple[int, int]):
    """Level, slots and reward of one subtask."""
    for number, good in at(*ends):
        spec = {**JSON["publish_task", "spec"], "subtasks": [{**PART, field: number}]}
        assert takes("publish_task", "spec", json.dumps(spec)) is good, number


def test_receivers_per_level_are_counted_up_to_a_million():
    """As many as 2,000 batches of 500 can hold."""
    for number, good in at(0, 1_000_000):
        made = {**JSON["open_epoch", "manifest"], "per_level": [1, number]}
        assert takes("open_epoch", "manifest", json.dumps(made)) is good, number


@pytest.mark.parametrize(("place", "ends"), [(2, (1, 16)), (3, (0, 999_999))])
def test_an_entry_stays_within_its_ends(place: int, ends: tuple[int, int]):
    """Level and ordinal of a registry row."""
    for number, good in at(*ends):
        row: list[object] = ["A", "p", 1, 0]
        row[place] = number
        assert takes("register_levels", "entries", json.dumps([row])) is good, number


def test_a_batch_holds_one_to_five_hundred():
    """Entries of one call."""
    for count, good in at(1, 500):
        rows = [["A", "p", 1, 0]] * count
        assert takes("register_levels", "entries", json.dumps(rows)) is good, count


@pytest.mark.parametrize(
    ("function", "parameter", "item", "ends"),
    [("settle_rewards", "slots", 0, (1, 100)), ("deliver_keys", "items", KEY, (1, 200))],
)
def test_a_call_is_about_as_many_slots_as_it_may(
    function: str, parameter: str, item: object, ends: tuple[int, int]
):
    """Both ends, and one more and less."""
    for count, good in at(*ends):
        assert takes(function, parameter, json.dumps([item] * count)) is good, count


@pytest.mark.parametrize(
    ("function", "parameter", "field", "ends"),
    [
        ("deliver_keys", "items", "slot", (0, 999)),
        ("deliver_shares", "deal", "slot", (0, 999)),
        ("deliver_shares", "deal", "index", (1, 1000)),
        ("settle_rewards", "slots", "", (0, 999)),
    ],
)
def test_what_is_handed_out_stays_within_its_ends(
    function: str, parameter: str, field: str, ends: tuple[int, int]
):
    """A slot's number, and a share's place among all."""
    for number, good in at(*ends):
        made: object = [{**KEY, field: number}] if field else [number]
        if parameter == "deal":
            made = {**JSON[function, parameter], "items": [{**SHARE, field: number}]}
        assert takes(function, parameter, json.dumps(made)) is good, number


@pytest.mark.parametrize(("count", "good"), at(0, 32))
def test_a_grant_is_about_as_many_devices_as_it_may(count: int, good: bool):
    """And a device takes 1 to 32 commands."""
    scope = JSON["grant_retrieval", "scope"]
    many = {f"A/d{number}": ["start"] for number in range(count)}
    commands = {"A/pump": [f"c{number}" for number in range(count)]}
    for devices, right in ((many, good or count < 0), (commands, good and count > 0)):
        made = json.dumps({**scope, "devices": devices})
        assert takes("grant_retrieval", "scope", made) is right


@pytest.mark.parametrize("word", ["diagnosis", "treatment", "monitoring", "research", "operation"])
def test_a_purpose_is_one_of_these_words(word: str):
    """Nothing that begins or ends like one, and no free text, which could name a patient."""
    scope = JSON["grant_retrieval", "scope"]
    for purpose in (word, f"{word}s", word[1:], "", f"{word} of Ann"):
        made = json.dumps({**scope, "purpose": purpose})
        assert takes("grant_retrieval", "scope", made) is (purpose == word)


@pytest.mark.parametrize("word", ["institution", "releaser", "", "anybody"])
def test_results_go_to_one_of_two(word: str):
    """The institution, or the releaser."""
    spec = {**JSON["publish_task", "spec"], "results_to": word}
    assert takes("publish_task", "spec", json.dumps(spec)) is (word in {"institution", "releaser"})


@pytest.mark.parametrize(("count", "good"), at(1, 64))
def test_a_governance_file_names_up_to_64_organisations(tmp_path, count: int, good: bool):
    """And as many must approve an epoch at most."""
    orgs = [f"Org{n}" for n in range(count)]
    made = {
        "orgs": orgs,
        "role_msps": dict.fromkeys(("authority", "institution", "verifier"), orgs),
        "epoch_quorum": count,
        "settle_window_s": 604_800,
    }
    path = tmp_path / "governance.json"
    path.write_text(json.dumps(made))
    if good:
        assert Governance.load(path).epoch_quorum == count
    else:
        with pytest.raises(GovernanceError):
            Governance.load(path)
