# SPDX-License-Identifier: Apache-2.0
"""The doctor's checks for Fabric, each by breaking exactly what it looks at."""

from dataclasses import replace

import pytest

from pmcb_network._findings import Finding, Grade
from pmcb_network.fabric._builder import write_builder
from pmcb_network.fabric._checks import (
    ServerState,
    check_builder,
    check_clocks,
    check_heights,
    check_leader,
    check_servers,
    seconds_of,
)

FINE = ServerState("server0.A", healthy=True, serves="pmcb_1_ab", committed="pmcb_1_ab", told=True)


def graded(found: list[Finding]) -> list[tuple[Grade, str]]:
    """How bad, and what is said of it."""
    return [(each.grade, each.what) for each in found]


@pytest.mark.parametrize("text", ["", "2", "m", "2 m", "2m!", "-2m", "2d"])
def test_what_is_no_duration_is_refused(text):
    """As Fabric would."""
    with pytest.raises(ValueError, match="no duration"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("2m", 120), ("1h30m", 5400), ("500ms", 0.5), ("1.5s", 1.5)]
)
def test_durations_are_read_as_fabric_spells_them(text, seconds):
    """One part or several."""
    assert seconds_of(text) == seconds


def test_a_clock_that_is_off_is_named():
    """Beyond the peers' window nothing is taken; a quarter of it is told ahead of time."""
    found = check_clocks({"ca.A": 121.0, "ca.B": -31.0, "ca.C": 29.0}, 120)
    assert graded(found) == [
        (Grade.FAIL, "ca.A is 121 s ahead of this machine; 120 s are allowed"),
        (Grade.WARN, "ca.B is 31 s behind this machine; 120 s are allowed"),
    ]
    assert graded(check_clocks({"ca.A": 0.2}, 120)) == [
        (Grade.OK, "every node that was asked is within 1 s of this machine")
    ]
    assert check_clocks({}, 120) == []


def test_a_builder_that_cannot_run_is_named(tmp_path):
    """A script that is gone, that may not be run, whose interpreter is gone or not named."""
    write_builder(tmp_path)
    assert [each.grade for each in check_builder(tmp_path)] == [Grade.OK]
    scripts = tmp_path / "bin"
    (scripts / "detect").unlink()
    (scripts / "build").chmod(0o600)
    (scripts / "release").write_text("#!/nowhere/python3 -I\n")
    assert graded(check_builder(tmp_path)) == [
        (Grade.FAIL, "bin/detect cannot be read"),
        (Grade.FAIL, "bin/build may not be run"),
        (Grade.FAIL, "bin/release needs /nowhere/python3, which is gone"),
    ]
    (scripts / "release").write_text("")
    assert graded(check_builder(tmp_path))[2] == (
        Grade.FAIL,
        "bin/release needs an interpreter, which is gone",
    )


def test_a_peer_that_gets_no_more_blocks_is_named():
    """One that comes nearer is not wrong."""
    assert graded(check_heights({"p": 5, "q": 3, "r": 3}, {"p": 9, "q": 3, "r": 4})) == [
        (Grade.FAIL, "q has 3 blocks of 9 and gets no more"),
        (Grade.WARN, "r has 4 blocks of 9 and is catching up"),
    ]
    assert [each.grade for each in check_heights({"p": 4, "q": 5}, {"p": 5, "q": 5})] == [Grade.OK]
    assert check_heights({}, {}) == []


def test_orderers_without_a_leader_are_told():
    """One of this host, or of another by what it delivers."""
    assert [each.grade for each in check_leader(None, delivers=False)] == [Grade.FAIL]
    assert graded(check_leader("orderer0.A", delivers=False)) == [(Grade.OK, "orderer0.A leads")]
    assert [each.grade for each in check_leader(None, delivers=True)] == [Grade.OK]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"healthy": False}, "server0.A runs and does not serve"),
        ({"serves": "pmcb_1_cd"}, "server0.A serves pmcb_1_cd, and the channel has pmcb_1_ab"),
        ({"committed": ""}, "server0.A serves pmcb_1_ab, and the channel has no contract"),
        ({"told": False}, "the peer of server0.A was not told where it serves pmcb_1_ab"),
    ],
)
def test_a_server_of_another_contract_is_named(broken, said):
    """Or one that is stuck, or that its peer does not know."""
    found = check_servers([FINE, replace(FINE, **broken)])
    assert graded(found) == [(Grade.FAIL, said)]


def test_servers_of_the_channels_contract_are_fine():
    """Also while a peer is down and cannot be asked what the channel has."""
    found = check_servers([FINE, replace(FINE, committed=None)])
    assert [each.grade for each in found] == [Grade.OK]
    assert check_servers([]) == []
