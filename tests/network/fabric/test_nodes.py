# SPDX-License-Identifier: Apache-2.0
"""Nodes as processes: left alone while they run as wanted, replaced when not, ended by record."""

import sys

import pytest
from tests.network.shell import ended

from pmcb_network.errors import NodeFailed
from pmcb_network.fabric import _nodes
from pmcb_network.fabric._layout import NodeFolder
from pmcb_network.fabric._nodes import Command

WAITS = (sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()")


@pytest.fixture
def folder(tmp_path):
    """Of a node; what runs in it is ended."""
    made = NodeFolder(tmp_path / "node")
    yield made
    _nodes.stop(made)


def test_what_runs_as_wanted_is_left_alone(folder):
    """The same command twice is one process."""
    command = Command(WAITS, {"SETTING": "1"})
    first = _nodes.start(folder, command)
    assert _nodes.start(folder, command).pid == first.pid
    assert _nodes.running(folder) is not None


@pytest.mark.parametrize(
    "other", [Command(WAITS, {"SETTING": "2"}), Command((*WAITS, "more"), {"SETTING": "1"})]
)
def test_what_runs_in_another_way_is_replaced(folder, other: Command):
    """Another variable or another word: a chaincode server of another package, for instance."""
    first = _nodes.start(folder, Command(WAITS, {"SETTING": "1"}))
    second = _nodes.start(folder, other)
    assert second.pid != first.pid
    assert ended(first.pid)


def test_a_node_whose_variables_are_not_known_is_replaced(folder):
    """The file that tells them is damaged."""
    command = Command(WAITS, {})
    first = _nodes.start(folder, command)
    (folder.path / "environment.json").write_text("{")
    assert _nodes.start(folder, command).pid != first.pid


def test_nothing_of_the_users_environment_reaches_a_node(folder, monkeypatch):
    """A variable could change any setting of Fabric's programs."""
    monkeypatch.setenv("CORE_PEER_ID", "other")
    process = _nodes.start(folder, Command(WAITS, {"SETTING": "1"}))
    _nodes.wait("its line", lambda: "up" in folder.log.read_text(), within_s=10, folder=folder)
    assert "CORE_PEER_ID" not in process.environ()
    assert process.environ()["SETTING"] == "1"


def test_a_node_that_ended_or_is_late_is_told_with_its_log(folder):
    """The reason that was seen last, and the last lines."""
    _nodes.start(folder, Command((sys.executable, "-c", "print('because')"), {}))
    with pytest.raises(
        NodeFailed, match="it to answer: the process ended; last seen: no answer"
    ) as gone:
        _nodes.wait("it to answer", lambda: False, within_s=30, folder=folder)
    assert "because" in gone.value.next_step

    def refuse() -> bool:
        raise OSError("refused")

    with pytest.raises(NodeFailed, match=r"it: not within 0 s; last seen: refused"):
        _nodes.wait("it", refuse, within_s=0)


def test_stopping_what_does_not_run_is_nothing(folder):
    """And stopping what does is told."""
    assert _nodes.stop(folder) is None
    process = _nodes.start(folder, Command(WAITS, {}))
    _nodes.wait("its line", lambda: "up" in folder.log.read_text(), within_s=10, folder=folder)
    assert _nodes.stop(folder) is True
    assert ended(process.pid)


def test_a_large_log_is_turned_over(folder, monkeypatch):
    """One old one is kept."""
    monkeypatch.setattr(_nodes, "_LOG_BYTES", 3)
    folder.log.parent.mkdir(parents=True)
    folder.log.write_text("much")
    _nodes.start(folder, Command(WAITS, {}))
    assert folder.log.with_suffix(".old.log").read_text() == "much"
