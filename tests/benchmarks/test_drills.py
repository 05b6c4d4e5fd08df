# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench drills``: what it verifies by, and that planted damage is found."""

import copy
import json
import os
from collections import Counter
from contextlib import aclosing
from typing import Any

import pytest
from click.testing import CliRunner

from pmcb_benchmarks._chains import Chain, verdict
from pmcb_benchmarks._pairs import Pairs
from pmcb_benchmarks._people import people_of
from pmcb_benchmarks._told import Told, Window
from pmcb_benchmarks._victims import Victim, plan
from pmcb_benchmarks.drills_page import drills_rows, outages_table
from pmcb_client.cli import make_root
from pmcb_client.network_file import parse
from pmcb_network.embedded import ORGS, EmbeddedNetwork
from pmcb_network.errors import BinariesMissing
from pmcb_network.fabric._binaries import find

TOLD = {1: "ok", 2: "ok", 3: "none", 4: "doubt", 5: "doubt"}
GOOD = {"acknowledged": 2, "given_up": 1, "doubts": 2, "doubts_done": 1, "untold_done": 1}


def chain(valid=(1, 2, 5, 6), **changes) -> Chain:
    """A peer's blocks: transactions 1, 2, 5 and 6 (of which nobody was told) are valid."""
    found = {"height": 9, "last": "aa", "commit_hash": "bb", "valid": {"pairs": Counter(valid)}}
    return Chain(**{**found, **changes})


def counters(*numbers: int, **changes):
    """A peer's state: these pairs were counted up once."""
    found = {n: (int(n in numbers), int(n in numbers)) for n in range(1, 7)}
    return {**found, **{int(n.removeprefix("n")): pair for n, pair in changes.items()}}


def wrong(**found):
    """What is not as it should be, beside what is told in any case."""
    return {name: number for name, number in found.items() if number and name not in GOOD}


@pytest.mark.parametrize(
    ("chains", "states", "expected"),
    [
        ([chain((1, 5, 6))] * 2, [counters(1, 5, 6)] * 2, {"missing": 1}),
        ([chain((1, 2, 3, 5, 6))] * 2, [counters(1, 2, 3, 5, 6)] * 2, {"done_though_denied": 1}),
        ([chain((1, 2, 2, 5, 6))] * 2, [counters(1, 2, 5, 6, n2=(2, 2))] * 2, {"doubled": 1}),
        (
            [chain((1, 2, 2, 5, 6))] * 2,
            [counters(1, 2, 5, 6)] * 2,
            {"doubled": 1, "not_as_the_blocks": 1},
        ),
        (
            [chain()] * 2,
            [counters(1, 2, 5, 6), counters(1, 2, 5, 6, n6=(1, 0))],
            {"halves": 1, "not_as_the_blocks": 1, "unequal_peers": 1},
        ),
        ([chain(), chain(commit_hash="bc")], [counters(1, 2, 5, 6)] * 2, {"unequal_peers": 1}),
        ([chain(), chain(height=8)], [counters(1, 2, 5, 6)] * 2, {"unequal_peers": 1}),
        ([chain(), chain(last="ab")], [], {"unequal_peers": 1}),
        ([chain(broken=1)] * 2, [counters(1, 2, 5, 6)] * 2, {"broken_blocks": 2}),
    ],
)  # fmt: skip
def test_planted_damage_is_found(chains, states, expected):
    """Lost, done though denied, doubled, half, unequal or broken: each is counted."""
    assert wrong(**verdict(TOLD, chains, states)) == expected


def test_a_ledger_that_is_whole_is_told_as_such():
    """Acknowledged, given up, in doubt, and what nobody was told of."""
    found = verdict(TOLD, [chain()] * 2, [counters(1, 2, 5, 6)] * 2)
    assert {name: number for name, number in found.items() if number} == GOOD


def test_a_failure_is_counted_and_doubts_may_go_either_way():
    """Only the outcome decides; a doubt that was done is told as such."""
    found = verdict({1: "failed", 2: "doubt"}, [chain((2,))], [])
    assert (found["failed"], found["doubts_done"], found["done_though_denied"]) == (1, 1, 0)


