# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench bridge``, and that it sees what goes wrong."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pmcb_benchmarks import bridge
from pmcb_benchmarks._peer import Peer
from pmcb_benchmarks._protos import ChaincodeMessage, Response
from pmcb_client.cli import make_root


@pytest.mark.stress
def test_the_smallest_run_gives_every_figure(tmp_path: Path):
    """Five loads with batches, five without; nothing is lost."""
    out = tmp_path / "bridge.json"
    command = ["bench", "bridge", "--transactions", "20", "--out", str(out)]
    answer = CliRunner().invoke(make_root(), command, catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    runs = json.loads(out.read_text())["runs"]
    assert [(run["batches"], run["in_flight"]) for run in runs] == [
        (batches, in_flight) for batches in (True, False) for in_flight in bridge.IN_FLIGHT
    ]
    for name in ("unanswered", "answered_twice", "failed", "lost_writes"):
        assert [run[name] for run in runs] == [0] * 10, name


async def test_answers_that_come_twice_or_fail_are_counted():
    """By transaction; an answer that nobody waits for counts too."""
    peer = Peer(batches=True)
    for status in (200, 500):
        answer = Response(status=status).SerializeToString()
        peer._complete(ChaincodeMessage(txid="a", payload=answer))
    assert (peer.answered["a"], peer.failed) == (2, 1)
