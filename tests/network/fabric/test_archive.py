# SPDX-License-Identifier: Apache-2.0
"""What is in an archive: only fit programs of one release, and nothing that leads out of it."""

import errno
import gzip
import os
import tarfile

import pytest
from tests.network.fabric.releases import (
    FABRIC,
    archive,
    fetched,
    left,
    member,
    release,
    scripts,
    vouched,
)

from pmcb_network.errors import ArchiveRefused
from pmcb_network.fabric import _archive
from pmcb_network.fabric._versions import this_platform

pytestmark = pytest.mark.usefixtures("cache")


def damaged(whole: bytes) -> list[bytes]:
    """Files that are no whole tar.gz."""
    return [b"", b"no archive", whole[: len(whole) // 2], whole[:-4], whole[:20] + b"\xff" * 200]


@pytest.mark.parametrize("number", range(5))
def test_what_is_no_archive_is_refused(tmp_path, cache, number: int):
    """Although its digest is the wanted one: empty, text, cut off, scrambled."""
    fabric, ca = release(tmp_path / "files")
    fabric.write_bytes(damaged(fabric.read_bytes())[number])
    with pytest.raises(ArchiveRefused, match="is not a whole tar"):
        fetched(*vouched(fabric, ca))
    assert left(cache) == []


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (member("../evil"), "outside of it"),
        (member("bin/../../peer"), "outside of it"),
        (member("/bin/peer"), "outside of it"),
        (member("bin/peer", kind=tarfile.SYMTYPE, link="/bin/sh"), "peer as something else"),
        (member("bin/peer", kind=tarfile.LNKTYPE, link="bin/orderer"), "peer as something else"),
        (member("bin/peer", kind=tarfile.FIFOTYPE), "peer as something else"),
        (member("bin/peer", kind=tarfile.DIRTYPE), "peer as something else"),
        (member("bin/orderer", b"again"), "orderer although it was there already"),
        (member("bin/peer", bytes(2000)), "peer of more than"),
        (member("config/large", bytes(80_000)), "more than"),
    ],
)  # fmt: skip
def test_an_archive_that_no_release_is_like_is_refused(
    tmp_path, cache, monkeypatch, odd, said: str
):
    """Paths out of it, links for programs, programs twice, more than a disk holds."""
    monkeypatch.setattr(_archive, "MAX_PROGRAM_BYTES", 1000)
    monkeypatch.setattr(_archive, "MAX_BYTES", 60_000)
    _, ca = release(tmp_path / "files")
    fabric = archive(tmp_path / "odd.tar.gz", [*scripts(["orderer"]), odd, *scripts(FABRIC[2:])])
    with pytest.raises(ArchiveRefused, match=said):
        fetched(*vouched(fabric, ca))
    assert left(cache) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "files", "odd.tar.gz"]


def test_what_follows_an_archive_is_read_too(tmp_path, monkeypatch):
    """Its end is checked, and what would fill the disk does not hide behind it."""
    fabric, ca = release(tmp_path / "files")
    fabric.write_bytes(fabric.read_bytes() + gzip.compress(bytes(2**22)))
    assert fetched(*vouched(fabric, ca)).new
    monkeypatch.setattr(_archive, "MAX_BYTES", 2**21)
    with pytest.raises(ArchiveRefused, match="more than 2 MiB"):
        fetched(*vouched(fabric, ca))


def test_a_full_disk_is_no_fault_of_the_archive(tmp_path, cache, monkeypatch):
    """It is told as what it is."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        fetched(*vouched(*release(tmp_path / "files")))
    assert left(cache) == []


def test_archives_without_a_program_are_refused(tmp_path, cache):
    """Each that is missing is named: all of one archive when only the other was given."""
    fabric, ca = release(tmp_path / "files")
    with pytest.raises(ArchiveRefused, match=r"do not hold fabric-ca-server$") as caught:
        fetched(*vouched(fabric))
    assert "--archive twice" in caught.value.next_step
    with pytest.raises(ArchiveRefused, match="peer, orderer, configtxgen, configtxlator"):
        fetched(*vouched(ca))
    assert left(cache) == []


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        ({"peer": "v2.5.9"}, r"peer is version 2\.5\.9, and 3\.1 is needed"),
        ({"peer": "v3.1.4"}, r"several versions: 3\.1\.4, 3\.1\.5"),
        ({"peer": "v3.1.5/../../x"}, "and 3.1 is needed"),
        ({"orderer": "latest"}, "orderer is version latest"),
        ({"orderer": ""}, "orderer is version unknown"),
        ({"fabric_ca_server": "v1.4.9"}, r"fabric-ca-server is version 1\.4\.9, and 1\.5"),
    ],
)
def test_programs_of_another_version_are_refused(tmp_path, cache, versions, said: str):
    """Each is asked before anything goes into the cache."""
    with pytest.raises(ArchiveRefused, match=said) as caught:
        fetched(*vouched(*release(tmp_path / "files", **versions)))
    assert f"for {this_platform()}" in caught.value.next_step
    assert left(cache) == []


def test_programs_for_another_machine_are_refused(tmp_path, cache):
    """The system does not run them."""
    _, ca = release(tmp_path / "files")
    alien = member("bin/peer", b"\x7fELF" + bytes(200))
    fabric = archive(tmp_path / "alien.tar.gz", [alien, *scripts(FABRIC[1:])])
    with pytest.raises(ArchiveRefused, match=f"peer does not run on {this_platform()}: Exec"):
        fetched(*vouched(fabric, ca))
    assert left(cache) == []