def test_an_outage_is_told_by_what_was_begun_in_it():
    """The first success is of a transaction begun after the kill; the slowest was under way."""
    told = [
        Told.parse(line)
        for line in (
            "ok 1 9.000 9.900",  # over before the kill
            "ok 2 9.900 14.000",  # under way at the kill: the slowest
            "none 3 10.100 12.000",
            "ok 4 11.000 13.500",  # the first that was begun after it
            "failed 5 12.000 12.500 CommitError: it was marked invalid",
            "ok 6 21.000 21.100",  # begun when all was over
        )
    ]
    assert Window(10.0, 20.0).seen_by(told) == {
        "outcomes": {"failed": 1, "none": 1, "ok": 1},
        "first_success_s": 3.5,
        "slowest_s": 4.1,
    }
    assert Window(30.0, 31.0).seen_by(told)["first_success_s"] is None


async def test_blocks_are_read_as_they_stand(tmp_path):
    """Valid transactions by number, codes; another byte or a missing block breaks the chain."""
    async with (
        EmbeddedNetwork(tmp_path, contract=Pairs()) as network,
        people_of(parse(network.network_file), network.registrars) as people,
    ):
        (client,) = await people.enrol(ORGS[0], ["load"], "releaser")
        gateway = people.gateway(client)
        contract = gateway.network("pmcb").contract("pairs")
        for number in (3, 4):
            await contract.submit("add_pair", str(2 * number), str(2 * number + 1))
        stream = gateway.network("pmcb").block_events("full", start_block=0)
        async with aclosing(stream) as events:
            blocks = [(await anext(events)).message for _ in range(network.height)]

    def read(messages):
        found = Chain()
        for message in messages:
            found.add(message)
        return found

    found = read(blocks)
    assert (found.height, found.broken) == (len(blocks), 0)
    assert found.valid == {"pairs": Counter({3: 1, 4: 1})}
    assert len(found.commit_hash) > 64
    assert read([*blocks[:1], *blocks[2:]]).broken > 0
    damaged = copy.deepcopy(blocks)
    damaged[-1].data.data[0] += b"\0"
    assert read(damaged).broken == 1


def test_every_kind_of_victim_has_its_turn_on_its_network():
    """A hundred rounds: twelve or thirteen of each; the seed gives the order."""
    chosen = plan(100, seed=1)
    counts = Counter(chosen["paper"] + chosen["bft"])
    assert set(counts) == set(Victim)
    assert set(counts.values()) == {12, 13}
    assert {victim.preset for victim in chosen["bft"]} == {"bft"}
    assert plan(100, seed=1) == chosen != plan(100, seed=2)
    assert list(plan(6, seed=1)) == ["paper"]


ROUND = {"victim": "server", "up_s": 2.0, "outcomes": {"ok": 9, "none": 1}, "carried_on": True,
         "first_success_s": 0.5, "slowest_s": 1.0, "next_proposal": "ok"}  # fmt: skip
LOST = {"victim": "ca", "up_s": 3.0, "outcomes": {"ok": 5}, "carried_on": False,
        "first_success_s": None, "slowest_s": None, "enrolment_meanwhile": "CaUnavailable",
        "enrolment_afterwards": "ok"}  # fmt: skip
QUIET = {"minutes": 10.0, "transactions": 100, "failed": 0, "slowest_s": 1.25, "connections": 40,
         "closed": 0, "opened": 1, "states": [], "told_to_be_calm": 0}  # fmt: skip
LEDGER = {
    **dict.fromkeys(("missing", "doubled", "halves", "done_though_denied", "failed"), 0),
    **dict.fromkeys(("not_as_the_blocks", "broken_blocks", "unequal_peers"), 0),
    "acknowledged": 14_000, "given_up": 1, "doubts": 2, "height": 300, "peers": ["a", "b"],
}  # fmt: skip
UPGRADE = {"rate": 50.0, "took_s": 8.0, "sequences": [1, 2], "outcomes": {"ok": 500},
           "meanwhile": {"slowest_s": 1.0}}  # fmt: skip
