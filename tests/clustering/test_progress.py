# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import sys

import pytest
from tests.clustering.invoke import write_ties

from pmcb_clustering import LevelClustering
from pmcb_clustering._progress import SHARES, within

SCRIPT = """
import sys
from pmcb_clustering.commands import classify
classify([sys.argv[1], "--levels", "3", "--out", sys.argv[2]])
"""


def test_the_steps_of_a_classification_fill_their_stretch(small):
    """Never backwards, from its beginning to its end, with the label before every step."""
    told: list[tuple[str, float]] = []
    progress = within(lambda step, done: told.append((step, done)), 0.2, 0.7, label="T = 3: ")
    LevelClustering(3).fit(small, progress=progress)
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert 0.2 <= shares[0] < 0.3
    assert shares[-1] == pytest.approx(0.7)
    assert {step for step, _ in told} == {f"T = 3: {step}" for step in SHARES}


def test_a_step_without_a_share_stays_where_it_is():
    """It is named, and does not throw the bar back."""
    told: list[tuple[str, float]] = []
    progress = within(lambda step, done: told.append((step, done)), 0.0, 1.0)
    progress("partition", 0.0)
    progress("something new", 0.5)
    assert told[1] == ("something new", told[0][1])


def seen_on_a_terminal(graph, out):
    """What the command writes to a terminal on stderr, and to a pipe on stdout."""
    ours, theirs = os.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(graph), str(out)],
            stderr=theirs, stdout=subprocess.PIPE, env={**os.environ, "TERM": "xterm"},
        ) as process:  # fmt: skip
            os.close(theirs)
            shown = b""
            while True:
                try:
                    part = os.read(ours, 65_536)
                except OSError:  # the other end is closed
                    break
                shown += part
            printed = process.stdout.read() if process.stdout else b""
    finally:
        os.close(ours)
    assert process.returncode == 0
    return shown.decode(), printed.decode()


def test_a_terminal_sees_step_share_and_time_left(small, tmp_path):
    """And the output that a pipe takes is clean of it."""
    shown, printed = seen_on_a_terminal(write_ties(small, tmp_path / "ties.txt"), tmp_path)
    for word in ("reading", "%", "left", "300 users, 2,400 ties"):
        assert word in shown
    assert "influence (mean rank)" in printed
    assert "\x1b" not in printed


def test_a_pipe_sees_no_bar(small, tmp_path):
    """One line before the work, nothing else."""
    graph = write_ties(small, tmp_path / "ties.txt")
    answer = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(graph), str(tmp_path)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert answer.stderr.count("\n") == 1
    assert answer.stderr.startswith("300 users, 2,400 ties; the work takes about")
