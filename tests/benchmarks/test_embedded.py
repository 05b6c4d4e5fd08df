# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench embedded``, and that it cannot pass without having tested anything."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pmcb_benchmarks import _kills
from pmcb_benchmarks._network import network_process
from pmcb_benchmarks._pairs import Pairs
from pmcb_benchmarks._people import people_of
from pmcb_benchmarks._told import judged
from pmcb_benchmarks.page import embedded_rows
from pmcb_client.cli import make_root
from pmcb_client.errors import LedgerError
from pmcb_network.embedded import ORGS, EmbeddedNetwork


@pytest.mark.parametrize("bench", ["bridge", "drills", "embedded", "ledger", "levels"])
def test_a_place_that_cannot_be_written_is_refused_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bench: str
):
    """A folder that is missing, one that is no folder, one that may not be written."""
    (tmp_path / "file").write_text("")
    run = CliRunner().invoke
    for out in ("missing/x.json", "file/x.json", "."):
        answer = run(make_root(), ["bench", bench, "--out", str(tmp_path / out)])
        assert answer.exit_code == 2, answer.output
    monkeypatch.setattr(f"{_kills.__package__}._output.os.access", lambda _, __: False)
    answer = run(make_root(), ["bench", bench, "--out", str(tmp_path / "x.json")])
    assert answer.exit_code == 2, answer.output
    assert "cannot be written" in answer.stderr


@pytest.mark.parametrize(
    "option", [("--seconds", "0"), ("--seconds", "-1"), ("--seconds", "nan"), ("--kills", "0"),
               ("--kills", "1000"), ("--tasks", "99")]
)  # fmt: skip
def test_a_number_out_of_range_is_bad_input(option: tuple[str, str]):
    """Nothing is started for it."""
    answer = CliRunner().invoke(make_root(), ["bench", "embedded", *option])
    assert answer.exit_code == 2, answer.output
    assert option[0] in answer.stderr


def test_what_the_client_was_told_is_held_against_what_stands():
    """A lost write, a double one, a half one, one that was denied: each is counted."""
    told = {1: "ok", 2: "ok", 3: "ok", 4: "none", 5: "doubt", 6: "failed", 7: "ok"}
    stands = {1: (1, 1), 2: (0, 0), 3: (1, 0), 4: (1, 1), 5: (2, 2), 6: (0, 0), 7: (1, 1)}
    assert judged(told, stands) == {
        "acknowledged": 4,
        "missing": 2,
        "doubled": 1,
        "halves": 1,
        "done_though_denied": 1,
        "given_up": 1,
        "doubts": 1,
        "failed": 1,
    }


async def test_a_drill_in_which_nothing_succeeds_fails(tmp_path: Path, monkeypatch):
    """The wrong contract behind the network refuses every call: no kill is counted as survived."""
    async with _kills.started(tmp_path) as drill:
        await drill.acknowledged_again()
        monkeypatch.setattr(_kills, "_AGAIN_WITHIN_S", 3.0)
        monkeypatch.setattr(_kills, "_LOAD", "pmcb_benchmarks")
        await drill.kill("client")
        with pytest.raises(TimeoutError):
            await drill.acknowledged_again()


@pytest.mark.parametrize("victim", _kills.VICTIMS)
async def test_every_victim_is_replaced_and_the_load_goes_on(tmp_path: Path, victim: str):
    """Each of them once; what was acknowledged before and after stands, once."""
    async with _kills.started(tmp_path) as drill:
        await drill.acknowledged_again()
        await drill.kill(victim)
        await drill.acknowledged_again()
    effects, broken, _ = await _kills._effects(tmp_path, drill.tried)
    found = judged(drill.outcomes, effects)
    assert found["acknowledged"] > 0
    assert not any(
        found[name] for name in found if name not in {"acknowledged", "given_up", "doubts"}
    )
    assert not broken


async def test_damage_is_found(tmp_path: Path):
    """A counter that was raised behind the network's back, and a chain that was cut."""
    async with _kills.started(tmp_path) as drill:
        await drill.acknowledged_again()
    number = min(number for number, word in drill.outcomes.items() if word == "ok")
    async with EmbeddedNetwork(tmp_path / "network", contract=Pairs()) as network:
        await network.seed({f"k{2 * number}": b"2"})
    effects, _, _ = await _kills._effects(tmp_path, drill.tried)
    found = judged(drill.outcomes, effects)
    assert (found["doubled"], found["halves"]) == (1, 1)


async def test_the_network_process_tells_its_height(tmp_path: Path):
    """A block more for a write, none for a refusal: what 'nothing written' is measured by."""
    with network_process(tmp_path, "pairs") as network:
        async with people_of(network.file, network.registrars) as people:
            (client,) = await people.enrol(ORGS[0], ["load"], "releaser")
            contract = people.contract(client)
            before = network.height()
            await contract.submit("add_pair", "1", "2")
            assert network.height() == before + 1
            with pytest.raises(LedgerError):
                await contract.submit("add_pair", "1", "many")
            assert network.height() == before + 1


@pytest.mark.stress
def test_the_smallest_run_gives_every_figure(tmp_path: Path):
    """Crowds and matrices as in a full run; load, size and kills are small."""
    out = tmp_path / "embedded.json"
    sizes = ["--seconds", "1", "--tasks", "100", "--kills", "2"]
    command = ["bench", "embedded", *sizes, "--out", str(out)]
    answer = CliRunner().invoke(
        make_root(), ["--home", str(tmp_path / "home"), *command], catch_exceptions=False
    )
    assert answer.exit_code == 0, answer.output
    found = json.loads(out.read_text())
    assert [one["blocks_written_off_diagonal"] for one in found["accepts"]["matrix"]] == [0, 0, 0]
    assert found["kills"]["acknowledged"] > 0
    failed = [what for what, _, _, met in embedded_rows(found) if not met]
    timed = ("submit", "evaluate", "client", "the same")  # and a page: not judged here
    assert not [what for what in failed if not (what.startswith(timed) or "listing's page" in what)]
