# SPDX-License-Identifier: Apache-2.0
"""`pmcb network export`: what participants on other machines get."""

import json
from dataclasses import replace

import pytest
from tests.network.shell import in_process

from pmcb_client.network_file import NetworkFile, Organisation, load, save
from pmcb_network._local import local_addresses
from pmcb_network.embedded._authority import Authority, certificate_pem

ROOT = certificate_pem(Authority.make("ca", "A", now_ms=1_750_000_000_000).certificate).decode()


def described(host: str) -> NetworkFile:
    """A network on one host."""
    org = Organisation("AMSP", f"{host}:7051", ROOT, "", ROOT, f"https://{host}:7054", "ca-AMSP")
    return NetworkFile("fabric", "pmcb", "pmcb", (org,))


@pytest.fixture
def home(tmp_path):
    """Of an operator whose network others can reach."""
    folder = tmp_path / "home"
    folder.mkdir()
    save(folder / "network.json", described("peers.example.org"))
    return folder


def test_a_home_without_a_network_has_nothing_to_tell(tmp_path):
    """Exit 2, no file."""
    done = in_process(tmp_path, "network", "export", str(tmp_path / "out.json"))
    assert (done.exit_code, "There is no network file" in done.stderr) == (2, True)
    assert not (tmp_path / "out.json").exists()


def test_a_file_that_is_there_is_not_replaced_unasked(home, tmp_path):
    """Exit 2; with --force it is."""
    out = tmp_path / "out.json"
    out.write_text("mine")
    done = in_process(home, "network", "export", str(out))
    assert (done.exit_code, "--force" in done.stderr, out.read_text()) == (2, True, "mine")
    assert in_process(home, "network", "export", str(out), "--force").exit_code == 0
    assert load(out) == load(home / "network.json")


def test_a_place_that_cannot_be_written_is_told(home, tmp_path):
    """One sentence, nothing left behind."""
    done = in_process(home, "network", "export", str(tmp_path / "absent" / "out.json"))
    assert (done.exit_code, "Traceback" in done.stderr) == (2, False)
    assert "No such file or directory" in done.stderr


def test_what_is_exported_reads_as_it_was_and_holds_nothing_else(home, tmp_path):
    """A key that somebody wrote into network.json stays at home."""
    document = json.loads((home / "network.json").read_bytes())
    document["password"] = document["orgs"][0]["secret"] = "hidden"
    (home / "network.json").write_text(json.dumps(document))
    out = tmp_path / "out.json"
    done = in_process(home, "network", "export", str(out), "--json")
    assert json.loads(done.stdout) == {"file": str(out), "orgs": ["AMSP"], "local": []}
    assert done.stderr == ""
    assert "hidden" not in out.read_text()
    assert load(out) == described("peers.example.org")
    assert out.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9"])
def test_addresses_that_only_this_machine_reaches_are_named(home, tmp_path, host):
    """The file is written all the same: another home on this machine can use it."""
    save(home / "network.json", described(host))
    done = in_process(home, "network", "export", str(tmp_path / "out.json"))
    assert done.exit_code == 0
    assert f"Only this machine can reach {host}:7051, {host}:7054" in done.stderr
    assert "says how to reach AMSP; no secret" in done.stdout


def test_a_loopback_address_of_the_other_family_is_one_too():
    """And only the one that is local is named."""
    [org] = described("peers.example.org").orgs
    mixed = replace(described("a"), orgs=(replace(org, ca_url="https://[::1]:7054"),))
    assert local_addresses(mixed) == ["[::1]:7054"]
