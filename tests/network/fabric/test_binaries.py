# SPDX-License-Identifier: Apache-2.0
"""Fabric's programs: found where the user says, and never used in another version."""

import pytest
from tests.network.fabric.releases import programs

from pmcb_network.errors import BinariesMissing, FabricRefused
from pmcb_network.fabric import _binaries
from pmcb_network.fabric._binaries import Binaries, find
from pmcb_network.fabric._versions import this_platform

pytestmark = pytest.mark.usefixtures("cache")


def test_what_is_missing_is_named_with_the_ways_to_get_it(tmp_path):
    """One sentence, three ways, and the network that needs none."""
    with pytest.raises(BinariesMissing, match="peer was not found in PATH") as caught:
        find({"PATH": str(tmp_path)})
    for way in ("pmcb network binaries fetch", "PMCB_FABRIC_BIN", "PATH", "--embedded"):
        assert way in caught.value.next_step
    with pytest.raises(BinariesMissing, match=f"peer was not found in {tmp_path}"):
        find({"PMCB_FABRIC_BIN": str(tmp_path), "PATH": str(programs(tmp_path / "other"))})


@pytest.mark.parametrize(
    ("said", "told"), [("v2.5.9", "2.5.9"), ("latest", "latest"), ("", "unknown")]
)
def test_another_version_is_refused(tmp_path, said: str, told: str):
    """Found on the PATH nobody vouches for it."""
    folder = programs(tmp_path / "bin", orderer=said)
    with pytest.raises(BinariesMissing, match=f"orderer is version {told}, and 3.1 is needed"):
        find({"PATH": str(folder)})


def test_a_certificate_authority_of_another_version_is_refused(tmp_path):
    """Also where the user names the folder."""
    folder = programs(tmp_path / "bin", fabric_ca_server="v1.4.9")
    with pytest.raises(BinariesMissing, match=r"1\.4\.9, and 1\.5 is needed"):
        find({"PMCB_FABRIC_BIN": str(folder)})


def test_what_cannot_run_is_refused(tmp_path):
    """A file that is no program has no version."""
    folder = programs(tmp_path / "bin")
    (folder / "peer").write_text("#!/nonexistent/interpreter\n")
    with pytest.raises(BinariesMissing, match="peer is version unknown"):
        find({"PATH": str(folder)})


def test_what_was_fetched_is_used_when_nothing_else_fits(tmp_path, cache):
    """The newest of its line, for this machine; the PATH may have another version."""
    old = programs(tmp_path / "bin", peer="v2.5.9")
    for version in ("3.1.9", "3.1.10", "2.5.11"):
        programs(cache / f"{version}-{this_platform()}" / "bin")
    programs(cache / "3.1.11-plan9-mips" / "bin")
    (cache / "3.1.12-unfinished").mkdir()
    wanted = cache / f"3.1.10-{this_platform()}" / "bin"
    assert find({"PATH": str(old)})["peer"] == str(wanted / "peer")
    fit = programs(tmp_path / "fit")
    assert find({"PATH": str(fit)})["peer"] == str(fit / "peer")
    with pytest.raises(BinariesMissing, match=r"peer is version 2\.5\.9"):
        find({"PMCB_FABRIC_BIN": str(old), "PATH": str(fit)})


def test_damaged_programs_that_were_fetched_are_told(cache):
    """With their place; fetching again replaces them."""
    folder = programs(cache / f"3.1.5-{this_platform()}" / "bin")
    (folder / "orderer").unlink()
    with pytest.raises(BinariesMissing, match=f"orderer was not found in {folder}") as caught:
        find({"PATH": ""})
    assert "binaries fetch" in caught.value.next_step


def test_what_does_not_answer_has_no_version(tmp_path, monkeypatch):
    """It is not waited for."""
    monkeypatch.setattr(_binaries, "_ANSWER_S", 3.0)
    folder = programs(tmp_path / "bin")
    (folder / "configtxlator").write_text("#!/bin/sh\nexec sleep 60\n")
    with pytest.raises(BinariesMissing, match="configtxlator is version unknown"):
        find({"PATH": str(folder)})


def test_a_folder_that_is_named_may_hold_what_says_no_version(tmp_path):
    """With a warning: somebody built it, and says it is right."""
    folder = programs(tmp_path / "bin", peer="latest")
    found = find({"PMCB_FABRIC_BIN": str(folder)})
    assert found["peer"] == str(folder / "peer")
    assert found.warnings == ("peer does not say its version; 3.1 is needed",)


def test_a_program_that_says_no_is_quoted_with_its_last_line(tmp_path):
    """Its exit code decides; without words it is said that there were none."""
    script = tmp_path / "peer"
    script.write_text("#!/bin/sh\necho noise >&2\necho why >&2\nexit 3\n")
    script.chmod(0o700)
    binaries = Binaries({"peer": script})
    with pytest.raises(FabricRefused, match="peer channel list: why"):
        binaries.run("peer", "channel", "list")
    script.write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(FabricRefused, match="it gave no reason"):
        binaries.run("peer", "channel")
    script.write_text("#!/bin/sh\necho $HOME/$SET\n")
    assert binaries.run("peer", environment={"SET": "x"}) == "/x\n"


def test_a_program_that_hangs_is_given_up(tmp_path, monkeypatch):
    """Instead of hanging with it."""
    monkeypatch.setattr(_binaries, "_TIMEOUT_S", 0.1)
    script = tmp_path / "peer"
    script.write_text("#!/bin/sh\nexec sleep 60\n")
    script.chmod(0o700)
    with pytest.raises(FabricRefused, match=r"peer did not end within 0\.1 s"):
        Binaries({"peer": script}).run("peer")
