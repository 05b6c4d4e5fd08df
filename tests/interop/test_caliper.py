# SPDX-License-Identifier: Apache-2.0
"""Caliper as a referee: it finds the network by what we write for it, and we read its report."""

import asyncio
import json
from pathlib import Path

import psutil
import pytest
from tests.interop.conftest import packages
from tests.network.conftest import person

from pmcb_benchmarks import _caliper
from pmcb_benchmarks._caliper import FOLDER, CaliperFailed, Report, caliper_round, parse_report
from pmcb_benchmarks._people import Enrolled
from pmcb_benchmarks._yardstick import Yardstick
from pmcb_client.gateway import Identity, connect_network
from pmcb_client.network_file import parse
from pmcb_network.embedded import EmbeddedNetwork

pytestmark = [pytest.mark.interop, pytest.mark.anyio]

COLUMNS = [
    "Name", "Succ", "Fail", "Send Rate (TPS)", "Max Latency (s)", "Min Latency (s)",
    "Avg Latency (s)", "Throughput (TPS)",
]  # fmt: skip


def page(*cells: str) -> str:
    head = "".join(f" <th>{each}</th>" for each in COLUMNS)
    row = "".join(f" <td>{each}</td>" for each in cells)
    return f'<tr><td>menu</td></tr><div id="benchmarksummary"><tr>{head}</tr><tr>{row}</tr></div>'


@pytest.mark.parametrize(
    "text", ["", page(), page("mark", "0", "7", "9.0", "-", "-", "-", "8.0"), "<td>Succ</td>"]
)
def test_a_report_without_success_is_no_result(text: str):
    """An empty one, one of another form, one in which everything failed."""
    with pytest.raises(CaliperFailed):
        parse_report(text)


def test_a_summary_is_read_by_its_columns():
    """Counts, rates and the mean latency."""
    text = page("mark", "38", "2", "20.1", "0.90", "0.01", "0.25", "19.5")
    assert parse_report(text) == Report(38, 2, 20.1, 19.5, 0.25)


def left_by(workspace: Path) -> list[psutil.Process]:
    """Manager and worker are both told the workspace; a killed one may take a moment to go."""
    told = [
        each
        for each in psutil.process_iter(["cmdline"])
        if str(workspace) in (each.info["cmdline"] or [])
    ]
    return psutil.wait_procs(told, timeout=30)[1]


@pytest.fixture
async def network(tmp_path: Path):
    packages(FOLDER)
    async with EmbeddedNetwork(tmp_path / "network", contract=Yardstick()) as made:
        yield made


@pytest.fixture
def alice(network: EmbeddedNetwork) -> Enrolled:
    made = person(network, "alice")
    return Enrolled(Identity(made.msp_id, made.certificate), made.key)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "caliper"
    folder.mkdir()
    return folder


async def test_a_network_that_refuses_is_told_and_no_process_is_left(
    network, alice, workspace, monkeypatch
):
    """A chaincode that is not there: nothing succeeds; out of time: both processes are ended."""
    file = parse(network.network_file)
    where = (workspace, file, "absent", alice)
    with pytest.raises(CaliperFailed, match="no transaction that succeeded"):
        await asyncio.to_thread(caliper_round, *where, run="r", rate=5, seconds=1)
    assert (workspace / "network.json").stat().st_mode & 0o777 == 0o600
    for name in ("_START_S", "_ANSWER_S"):
        monkeypatch.setattr(_caliper, name, 0.0)
    (workspace / "report.html").unlink()
    with pytest.raises(CaliperFailed, match="did not end within 1 s"):
        await asyncio.to_thread(caliper_round, *where, run="r", rate=5, seconds=1)
    assert left_by(workspace) == []


async def test_what_caliper_reports_stands_on_the_ledger(network, alice, workspace):
    """As many marks as it counts, once each, no faster than asked: its own rate is twice that."""
    file = parse(network.network_file)
    found = await asyncio.to_thread(
        caliper_round, workspace, file, "yardstick", alice, run="r1", rate=5, seconds=2
    )
    assert found.failed == 0
    assert 0 < found.succeeded <= 12
    assert found.send_rate > 0
    assert found.throughput > 0
    async with connect_network(file, alice) as gateway:
        contract = gateway.network("pmcb").contract("yardstick")
        marks = [
            json.loads(await contract.evaluate("get_marks", f"r1.0.{number}"))["marks"]
            for number in range(found.succeeded + 1)
        ]
    assert marks == [1] * found.succeeded + [0]
    assert left_by(workspace) == []
