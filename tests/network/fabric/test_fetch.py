# SPDX-License-Identifier: Apache-2.0
"""Fabric's programs from archives: nothing is used that nobody vouches for."""

import json
import threading

import pytest
from tests.network.fabric.releases import (
    CA,
    FABRIC,
    digest,
    fetched,
    left,
    release,
    script,
    site,
    vouched,
)
from tests.network.shell import in_process

from pmcb_network._files import locked
from pmcb_network.errors import ArchiveRefused, FetchFailed
from pmcb_network.fabric import _download, _fetch, _releases
from pmcb_network.fabric._fetch import Archive, fetch
from pmcb_network.fabric._releases import archives, stated_digest
from pmcb_network.fabric._versions import CA_VERSION, VERSION, this_platform

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def web():
    """A web server."""
    with site() as made:
        yield made


@pytest.fixture
def official(web, tmp_path, monkeypatch):
    """Release pages on that server, with both archives and what they state."""
    monkeypatch.setattr(_releases, "ARCHIVES", web.address + "/{repository}/{version}/{name}")
    monkeypatch.setattr(_releases, "DESCRIPTION", web.address + "/{repository}/{version}")
    for url, file in zip(archives(VERSION, CA_VERSION), release(tmp_path / "files"), strict=True):
        page, _, name = url.removeprefix(web.address).rpartition("/")
        web.offer(f"{page}/{name}", file.read_bytes())
        asset = {"name": name, "digest": f"sha256:{digest(file)}"}
        web.offer(page, json.dumps({"assets": [{"name": "other"}, asset]}).encode())
    return web


def test_another_archive_than_the_one_that_is_meant_is_refused(tmp_path, cache):
    """Both digests are told, and what to do; nothing of it is left."""
    fabric, ca = release(tmp_path / "files")
    with pytest.raises(ArchiveRefused, match=r"fabric-ca\.tar\.gz is not the archive") as caught:
        fetched(*vouched(fabric), Archive(str(ca), "0" * 64))
    assert digest(ca) in str(caught.value)
    assert "0" * 64 in str(caught.value)
    assert "get it again" in caught.value.next_step
    assert left(cache) == []


def test_without_a_digest_only_official_names_can_be_asked_for(tmp_path, cache):
    """An archive that somebody named otherwise, or that is not there."""
    fabric, _ = release(tmp_path / "files")
    with pytest.raises(ArchiveRefused, match="not called like an official archive") as caught:
        fetched(Archive(str(fabric)))
    assert "--sha256" in caught.value.next_step
    with pytest.raises(ArchiveRefused, match=r"none\.tar\.gz is not a file"):
        fetched(Archive(str(tmp_path / "none.tar.gz"), "0" * 64))
    assert left(cache) == []


@pytest.mark.parametrize(
    "page",
    [b"<html>", b"[]", b"{}", b'{"assets": 1}', b'{"assets": [1]}', b'{"assets": [{"name": "x"}]}',
     b'{"assets": [{"name": "NAME"}]}', b'{"assets": [{"name": "NAME", "digest": null}]}',
     b'{"assets": [{"name": "NAME", "digest": "md5:00"}]}', b"\xff\xfe\x00"],
)  # fmt: skip
def test_a_page_that_states_no_digest_is_none(official, page: bytes):
    """Whatever else it is."""
    name = archives(VERSION, CA_VERSION)[0].rpartition("/")[2]
    official.offer(f"/hyperledger/fabric/{VERSION}", page.replace(b"NAME", name.encode()))
    with pytest.raises(ArchiveRefused, match="states no digest of hyperledger-fabric-"):
        stated_digest(name)


def test_a_page_that_is_not_there_or_does_not_answer_is_told(official, monkeypatch):
    """No such release; a page that turns us away; one that never ends."""
    with pytest.raises(ArchiveRefused, match=r"hyperledger/fabric has no release 3\.1\.99"):
        stated_digest("hyperledger-fabric-linux-amd64-3.1.99.tar.gz")
    name = f"hyperledger-fabric-ca-linux-amd64-{CA_VERSION}.tar.gz"
    official.offer(f"/hyperledger/fabric-ca/{CA_VERSION}", b"slow down", status=429)
    with pytest.raises(FetchFailed, match="answered 429") as caught:
        stated_digest(name)
    assert "--sha256" in caught.value.next_step
    monkeypatch.setattr(_download, "_MAX_PAGE_BYTES", 3)
    with pytest.raises(FetchFailed, match="answers more than a page"):
        stated_digest(name)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x.tar.gz", "http://no host/x.tar.gz"])
def test_without_a_network_it_is_told_how_to_do_without(url: str, cache, monkeypatch):
    """Nobody listens there, or nobody could: for an archive and for a release's page."""
    with pytest.raises(FetchFailed, match="cannot be had: ") as caught:
        fetched(Archive(url, "0" * 64))
    assert "--archive and --sha256" in caught.value.next_step
    monkeypatch.setattr(_releases, "DESCRIPTION", url)
    with pytest.raises(FetchFailed, match="cannot be had: "):
        stated_digest(f"hyperledger-fabric-linux-amd64-{VERSION}.tar.gz")
    assert left(cache) == []


def test_a_download_that_breaks_off_is_not_used(web, cache):
    """The server closes before it sent what it said it would."""
    url = web.offer("/x.tar.gz", b"half", content_length="8")
    with pytest.raises(FetchFailed, match=r"x\.tar\.gz cannot be had"):
        fetched(Archive(url, "0" * 64))
    assert left(cache) == []


