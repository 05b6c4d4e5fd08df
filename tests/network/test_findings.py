# SPDX-License-Identifier: Apache-2.0
"""The doctor's checks for any network, each by breaking exactly what it looks at."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.x509 import load_pem_x509_certificate

from pmcb_network._findings import (
    LOW_BYTES,
    SCARCE_BYTES,
    Finding,
    Grade,
    Port,
    check_certificates,
    check_disk,
    check_modes,
    check_ports,
    check_running,
    guarded,
)
from pmcb_network.embedded._authority import Authority, certificate_pem
from pmcb_network.errors import FolderUnusable

MADE = datetime(2026, 1, 1, tzinfo=UTC)


def graded(found: list[Finding]) -> list[tuple[Grade, str]]:
    """How bad, and what is said of it."""
    assert len({each.check for each in found}) == 1
    return [(each.grade, each.what) for each in found]


@pytest.fixture
def pem() -> bytes:
    """A root that was issued on MADE."""
    made = Authority.make("ca", "A", now_ms=round(MADE.timestamp() * 1000))
    return certificate_pem(made.certificate)


def test_a_check_that_cannot_be_made_is_a_finding():
    """The others go on; an error of ours brings its next step."""

    def damaged():
        raise FolderUnusable("it is damaged", next_step="remove it")

    def unexpected():
        raise KeyError("peer0")

    assert guarded("ports", damaged) == [Finding("ports", Grade.FAIL, "it is damaged", "remove it")]
    [found] = guarded("ports", unexpected)
    assert (found.grade, found.what) == (Grade.FAIL, "could not be checked: 'peer0'")


def test_a_process_that_does_not_run_is_named():
    """One of several is wrong; none at all may be meant."""
    assert graded(check_running({"peer0": True, "ca": False})) == [
        (Grade.FAIL, "ca does not run"),
    ]
    assert graded(check_running({"peer0": False, "ca": False})) == [(Grade.WARN, "none runs")]
    assert graded(check_running({"peer0": True, "ca": True})) == [(Grade.OK, "2 of 2 run")]


def test_a_port_that_somebody_else_has_or_nobody_is_named():
    """Of a node that is down; of one that runs and does not listen."""
    down, up = None, frozenset({5})
    taken = Port("ca/main", 4, down, free=False)
    assert graded(check_ports([taken, Port("peer0/main", 5, up, free=True)])) == [
        (Grade.FAIL, "4 of ca/main is taken by another program"),
    ]
    assert graded(check_ports([Port("peer0/main", 4, up, free=True)])) == [
        (Grade.FAIL, "peer0/main does not listen on 4, though its process runs"),
    ]
    fine = [Port("ca/main", 4, down, free=True), Port("peer0/main", 5, up, free=True)]
    assert graded(check_ports(fine)) == [(Grade.OK, "2 are the network's own, or free for it")]


@pytest.mark.parametrize(
    ("free_bytes", "grade"),
    [
        (SCARCE_BYTES - 1, Grade.FAIL),
        (SCARCE_BYTES, Grade.WARN),
        (LOW_BYTES - 1, Grade.WARN),
        (LOW_BYTES, Grade.OK),
    ],
)
def test_a_full_disk_is_told_before_nodes_end(free_bytes: int, grade: Grade):
    """At the two limits."""
    assert [each.grade for each in check_disk(free_bytes)] == [grade]


def test_a_file_that_others_can_use_is_named(tmp_path):
    """With its mode and what takes it away; folders inside a closed one do not matter."""
    folder = tmp_path / "network"
    (folder / "orgs").mkdir(parents=True)
    folder.chmod(0o700)
    key = folder / "orgs" / "key.pem"
    key.touch(0o600)
    (folder / "link").symlink_to("/nowhere")
    assert graded(check_modes([folder])) == [(Grade.OK, "3 files, their owner's only")]
    key.chmod(0o640)
    [found] = check_modes([folder])
    assert (found.grade, found.what) == (Grade.FAIL, f"others can use {key}: its mode is 0640")
    assert found.next_step == f"chmod go= {key}"
    key.chmod(0o600)
    folder.chmod(0o755)
    [found] = check_modes([folder])
    assert found.what == f"others can use {folder}: its mode is 0755"


def test_a_file_of_another_user_is_named(tmp_path, monkeypatch):
    """As when somebody once ran the network as root."""
    tmp_path.chmod(0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    [found] = check_modes([tmp_path])
    assert (found.grade, found.what) == (Grade.FAIL, f"{tmp_path} belongs to another user")


def test_a_certificate_that_ended_or_ends_soon_is_named(pem):
    """Thirty days ahead, with the advice of its kind; one that is damaged or not valid yet, too."""
    end = load_pem_x509_certificate(pem).not_valid_after_utc
    for now, grade, said in (
        (end + timedelta(days=1), Grade.FAIL, "ca ended on"),
        (end - timedelta(days=29), Grade.WARN, "ca ends on"),
        (MADE - timedelta(days=2), Grade.FAIL, "ca is valid from"),
    ):
        [found] = check_certificates({"ca": pem}, now, advice="renew it")
        assert (found.grade, found.what.startswith(said)) == (grade, True), found
    [found] = check_certificates({"ca": b"damaged", "b": pem}, MADE, advice="renew it")
    assert found == Finding("certificates", Grade.FAIL, "ca is no certificate", "renew it")


def test_certificates_that_last_are_told_in_one_line(pem):
    """With the first date; a network that was not brought up has none."""
    [found] = check_certificates({"a": pem, "b": pem}, MADE + timedelta(days=1), advice="")
    assert (found.grade, found.what) == (Grade.OK, "none of 2 ends before 2040-12-27")
    [none] = check_certificates({}, MADE, advice="")
    assert none.grade is Grade.WARN
