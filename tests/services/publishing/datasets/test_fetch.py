# SPDX-License-Identifier: Apache-2.0
"""What is fetched is a published content, or nothing is kept."""

import gzip
import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from pmcb_apps import _published
from pmcb_apps._published import fetch_published, find_published, published
from pmcb_apps.errors import DataMismatch, DataUnavailable
from pmcb_client.cli import make_root
from pmcb_services.publishing.datasets import PUBLISHED, Part, Published, as_published

TEXT, OTHER = b"one,two\n", b"three\n"


def digest(held: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(held).hexdigest()


def archive(**members: bytes) -> bytes:
    """A zip whose members lie in a folder."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        for name, content in members.items():
            made.writestr(f"folder/{name}", content)
    return held.getvalue()


ONE = Part(("one.csv",), "http://127.0.0.1:1/one.csv", (digest(TEXT),))
TWO = Part(("two.csv",), "http://127.0.0.1:1/two.csv", (digest(OTHER),))
BOTH = Published("both", "two files", (ONE, TWO))
ZIPPED = archive(one=TEXT)
IN_ZIP = Part(("one.csv",), "", (digest(TEXT),), member="one")


@pytest.fixture(autouse=True)
def _no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PMCB_DATA", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Both files, one of them gzipped."""
    made = tmp_path / "given"
    made.mkdir()
    (made / "one.csv.gz").write_bytes(gzip.compress(TEXT, mtime=0))
    (made / "two.csv").write_bytes(OTHER)
    return made


@pytest.mark.parametrize(
    "came",
    [
        b"",
        TEXT + b"!",
        gzip.compress(TEXT, mtime=0)[:-9],
        archive(two=TEXT),
        archive(one=OTHER),
        ZIPPED[:-9],
        gzip.compress(OTHER, mtime=0),
    ],
)
def test_anything_but_the_pinned_content_is_refused(came: bytes):
    """Nothing, more, less, another member, another content."""
    assert as_published(IN_ZIP, came) is None


@pytest.mark.parametrize("came", [TEXT, gzip.compress(TEXT, mtime=0), ZIPPED])
def test_the_pinned_content_is_taken_out_of_what_came(came: bytes):
    """Plain, gzipped, or in an archive's folder."""
    assert as_published(IN_ZIP, came) == TEXT


def test_an_archive_may_be_pinned_as_a_whole():
    """Its member's own digest need not be known; a changed archive is refused."""
    part = replace(IN_ZIP, sha256=(digest(ZIPPED),))
    assert as_published(part, ZIPPED) == TEXT
    assert as_published(part, ZIPPED + b"!") is None


def test_one_wrong_file_keeps_both_out(tmp_path: Path, folder: Path):
    """All or none: a set of which half is there is not found."""
    (folder / "two.csv").write_bytes(TEXT)
    with pytest.raises(DataMismatch, match=r"two\.csv"):
        fetch_published(BOTH, tmp_path, source=str(folder))
    assert not (tmp_path / "data").exists()


def test_a_folder_without_the_file_and_a_silent_address_are_told(tmp_path: Path, folder: Path):
    """Each names what is missing."""
    (folder / "two.csv").unlink()
    with pytest.raises(DataUnavailable, match=r"two\.csv"):
        fetch_published(BOTH, tmp_path, source=str(folder))
    with pytest.raises(DataUnavailable, match=r"127\.0\.0\.1"):
        fetch_published(BOTH, tmp_path)
    assert find_published(BOTH, tmp_path) == []


def test_a_set_is_fetched_from_a_folder_and_found(tmp_path: Path, folder: Path):
    """Unpacked, for the owner alone."""
    paths = fetch_published(BOTH, tmp_path, source=str(folder))
    assert find_published(BOTH, tmp_path) == paths
    assert [path.read_bytes() for path in paths] == [TEXT, OTHER]
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o600] * 2


def test_every_part_is_pinned_by_full_digests():
    """64 hexadecimal digits; adult in both editions."""
    for one in PUBLISHED:
        for part in one.parts:
            assert part.sha256
            assert all(len(bytes.fromhex(pin)) == 32 for pin in part.sha256)
    adult = published("adult")
    assert adult is not None
    assert [len(part.sha256) for part in adult.parts] == [2, 2]
    assert published("orkut") is None


def test_the_commands_list_and_fetch_tables(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    """A table is listed, fetched from a folder, and listed with its first file."""
    monkeypatch.setattr(_published, "PUBLISHED", (BOTH,))
    run, home = CliRunner().invoke, ["--home", str(tmp_path / "home")]
    wrong = run(make_root(), [*home, "data", "fetch", "orkut"])
    assert wrong.exit_code == 2
    assert "both" in wrong.output
    assert run(make_root(), [*home, "data", "fetch", "both"]).exit_code == 3
    good = run(make_root(), [*home, "data", "fetch", "both", "--from", str(folder)])
    assert good.exit_code == 0
    assert "one.csv and" in good.output
    assert "one.csv" in run(make_root(), [*home, "--json", "data", "list"]).output