def test_what_is_no_file_on_the_web_is_not_used(web, monkeypatch):
    """A page of errors, a circle of redirects, more than any archive."""
    with pytest.raises(FetchFailed, match="the answer is 404"):
        fetched(Archive(f"{web.address}/none.tar.gz", "0" * 64))
    circle = web.offer("/circle.tar.gz", b"", status=302, location="/circle.tar.gz")
    with pytest.raises(FetchFailed, match="redirects"):
        fetched(Archive(circle, "0" * 64))
    monkeypatch.setattr(_download, "MAX_ARCHIVE_BYTES", 3)
    with pytest.raises(FetchFailed, match=r"large\.tar\.gz is larger than"):
        fetched(Archive(web.offer("/large.tar.gz", b"four"), "0" * 64))


def test_the_programs_of_the_official_archives_are_fetched_once(official, cache):
    """Only the needed ones are kept; a second time nobody is asked."""
    said: list[str] = []
    versions = (VERSION, CA_VERSION)
    first = fetched(*_fetch.official(*versions), said=said, unless=versions)
    assert (first.new, first.version, first.ca_version) == (True, *versions)
    assert first.programs == cache / f"{VERSION}-{this_platform()}" / "bin"
    assert {path.name for path in first.programs.iterdir()} == {*FABRIC, CA[0]}
    assert all(path.stat().st_mode & 0o777 == 0o700 for path in first.programs.iterdir())
    assert any(line.endswith("100 %") for line in said)
    assert len(official.asked) == 4
    again = fetched(*_fetch.official(*versions), unless=versions)
    assert (again.new, again.programs) == (False, first.programs)
    assert len(official.asked) == 4
    assert left(cache) == [f"{VERSION}-{this_platform()}"]


def test_a_damaged_or_another_certificate_authority_is_fetched_again(official):
    """What is there counts only while it runs, in the versions that are wanted."""
    versions = (VERSION, CA_VERSION)
    first = fetched(*_fetch.official(*versions))
    (first.programs / "orderer").write_text("damaged")
    assert fetched(*_fetch.official(*versions), unless=versions).new
    (first.programs / CA[0]).write_text(script(CA[0], "v1.5.1"))
    assert fetched(*_fetch.official(*versions), unless=versions).new


def test_redirects_are_followed(web, tmp_path):
    """Release pages send to a store of files."""
    fabric, ca = release(tmp_path / "files")
    web.offer("/store/fabric", fabric.read_bytes())
    url = web.offer("/fabric.tar.gz?x=1", b"", status=302, location="/store/fabric")
    assert fetched(Archive(url, digest(fabric).upper()), *vouched(ca)).new


def test_given_archives_replace_what_is_there(tmp_path, cache):
    """Whole: the old ones are gone; so is what a killed attempt left."""
    wanted = vouched(*release(tmp_path / "files"))
    programs = fetched(*wanted).programs
    (programs / "peer").write_text("old")
    (cache / "fetching-killed").mkdir()
    assert fetched(*wanted).new
    assert "Version" in (programs / "peer").read_text()
    assert left(cache) == [f"{VERSION}-{this_platform()}"]


def test_of_two_at_once_one_waits(official, cache):
    """It says for whom, and then finds what the other fetched."""
    versions = (VERSION, CA_VERSION)
    fetched(*_fetch.official(*versions))
    waits, said, results = threading.Event(), [], []

    def say(line: str) -> None:
        said.append(line)
        waits.set()

    def second() -> None:
        results.append(fetch(_fetch.official(*versions), say, unless=versions))

    with locked(cache / "lock"):
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(20)
        assert results == []
    thread.join(20)
    assert "in use by process" in said[0]
    assert "waiting for it" in said[0]
    assert not results[0].new


def test_the_command_says_what_it_did(official, tmp_path):
    """On stdout one sentence or one document; how far it is on stderr."""
    first = in_process(tmp_path / "home", "network", "binaries", "fetch")
    assert first.exit_code == 0, first.stderr
    assert first.stdout.startswith(f"Fabric {VERSION} and Fabric CA {CA_VERSION} were fetched to ")
    assert "trying the programs" in first.stderr
    again = in_process(tmp_path / "home", "network", "binaries", "fetch", "--json")
    document = json.loads(again.stdout)
    assert (document["new"], document["fabric"], document["fabric_ca"]) == (
        False, VERSION, CA_VERSION,
    )  # fmt: skip
    fabric, ca = release(tmp_path / "more")
    given = ["--archive", str(fabric), "--archive", str(ca)]
    digests = ["--sha256", digest(fabric), "--sha256", digest(ca)]
    done = in_process(tmp_path / "home", "network", "binaries", "fetch", *given, *digests, "--json")
    assert json.loads(done.stdout)["new"] is True


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--sha256", "0" * 64], "--sha256 for each of the 2 archives"),
        (["--archive", "x", "--sha256", "0" * 63], "must match"),
        (["--version", "2.5.9"], "must match"),
        (["--ca-version", "1.4.9"], "must match"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(tmp_path, given, said: str):
    """Exit code 2."""
    done = in_process(tmp_path / "home", "network", "binaries", "fetch", *given)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_refused_archive_ends_the_command_with_its_code(tmp_path):
    """As one JSON document under --json: 2 for an archive, 3 for a network."""
    fabric, _ = release(tmp_path / "files")
    base = ("network", "binaries", "fetch", "--json")
    refused = in_process(tmp_path / "home", *base, "--archive", str(fabric))
    assert (refused.exit_code, json.loads(refused.stdout)["error"]) == (2, "ArchiveRefused")
    url = "http://127.0.0.1:9/x.tar.gz"
    failed = in_process(tmp_path / "home", *base, "--archive", url, "--sha256", "0" * 64)
    assert (failed.exit_code, json.loads(failed.stdout)["error"]) == (3, "FetchFailed")
