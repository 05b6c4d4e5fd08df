# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench ledger``, and that it cannot pass without having tested anything."""

import asyncio
import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from pmcb_benchmarks import _kills
from pmcb_benchmarks._network import network_process
from pmcb_benchmarks._pairs import Pairs
from pmcb_benchmarks._people import people_of
from pmcb_benchmarks.page import ledger_rows
from pmcb_client.cli import make_root
from pmcb_client.errors import LedgerError, LedgerUnavailable, OutcomeUnknown
from pmcb_client.network_file import parse
from pmcb_network.embedded import ORGS, EmbeddedNetwork


@pytest.mark.parametrize("bench", ["ledger", "levels"])
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
               ("--kills", "100")]
)  # fmt: skip
def test_a_number_out_of_range_is_bad_input(option: tuple[str, str]):
    """Nothing is started for it."""
    answer = CliRunner().invoke(make_root(), ["bench", "ledger", *option])
    assert answer.exit_code == 2, answer.output
    assert option[0] in answer.stderr


async def test_an_error_under_load_is_not_taken_for_the_kill(tmp_path: Path):
    """The wrong contract refuses every write: the turn fails instead of finding nothing missing."""
    with network_process(tmp_path, "pmcb") as network:
        with pytest.raises(LedgerError) as caught:
            await _kills._load_until_killed(network, 0, random.Random(1))
        assert not isinstance(caught.value, LedgerUnavailable | OutcomeUnknown)


def test_a_turn_without_an_acknowledged_write_fails():
    """However well it ended."""
    ends = [asyncio.CancelledError(), LedgerUnavailable("gone"), OutcomeUnknown("7")]
    with pytest.raises(RuntimeError, match="no write was acknowledged"):
        _kills._check(ends, {})
    _kills._check(ends, {1: 0})
    with pytest.raises(ValueError, match="odd"):
        _kills._check([*ends, ValueError("odd")], {1: 0})


async def test_both_keys_of_a_pair_are_read_back(tmp_path: Path):
    """A write of which half is there counts as missing."""
    async with EmbeddedNetwork(tmp_path, contract=Pairs()) as network:
        async with people_of(parse(network.network_file), network.registrars) as people:
            (client,) = await people.enrol(ORGS[0], ["load"], "releaser")
            contract = people.contract(client)
            await contract.submit("put_pair", "4", "5", "1")
            await contract.submit("put_pair", "6", "6", "1")
        assert await _kills._missing(network, {4: 1}) == 0
        assert await _kills._missing(network, {4: 1, 6: 1, 8: 1}) == 2


async def test_the_network_process_tells_its_height(tmp_path: Path):
    """A block more for a write, none for a refusal: what 'nothing written' is measured by."""
    with network_process(tmp_path, "pairs") as network:
        async with people_of(network.file, network.registrars) as people:
            (client,) = await people.enrol(ORGS[0], ["load"], "releaser")
            contract = people.contract(client)
            before = network.height()
            await contract.submit("put_pair", "1", "2", "3")
            assert network.height() == before + 1
            with pytest.raises(LedgerError):
                await contract.submit("put_pair", "1", "2", "many")
            assert network.height() == before + 1


def test_the_smallest_run_gives_every_figure(tmp_path: Path):
    """Crowds, matrices and one kill as in a full run; only the load is short."""
    out = tmp_path / "ledger.json"
    command = ["bench", "ledger", "--seconds", "1", "--kills", "1", "--out", str(out)]
    answer = CliRunner().invoke(
        make_root(), ["--home", str(tmp_path / "home"), *command], catch_exceptions=False
    )
    assert answer.exit_code == 0, answer.output
    found = json.loads(out.read_text())
    assert [one["blocks_written_off_diagonal"] for one in found["accepts"]["matrix"]] == [0, 0, 0]
    assert found["kills"]["acknowledged"] > 0
    failed = [what for what, _, _, met in ledger_rows(found) if not met]
    assert not [what for what in failed if not what.startswith(("submit", "evaluate"))]
