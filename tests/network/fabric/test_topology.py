# SPDX-License-Identifier: Apache-2.0
"""Topologies: what is impossible is refused with its line, before anything starts."""

import pytest

from pmcb_network.errors import TopologyError
from pmcb_network.fabric._topology import Kind
from pmcb_network.fabric._topology_file import PRESETS, load, parse, preset

DEV = preset("dev")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "dev"', 'name = "Dev"', r"t.toml line 3: 'name' must match"),
        ('channel = "pmcb"', "", r"t.toml: 'channel' must match"),
        ('"raft"', '"solo"', r"line 5: 'consensus' must be one of raft, bft"),
        ('"raft"', '"bft"', r"line 5: 'consensus' bft needs 4 orderers, not 1"),
        ('"MAJORITY"', '"ALL"', r"line 6: 'endorsement' must be one of MAJORITY, OR, AND"),
        ("messages = 500", "messages = 0", r"line 10: 'messages' must be 1 to 10000"),
        ("messages = 500", "messages = true", r"'messages' must be 1 to 10000"),
        ('timeout = "250ms"', 'timeout = "0s"', r"line 9: 'timeout' must match"),
        ('"2 MB"', '"2 TB"', r"line 11: 'preferred_bytes' must match"),
        ("[blocks]", "[block]", r"line 8: 'block' is unknown; known are name, channel"),
        ("messages = 500", "message = 500", r"line 10: 'message' is unknown"),
        ('ca = "localhost"', 'cas = "localhost"', r"line 15: 'cas' is unknown"),
        ('ca = "localhost"', 'ca = "not a host"', r"line 15: 'ca' must match"),
        ('"HospitalBMSP"', '"HospitalAMSP"', r"line 14: 'msp' HospitalAMSP stands there twice"),
        ('orderers = ["localhost"]', "", r"'orderers' the network needs one"),
        ('peers = ["localhost"]', "peers = []", r"line 17: 'peers' every organisation needs one"),
        ('peers = ["localhost"]', "peers = 2", r"line 17: 'peers' must be a list of hosts"),
        ('peers = ["localhost"]', "peers = [7]", r"line 17: 'peers' must hold host names"),
        ('["localhost"]', str(["localhost"] * 9), r"a host takes 16 nodes at most"),
        ("[[organisations]]", "[[others]]", r"line 13: 'others' is unknown"),
        ("[blocks]", "[blocks", r"t.toml is not TOML"),
    ],
)  # fmt: skip
def test_what_is_impossible_is_refused_with_its_line(old: str, new: str, said: str):
    """Unknown keys, values out of range, and what no single key shows."""
    with pytest.raises(TopologyError, match=said):
        parse(DEV.replace(old, new), "t.toml")


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "must be one or more"), ('organisations = "x"', "must be one or more"),
     ("organisations = [1]\nblocks = 1", "'name' must match")],
)  # fmt: skip
def test_what_is_no_topology_at_all_is_refused(text: str, said: str):
    """Missing tables, and values where tables belong."""
    with pytest.raises(TopologyError, match=said):
        parse(text, "t.toml")


@pytest.mark.parametrize("blocks", ["blocks = 1", ""])
def test_blocks_must_be_a_table(blocks: str):
    """Neither a number nor nothing."""
    cut = DEV.replace("[blocks]\n", "").replace(
        'timeout = "250ms"\nmessages = 500\n', f"{blocks}\n"
    )
    with pytest.raises(TopologyError, match="'blocks' must be a table"):
        parse(cut.replace('preferred_bytes = "2 MB"', ""), "t.toml")


def test_an_organisation_must_be_a_table():
    """Not a number in a list."""
    text = DEV[: DEV.index("[blocks]")] + "organisations = [1]\n" + DEV[DEV.index("[blocks]") :]
    with pytest.raises(TopologyError, match="'organisations' must be tables"):
        parse(text[: text.index("[[organisations]]")], "t.toml")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    """Missing, or no text."""
    with pytest.raises(TopologyError, match=r"none\.toml cannot be read: No such file"):
        load(tmp_path / "none.toml")
    (tmp_path / "odd.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(TopologyError, match=r"odd\.toml cannot be read: it is not text"):
        load(tmp_path / "odd.toml")


@pytest.mark.parametrize(
    ("name", "orderers", "peers"), [("dev", 1, 2), ("paper", 3, 4), ("bft", 4, 2)]
)
def test_the_shipped_topologies(tmp_path, name: str, orderers: int, peers: int):
    """Their sizes; every node has a name of its own."""
    assert name in PRESETS
    (tmp_path / "t.toml").write_text(preset(name))
    made = load(tmp_path / "t.toml")
    assert (len(made.of(Kind.ORDERER)), len(made.of(Kind.PEER))) == (orderers, peers)
    assert len({node.id for node in made.nodes}) == len(made.nodes)
    assert made.hosts == ("localhost",)
