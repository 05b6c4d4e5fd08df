# SPDX-License-Identifier: Apache-2.0
import os
import stat

import pytest

from pmcb_network._files import locked, make_folder
from pmcb_network._process import Record
from pmcb_network.embedded._ports import keep
from pmcb_network.errors import FolderInUse, FolderUnusable


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(tmp_path):
    """Even where the rights would do: its owner could change it under us."""
    os.chown(tmp_path, 54_321, -1)
    with pytest.raises(FolderUnusable, match="belongs to another user"):
        make_folder(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    """Read-only: said at once, not at the first block."""
    tmp_path.chmod(0o500)
    with pytest.raises(FolderUnusable, match="not readable and writable"):
        make_folder(tmp_path)
    tmp_path.chmod(0o700)


def test_folders_are_made_for_their_owner_only(tmp_path):
    """Missing parents too."""
    make_folder(tmp_path / "a" / "b")
    modes = [path.stat().st_mode & 0o777 for path in (tmp_path / "a", tmp_path / "a" / "b")]
    assert modes == [0o700, 0o700]


def test_the_networks_files_survive_a_crash(tmp_path, monkeypatch):
    """Content and rename are both synchronised; nobody else may read them."""
    folders = []

    def note(descriptor):
        folders.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))

    monkeypatch.setattr(os, "fsync", note)
    Record.of_this_process().write(tmp_path / "run.json")
    keep(tmp_path, {"a": 1})
    assert folders == [False, True] * 2
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_a_lock_names_its_holder_and_ends_with_the_block(tmp_path):
    """Whoever comes second hears the first one's process id."""
    place = tmp_path / "lock"
    with (
        locked(place),
        pytest.raises(FolderInUse, match=f"by process {os.getpid()}"),
        locked(place, wait_s=0.15),
    ):
        pass
    with locked(place):
        assert place.stat().st_mode & 0o777 == 0o600
