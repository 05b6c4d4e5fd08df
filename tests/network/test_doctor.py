# SPDX-License-Identifier: Apache-2.0
"""`pmcb network doctor`, `kill` and `crl` where no Fabric runs."""

import json

import pytest
from tests.network.fabric.releases import programs
from tests.network.shell import ended, in_process, pmcb

from pmcb_network._process import running
from pmcb_network.fabric._folder import make
from pmcb_network.fabric._topology_file import preset
from pmcb_network.fabric._tunables import Tunables


def examined(home, code: int) -> dict[str, list[tuple[str, str]]]:
    """What the doctor says, by check."""
    done = in_process(home, "network", "doctor", "--json")
    assert done.exit_code == code, done.output
    document = json.loads(done.stdout)
    assert document["healthy"] is (code == 0)
    found: dict[str, list[tuple[str, str]]] = {}
    for each in document["findings"]:
        found.setdefault(each["check"], []).append((each["grade"], each["what"]))
    return found


@pytest.fixture
def fabric_home(tmp_path, monkeypatch):
    """A Fabric network that was made and not brought up; programs that do nothing."""
    monkeypatch.setenv("PMCB_FABRIC_BIN", str(programs(tmp_path / "programs")))
    home = tmp_path / "home"
    (home / "network").mkdir(parents=True, mode=0o700)
    make(home / "network" / "fabric", preset("dev"), "dev.toml", None, None, Tunables())
    return home


def test_a_home_without_a_network_is_told_so(tmp_path):
    """No fault: exit 0, and how to make one."""
    found = examined(tmp_path / "home", 0)
    assert [grade for grade, _ in found["network"]] == ["warn"]


def test_a_fabric_network_that_is_down_is_examined(fabric_home, monkeypatch, tmp_path):
    """What needs no node is; nothing of the rest is called wrong but what is."""
    found = examined(fabric_home, 1)
    assert found["programs"][0][0] == "ok"
    assert found["processes"] == [("warn", "none runs")]
    assert found["certificates"] == [("warn", "none was issued yet")]
    assert {grade for grade, _ in found["builder"]} == {"fail"}
    assert found["ports"][0][0] == "ok"
    monkeypatch.setenv("PMCB_FABRIC_BIN", str(tmp_path / "nowhere"))
    assert [grade for grade, _ in examined(fabric_home, 1)["programs"]] == ["fail"]


def test_a_fabric_network_that_cannot_be_read_is_examined(fabric_home):
    """The reason, and what does not depend on it."""
    (fabric_home / "network" / "fabric" / "ports.json").write_text("{")
    found = examined(fabric_home, 1)
    assert [grade for grade, _ in found["folder"]] == ["fail"]
    assert found["disk"][0][0] == "ok"


def test_an_embedded_network_is_examined_and_killed(home):
    """Sound while it runs, named once it was killed; `up` brings it back, and crl has no work."""
    pmcb(home, "network", "up", check=0)
    found = examined(home, 0)
    assert sorted(found) == ["certificates", "disk", "file modes", "ports", "processes"]
    assert all(grade == "ok" for each in found.values() for grade, _ in each)
    told = in_process(home, "network", "crl", "HospitalAMSP")
    assert (told.exit_code, "know at once" in told.stdout) == (0, True)
    named = in_process(home, "network", "kill", "peer0.HospitalAMSP")
    assert (named.exit_code, "it has no nodes" in named.stderr) == (2, True)
    process = running(home / "network" / "run.json")
    done = in_process(home, "network", "kill", "--json")
    assert process is not None
    assert json.loads(done.stdout) == {"killed": "the network", "pid": process.pid}
    assert ended(process.pid)
    again = in_process(home, "network", "kill")
    assert (again.exit_code, "the network does not run" in again.stderr) == (3, True)
    assert examined(home, 0)["processes"] == [("warn", "none runs")]
    key = next((home / "network" / "orgs").glob("*/ca.pem"))
    key.chmod(0o644)
    assert [grade for grade, _ in examined(home, 1)["file modes"]] == ["fail"]
    pmcb(home, "network", "up", check=0)
    assert examined(home, 1)["processes"] == [("ok", "1 of 1 run")]
