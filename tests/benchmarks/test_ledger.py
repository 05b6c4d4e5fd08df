# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench ledger``: its loads and its look at the blocks; then all of it on Fabric."""

import json
import os
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from pmcb_benchmarks._network import network_process
from pmcb_benchmarks._offered import Offered
from pmcb_benchmarks._open_loop import open_loop, summary
from pmcb_benchmarks._people import people_of
from pmcb_benchmarks._stand import shaped
from pmcb_benchmarks._valid import Ledger
from pmcb_client.cli import make_root
from pmcb_network.errors import BinariesMissing
from pmcb_network.fabric._binaries import find


async def test_every_accept_stands_once_and_a_lost_or_second_one_is_found(tmp_path: Path):
    """What was acknowledged is in the blocks; an id that no block holds is counted as missing."""
    with network_process(tmp_path, "pmcb") as network:
        async with people_of(network.file, network.registrars) as people:
            offered = Offered(network.file, people, "status", 12)
            ledger = await Ledger.of(network.file, people)
            try:
                call = await offered.calls(3, 12)
                first = network.height()
                samples = await open_loop(call, rate=0, count=12)
                again = await open_loop(call, rate=0, count=2)
                afresh = await open_loop(await offered.calls(4, 8), rate=100, count=8)
            finally:
                await offered.close()
            height = network.height()
            ids = [each.steps.transaction_id for each in samples if each.steps]
            held = await ledger.holds(ids, first, height)
            lost = await ledger.holds([*ids, "f" * 64], first, height)
            nothing = await ledger.holds([], height, height)
    assert summary(samples)["outcomes"] == {"ok": 12}
    assert summary(again)["outcomes"] == {"ok": 2}  # the stored claim is the answer
    assert summary(afresh)["outcomes"] == {"ok": 8}
    assert held == {"acknowledged": 12, "missing": 0, "doubled": 0}
    assert lost == {"acknowledged": 13, "missing": 1, "doubled": 0}
    assert nothing == {"acknowledged": 0, "missing": 0, "doubled": 0}


def test_a_preset_is_shaped_by_what_is_given_only():
    """Policy and block cutting; all else stays."""
    own = tomllib.loads(shaped("paper", endorsement=None, block_timeout=None, block_messages=None))
    other = tomllib.loads(shaped("paper", endorsement="OR", block_timeout="2s", block_messages=50))
    assert (other["endorsement"], other["blocks"]["timeout"]) == ("OR", "2s")
    assert other["blocks"]["messages"] == 50
    assert other["organisations"] == own["organisations"]
    assert own["endorsement"] == "MAJORITY"


@pytest.mark.parametrize(
    "options",
    [("--rate", "-1"), ("--count", "0"), ("--levels", "1"), ("--levels", "17"),
     ("--commit", "blocks", "--contract", "accept"), ("--block-messages", "0")],
)  # fmt: skip
def test_a_number_out_of_range_is_bad_input(options: tuple[str, ...]):
    """Nothing is started for it."""
    answer = CliRunner().invoke(make_root(), ["bench", "ledger", *options])
    assert answer.exit_code == 2, answer.output
    assert options[0] in answer.stderr


@pytest.mark.fabric
@pytest.mark.timeout(240)
def test_a_small_load_on_fabric_gives_every_figure(tmp_path: Path):
    """Two rates, three levels, and a picture; nothing acknowledged is missing."""
    try:
        find(os.environ)
    except BinariesMissing as error:
        pytest.skip(f"{error}; {error.next_step}")
    out, figure = tmp_path / "ledger.json", tmp_path / "ledger.png"
    words = ["--rate", "20", "--rate", "0", "--count", "30", "--out", str(out)]
    answer = CliRunner().invoke(
        make_root(),
        ["--home", str(tmp_path / "home"), "bench", "ledger", *words, "--figure", str(figure)],
        catch_exceptions=False,
    )
    assert answer.exit_code == 0, answer.output
    found = json.loads(out.read_text())
    assert [run["asked"] for run in found["runs"]] == [20.0, 0.0]
    for run in found["runs"]:
        assert run["outcomes"] == {"ok": 30}
        assert run["ledger"] == {"acknowledged": 30, "missing": 0, "doubled": 0}
        assert set(run["cpu_ms_each"]) == {"ca", "client", "orderer", "peer", "server"}
    assert figure.read_bytes().startswith(b"\x89PNG")
