# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench shim`` and ``caliper``: what they need, how they measure; both whole on Fabric."""

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from pmcb_benchmarks import _alternating, _marking, _node, _watch
from pmcb_benchmarks._marking import marking_round
from pmcb_benchmarks._network import network_process
from pmcb_benchmarks._offered import Load
from pmcb_benchmarks._people import people_of
from pmcb_benchmarks._watch import Watch
from pmcb_client.cli import make_root
from pmcb_network.errors import BinariesMissing
from pmcb_network.fabric._binaries import find


@pytest.mark.parametrize("bench", ["shim", "caliper"])
@pytest.mark.parametrize(
    "option",
    [("--pairs", "0"), ("--pairs", "x"), ("--rate", "0"), ("--rate", "nan"), ("--seconds", "0"),
     ("--seconds", "601"), ("--out", "missing/x.json")],
)  # fmt: skip
def test_a_number_out_of_range_is_bad_input(bench: str, option: tuple[str, str]):
    """Nothing is started for it."""
    answer = CliRunner().invoke(make_root(), ["bench", bench, *option])
    assert answer.exit_code == 2, answer.output
    assert option[0] in answer.stderr


@pytest.fixture
def fake_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH; packages go to a cache of the test's own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("bench", ["shim", "caliper"])
def test_where_node_is_missing_the_command_says_so(fake_path: Path, bench: str):
    """Unavailable, with what to install; npm without Node and Node without npm are as bad."""
    for name in ("node", "npm"):
        answer = CliRunner().invoke(make_root(), ["bench", bench])
        assert (answer.exit_code, answer.stdout) == (3, "")
        assert f"{name} is not installed" in answer.stderr
        assert "install Node.js" in answer.stderr
        script(fake_path / name, "exit 0")


def test_packages_that_npm_cannot_install_are_told_and_leave_nothing(
    fake_path: Path, tmp_path: Path
):
    """Its last word is in the message; the next try begins anew."""
    script(fake_path / "node", "exit 0")
    script(fake_path / "npm", "echo first >&2; echo no such host >&2; exit 1")
    folder = _node.HERE / "yardstick"
    with pytest.raises(_node.NodeUnavailable, match="no such host"):
        _node.modules(folder)
    cache = tmp_path / "cache" / "pmcb" / "node"
    assert [path.name for path in cache.iterdir()] == ["lock"]
    script(fake_path / "npm", f"{shutil.which('mkdir', path='/bin:/usr/bin')} node_modules")
    made = _node.modules(folder)
    assert made.is_dir()
    script(fake_path / "npm", "exit 1")
    assert _node.modules(folder) == made  # installed once


def test_what_others_use_is_all_that_is_used_but_ours(monkeypatch: pytest.MonkeyPatch):
    """Four seconds on two cores: 6 s busy, of which 1.5 s watched and 0.5 s told: half of all."""
    moments = iter([0.0, 4.0])
    busy = iter([100.0, 106.0])
    used = iter([10.0, 11.5])
    monkeypatch.setattr("pmcb_benchmarks._watch.time.perf_counter", lambda: next(moments))
    monkeypatch.setattr("pmcb_benchmarks._watch.os.cpu_count", lambda: 2)
    monkeypatch.setattr(_watch, "_busy_s", lambda: next(busy))
    monkeypatch.setattr(_watch, "_cpu_s", lambda _: next(used))
    seen = Watch({}).seen(more=0.5)
    assert seen.cpu_s == {"client": 1.5, "more": 0.5}
    assert seen.other_load == pytest.approx(0.5)


def test_our_own_work_is_not_others_work():
    """What this process does is counted, as the clock of the process has it."""
    watch = Watch({})
    began = os.times()
    while os.times().user + os.times().system - began.user - began.system < 0.2:
        pass
    assert watch.seen().cpu_s["client"] >= 0.15


async def test_a_round_without_a_commit_is_no_round(tmp_path: Path, monkeypatch):
    """A contract that is not there: the measurement ends instead of dividing by nothing."""
    monkeypatch.setattr(_marking, "_WARM_UP", Load(0, 1, 0))
    with network_process(tmp_path, "yardstick") as network:
        async with people_of(network.file, network.registrars) as people:
            (who,) = await people.enrol(network.file.orgs[0].msp, ["marker"], "releaser")
        with pytest.raises(RuntimeError, match="no transaction of absent"):
            await marking_round(network, "ours", "absent", who, rate=20, seconds=1)
        found = await marking_round(network, "ours", "yardstick", who, rate=20, seconds=1)
    assert (found.figures["offered"], found.figures["committed"]) == (20, 20)
    assert 0 < found.figures["achieved"] <= 22
    assert found.figures["mean_ms"] > 0
    assert found.figures["chaincode_ms"] == 0  # here the network runs the contract


@pytest.mark.fabric
@pytest.mark.interop
@pytest.mark.timeout(300)
@pytest.mark.parametrize("bench", ["shim", "caliper"])
def test_a_pair_is_measured_on_fabric_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bench: str
):
    """Both sides commit all that is offered; the ratios are there."""
    try:
        find(os.environ)
    except BinariesMissing as error:
        pytest.skip(f"{error}; {error.next_step}")
    if shutil.which("npm") is None:
        pytest.skip("Node with npm is not installed")
    monkeypatch.setattr(_alternating, "QUIET", 1.0)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    out = tmp_path / "found.json"
    words = ["--pairs", "1", "--rate", "20", "--seconds", "2", "--out", str(out)]
    answer = CliRunner().invoke(make_root(), ["bench", bench, *words], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    found = json.loads(out.read_text())
    (pair,) = found["pairs"]
    assert all(each["committed"] == each["offered"] > 0 for each in pair)
    assert pair[0]["offered"] == 40  # by us; Caliper ends by the clock
    assert all(0 <= each["other_load"] <= 1 for each in pair)
    assert found["ratios"]["achieved"] > 0
    assert found["network"]["endorsement"] == "MAJORITY"
    if bench == "shim":
        assert [each["kind"] for each in pair] == ["yardstick-py", "yardstick-node"]
        assert all(each["chaincode_ms"] > 0 for each in pair)
    assert list(tmp_path.iterdir()) == [out]
