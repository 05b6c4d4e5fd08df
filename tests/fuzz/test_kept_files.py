# SPDX-License-Identifier: Apache-2.0
"""Files that our own processes keep and read again, after somebody or a crash changed them."""

import json
import os
from dataclasses import asdict

import pytest
from hypothesis import example, given
from tests.fuzz.checks import MARKER, attempt, examples
from tests.fuzz.damage import documents, scarred

from pmcb_chaincode._refusal_chain import START, next_line, read_line
from pmcb_client.tasks import TaskRecord, records
from pmcb_network._process import Record, running
from pmcb_network.embedded._ports import choose, names_of
from pmcb_network.errors import NetworkError

OWN = Record.of_this_process()
PORTS = {name: 20_100 + place for place, name in enumerate(names_of(("A", "B")))}
SPEC = {"levels": 3, "subtasks": [], "accept_until": 1, "submit_until": 2}
TASK = TaskRecord("0" * 32, "HospitalAMSP/rel1", MARKER, "a" * 64, SPEC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


@examples(60)
@given(documents(asdict(OWN)))
@example(b"[" * 100_000)
def test_a_damaged_record_of_a_process_names_this_one_or_none(folder, raw):
    """No record makes another process pass for the network's."""
    path = folder / "run.json"
    path.write_bytes(raw)
    found = running(path)
    assert found is None or found.pid == os.getpid()


@examples(60)
@given(documents(PORTS))
@example(b"[" * 100_000)
@example(json.dumps(PORTS | {"ca.A": 70_000}).encode())
@example(json.dumps(PORTS | {"ca.A": -1}).encode())
def test_damaged_ports_are_chosen_anew_or_refused(folder, raw):
    """Ports that can be listened on, or an error of the tree that names one."""
    (folder / "ports.json").write_bytes(raw)
    found, _ = attempt(NetworkError, choose, folder, list(PORTS), None)
    if found is not None:
        assert all(0 < port < 2**16 for port in found[0].values())


@examples(60)
@given(documents({"version": 1, **asdict(TASK)}))
@example(b"[" * 100_000)
def test_a_damaged_record_of_a_task_is_passed_over(folder, raw):
    """The other tasks are still listed."""
    for name, content in (("a", raw), ("b", json.dumps({"version": 1, **asdict(TASK)}).encode())):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "task.json").write_bytes(content)
    found = list(records(folder))
    assert TASK in found
    shown = [f"{len(each.title)} {len(each.spec['subtasks'])}" for each in found]
    assert len(shown) <= 2


REFUSAL: dict[str, str | int] = {
    "time": 1,
    "tx": "ab",
    "channel": "c",
    "function": "f",
    "code": "C",
    "uid": "a/b",
}
LINE, _ = next_line(START, REFUSAL)


@examples(100)
@given(scarred(LINE) | documents(json.loads(LINE)).map(lambda raw: raw + b"\n"))
@example(b"[" * 100_000)
def test_a_changed_line_of_the_refusal_log_is_no_line_or_not_whole(raw):
    """Nothing but the line that was written passes for it."""
    found = read_line(raw)
    if found is not None and found.is_whole:
        assert raw == LINE or found.fields["hash"] != json.loads(LINE)["hash"]
