# SPDX-License-Identifier: Apache-2.0
"""The chaincode package and the builder that peers run on it."""

import gzip
import io
import json
import subprocess
import tarfile

import pytest

from pmcb_chaincode._label import package_label
from pmcb_chaincode.contract import Governance
from pmcb_network.fabric._builder import SERVERS_VARIABLE, write_builder
from pmcb_network.fabric._package import package, package_id

LABEL = "pmcb_0.1.0_0123456789ab"


def unpacked(raw: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(raw))) as tar:
        return {each.name: tar.extractfile(each).read() for each in tar}  # type: ignore[union-attr]


def test_the_same_package_has_the_same_bytes():
    """Whoever makes it, whenever: an id that was approved is an id that everybody can compute."""
    assert package(LABEL) == package(LABEL)
    assert package_id(LABEL) == (
        f"{LABEL}:767102bc307dc2826c01ff6f430fad40c0e600939755ad1b9ed2641f66abd925"
    )
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(package(LABEL)))) as tar:
        assert {(each.mtime, each.uid, each.gid, each.uname) for each in tar} == {(0, 0, 0, "")}


def test_a_package_holds_no_address():
    """Placeholders only: one package serves all peers."""
    files = unpacked(package(LABEL))
    assert json.loads(files["metadata.json"]) == {"label": LABEL, "path": "", "type": "ccaas"}
    connection = json.loads(unpacked(files["code.tar.gz"])["connection.json"])
    assert connection["address"] == "{{.address}}"
    assert all(value == f"{{{{.{name}}}}}" for name, value in connection.items())


def test_other_governance_is_another_label():
    """So the organisations approve it with the code."""
    one = package_label(Governance.of(("A", "B")))
    assert one.startswith("pmcb_")
    assert one == package_label(Governance.of(("A", "B")))
    assert one != package_label(Governance.of(("A", "B", "C")))


@pytest.fixture
def installed(tmp_path):
    """A peer's folders for a package, as its builder meets them."""
    write_builder(tmp_path)
    files = unpacked(package(LABEL))
    for name in ("source", "metadata", "output", "release"):
        (tmp_path / name).mkdir()
    (tmp_path / "metadata" / "metadata.json").write_bytes(files["metadata.json"])
    for name, content in unpacked(files["code.tar.gz"]).items():
        (tmp_path / "source" / name).write_bytes(content)
    return tmp_path


def run(folder, script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """With an environment as empty as a peer's."""
    environment = {SERVERS_VARIABLE: str(folder / "servers.json")}
    command = [str(folder / "bin" / script), *(str(folder / name) for name in arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_builder_without_a_server_for_the_package_says_so(installed):
    """The install fails with the label in its message."""
    (installed / "servers.json").write_text("{}")
    done = run(installed, "build", "source", "metadata", "output")
    assert done.returncode == 1
    assert f"no chaincode server is named for the package {LABEL}" in done.stderr


def test_a_package_of_another_type_is_left_to_others(installed):
    """Detect says no."""
    (installed / "metadata" / "metadata.json").write_text('{"type": "golang"}')
    assert run(installed, "detect", "source", "metadata").returncode == 1


def test_the_builder_leaves_the_connection_where_peers_look(installed):
    """Filled from this peer's file; what the package does not name is left out."""
    server = {"address": "127.0.0.1:7", "dial_timeout": "10s", "tls_required": False}
    (installed / "servers.json").write_text(json.dumps({LABEL: {**server, "foreign": 1}}))
    assert run(installed, "detect", "source", "metadata").returncode == 0
    done = run(installed, "build", "source", "metadata", "output")
    assert (done.returncode, done.stderr) == (0, "")
    assert run(installed, "release", "output", "release").returncode == 0
    found = installed / "release" / "chaincode" / "server" / "connection.json"
    assert json.loads(found.read_text()) == server
