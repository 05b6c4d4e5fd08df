# SPDX-License-Identifier: Apache-2.0
"""Public data sets are found, fetched, and checked before they are kept."""

import gzip
import hashlib
import http.server
import os
import resource
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from pmcb_apps import _datasets
from pmcb_apps._datasets import DATA_SETS, data_set, fetch, find
from pmcb_apps.errors import DataMismatch, DataUnavailable, UnknownDataSet
from pmcb_client.cli import make_root

CONTENT = b"0 1\n1 2\n"
SMALL = replace(DATA_SETS[0], content_sha256=hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture(autouse=True)
def _no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PMCB_DATA", raising=False)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server on loopback that has the file, a truncated one, and nothing else."""
    folder = tmp_path / "served"
    folder.mkdir()
    packed = gzip.compress(CONTENT)
    (folder / "good.gz").write_bytes(packed)
    (folder / "short.gz").write_bytes(packed[:-9])

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args, **kwargs) -> None:
            super().__init__(*args, directory=str(folder), **kwargs)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_unknown_name_lists_the_known_ones():
    """The next step names what there is."""
    with pytest.raises(UnknownDataSet) as caught:
        data_set("orkut")
    assert "ego-facebook" in caught.value.next_step


@pytest.mark.parametrize("name", ["short.gz", "wrong.gz"])
def test_what_is_not_the_published_content_is_not_kept(tmp_path: Path, address: str, name: str):
    """A truncated download and another file change nothing."""
    (tmp_path / "served" / "wrong.gz").write_bytes(gzip.compress(b"9 9\n"))
    with pytest.raises(DataMismatch):
        fetch(SMALL, tmp_path, source=f"{address}/{name}")
    assert find(SMALL, tmp_path) is None
    assert list((tmp_path / "data" / "social").iterdir()) == []


@pytest.mark.parametrize("source", ["http://127.0.0.1:1/x.gz", "http://[bad", "nowhere.gz"])
def test_a_source_that_does_not_answer_is_named(tmp_path: Path, source: str):
    """Nothing listens, no address, no file."""
    with pytest.raises(DataUnavailable) as caught:
        fetch(SMALL, tmp_path, source=source)
    assert source in str(caught.value)


@pytest.mark.parametrize("remote", [False, True])
def test_a_disk_that_takes_no_more_is_not_blamed_on_the_source(
    tmp_path: Path, address: str, remote: bool
):
    """The system's own error comes through, and nothing is kept."""
    packed = gzip.compress(os.urandom(10_000))
    (tmp_path / "served" / "big.gz").write_bytes(packed)
    source = f"{address}/big.gz" if remote else str(tmp_path / "served" / "big.gz")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            fetch(SMALL, tmp_path, source=source)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list((tmp_path / "data" / "social").iterdir()) == []


def test_a_home_that_fetching_makes_is_the_owners_only(tmp_path: Path, address: str):
    """The first command of a user may be this one; keys come into the home later."""
    home = tmp_path / "deep" / "home"
    fetch(SMALL, home, source=f"{address}/good.gz")
    for made in (home.parent, home, home / "data", home / "data" / "social"):
        assert made.stat().st_mode & 0o777 == 0o700


def test_an_address_without_the_file_is_refused(tmp_path: Path, address: str):
    """404 is no data set."""
    with pytest.raises(DataUnavailable):
        fetch(SMALL, tmp_path, source=f"{address}/missing.gz")


def test_a_fetched_set_is_found(tmp_path: Path, address: str):
    """From an address, with progress, and from a file."""
    seen: list[int] = []
    path = fetch(SMALL, tmp_path, source=f"{address}/good.gz", advance=seen.append)
    assert find(SMALL, tmp_path) == path
    assert gzip.decompress(path.read_bytes()) == CONTENT
    assert seen
    other = tmp_path / "other"
    assert fetch(SMALL, other, source=str(path)).is_file()


def test_the_data_folder_of_the_environment_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """``PMCB_DATA`` is looked into before the home."""
    shared = tmp_path / "shared"
    (shared / "social").mkdir(parents=True)
    (shared / SMALL.path).write_bytes(b"")
    monkeypatch.setenv("PMCB_DATA", str(shared))
    assert find(SMALL, tmp_path) == shared / SMALL.path


def test_the_commands_list_and_fetch(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch):
    """What is at hand is shown; a bad name exits 2, a source that is gone 3."""
    monkeypatch.setattr(_datasets, "DATA_SETS", (SMALL,))
    run = CliRunner().invoke
    home = ["--home", str(tmp_path)]
    assert "not at hand" in run(make_root(), [*home, "data", "list"]).output
    assert run(make_root(), [*home, "data", "fetch", "orkut"]).exit_code == 2
    gone = ["data", "fetch", SMALL.name, "--from", f"{address}/missing.gz"]
    assert run(make_root(), [*home, *gone]).exit_code == 3
    good = ["data", "fetch", SMALL.name, "--from", f"{address}/good.gz"]
    assert run(make_root(), [*home, *good]).exit_code == 0
    assert str(tmp_path) in run(make_root(), [*home, "--json", "data", "list"]).output