PAPER: dict[str, Any] = {
    "rounds": [ROUND, LOST], "upgrade": UPGRADE, "quiet": QUIET,
    "ledger": {**LEDGER, "upgraded": LEDGER}, "asked": 2, "stuck": "",
}  # fmt: skip
FOUND: dict[str, Any] = {"rate": 100.0, "networks": {"paper": PAPER}}


def test_targets_that_are_met_are_shown_as_met():
    """With how many, and what was found."""
    rows = drills_rows(FOUND)
    assert [met for *_, met in rows] == [True] * 5
    assert rows[0][0] == "2 times kill -9 under 100/s, `paper`"
    assert "0 of 14,000 missing" in rows[0][2]


@pytest.mark.parametrize(
    ("place", "value", "row"),
    [
        *(
            ("ledger", {**PAPER["ledger"], name: 1}, 0)
            for name, number in LEDGER.items()
            if number == 0
        ),
        ("stuck", "leader", 0),
        ("rounds", [{**ROUND, "next_proposal": "UNAVAILABLE: gone"}, LOST], 1),
        ("rounds", [ROUND, {**LOST, "enrolment_meanwhile": "ok"}], 2),
        ("ledger", {**PAPER["ledger"], "upgraded": {**LEDGER, "missing": 1}}, 3),
        ("upgrade", {**UPGRADE, "outcomes": {"ok": 499, "none": 1}}, 3),
        ("upgrade", {**UPGRADE, "sequences": [1, 1]}, 3),
        ("quiet", {**QUIET, "failed": 1}, 4),
        ("quiet", {**QUIET, "closed": 1}, 4),
        ("quiet", {**QUIET, "states": ["IDLE"]}, 4),
        ("quiet", {**QUIET, "told_to_be_calm": 1}, 4),
    ],
)
def test_one_missed_target_is_one_no(place, value, row):
    """The row that it belongs to, and no other."""
    found = {**FOUND, "networks": {"paper": {**PAPER, place: value}}}
    met = [each[3] for each in drills_rows(found)]
    assert [number for number, each in enumerate(met) if not each] == [row]


def test_outages_are_told_kind_by_kind(tmp_path):
    """Also where nothing succeeded."""
    path = tmp_path / "drills.json"
    path.write_text(json.dumps(FOUND))
    _, _, server, ca = outages_table(path).splitlines()
    assert server == (
        "| a chaincode server | 1 | 1 of 1 | 0.5 s, 0.5 s | 2.0 s | 9, 1, 0, 0 | 1.0 s |"
    )
    assert ca == "| a CA | 1 | 0 of 1 | - | 3.0 s | 5, 0, 0, 0 | - |"


@pytest.mark.parametrize(
    "option", [("--rounds", "0"), ("--rate", "0"), ("--rate", "nan"), ("--quiet-minutes", "61")]
)
def test_a_number_out_of_range_is_bad_input(option):
    """Nothing is started for it."""
    answer = CliRunner().invoke(make_root(), ["bench", "drills", *option])
    assert answer.exit_code == 2, answer.output
    assert option[0] in answer.stderr


@pytest.mark.fabric
@pytest.mark.timeout(300)
def test_a_short_drill_on_fabric_loses_nothing(tmp_path):
    """Own and other peer, leading orderer, chaincode server, CA and client, once each."""
    try:
        find(os.environ)
    except BinariesMissing as error:
        pytest.skip(f"{error}; {error.next_step}")
    out = tmp_path / "drills.json"
    command = ["bench", "drills", "--rounds", "6", "--rate", "20", "--no-upgrade"]
    command += ["--quiet-minutes", "0.1"]
    answer = CliRunner().invoke(make_root(), [*command, "--out", str(out)], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    found = json.loads(out.read_text())
    (network,) = found["networks"].values()
    assert {one["victim"] for one in network["rounds"]} == {
        victim.name.lower() for victim in Victim if victim.preset == "paper"
    }
    assert network["ledger"]["acknowledged"] > 100
    assert [what for what, _, _, met in drills_rows(found) if not met] == []
