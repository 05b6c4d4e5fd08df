# SPDX-License-Identifier: Apache-2.0
"""Fabric's programs from release archives into the cache, by one process at a time."""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pmcb_network._files import locked, make_folder
from pmcb_network.errors import ArchiveRefused, BinariesMissing, FolderInUse

from ._archive import check_digest, unpack
from ._binaries import PROGRAMS, in_folder, version_of
from ._cache import cache_folder, programs_of
from ._download import download
from ._releases import archives, stated_digest
from ._versions import FABRIC, FABRIC_CA, line_of, this_platform

_SCRATCH = "fetching-"
_WAIT_S = 1800.0


@dataclass(frozen=True)
class Archive:
    """An archive: a file's path or a URL, and its SHA-256 in hex where somebody vouches for it."""

    place: str
    sha256: str = ""

    @property
    def is_remote(self) -> bool:
        """Whether it must be downloaded."""
        return self.place.startswith(("https://", "http://"))

    @property
    def name(self) -> str:
        """Its file's name."""
        return self.place.partition("?")[0].rstrip("/").rpartition("/")[2]


@dataclass(frozen=True)
class Fetched:
    """What is in the cache now: where, in which versions, and whether it was there before."""

    programs: Path
    version: str
    ca_version: str
    new: bool


def official(version: str, ca_version: str) -> list[Archive]:
    """The archives of the official releases for this machine."""
    return [Archive(place) for place in archives(version, ca_version)]


def fetch(
    wanted: Sequence[Archive], say: Callable[[str], None], *, unless: tuple[str, str] | None
) -> Fetched:
    """The programs that the archives hold, into the cache.

    Args:
        wanted: together they hold every program.
        say: told what is being done.
        unless: versions of Fabric and Fabric CA; when they are there, nothing is done.

    Raises:
        ArchiveRefused: an archive is not what it should be; nothing of it was run.
        FetchFailed: something could not be downloaded.
        FolderUnusable, FolderInUse: the cache cannot be used now.
    """
    folder = cache_folder()
    make_folder(folder)
    with _alone(folder, say):
        if unless is not None and _is_there(*unless):
            return Fetched(programs_of(unless[0]), *unless, new=False)
        for left in folder.glob(f"{_SCRATCH}*"):  # by one that was killed
            shutil.rmtree(left)
        with TemporaryDirectory(prefix=_SCRATCH, dir=folder) as scratch:
            made = Path(scratch) / "new"
            make_folder(made / "bin")
            for archive in [_vouched_for(archive, say) for archive in wanted]:
                _take(archive, Path(scratch), made / "bin", say)
            say("trying the programs")
            found, found_ca = _versions(made / "bin")
            place = programs_of(found).parent
            if place.exists():
                place.rename(Path(scratch) / "old")
            made.rename(place)
    return Fetched(place / "bin", found, found_ca, new=True)


@contextmanager
def _alone(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(folder / "lock"))
        except FolderInUse as error:
            say(f"{error}; waiting for it")
            stack.enter_context(locked(folder / "lock", wait_s=_WAIT_S))
        yield


def _is_there(version: str, ca_version: str) -> bool:
    """Whether an earlier fetch left these versions, and they still run."""
    try:
        found = in_folder(programs_of(version))
    except BinariesMissing:
        return False
    return version_of(found.paths["fabric-ca-server"]) == ca_version


def _vouched_for(archive: Archive, say: Callable[[str], None]) -> Archive:
    """With a digest: the release's page is asked when none was given."""
    if not archive.is_remote and not Path(archive.place).is_file():
        raise ArchiveRefused(f"{archive.place} is not a file")
    if archive.sha256:
        return archive
    say(f"asking for the digest of {archive.name}")
    return replace(archive, sha256=stated_digest(archive.name))


def _take(archive: Archive, scratch: Path, programs: Path, say: Callable[[str], None]) -> None:
    """Checks one archive and unpacks its programs."""
    file = Path(archive.place)
    if archive.is_remote:
        say(f"downloading {archive.name}")
        file = scratch / "archive.tar.gz"
        file.unlink(missing_ok=True)
        download(archive.place, file, say)
    check_digest(file, archive.sha256, archive.name)
    say(f"unpacking {archive.name}")
    unpack(file, programs, PROGRAMS, archive.name)


def _versions(programs: Path) -> tuple[str, str]:
    """What the programs say they are: Fabric's, which must agree, and Fabric CA's."""
    missing = [program for program in PROGRAMS if not (programs / program).exists()]
    if missing:
        raise ArchiveRefused(
            f"the archives do not hold {', '.join(missing)}",
            next_step="give both archives, Fabric's and Fabric CA's: --archive twice",
        )
    said: dict[str, set[str]] = {FABRIC: set(), FABRIC_CA: set()}
    for program in PROGRAMS:
        said[line_of(program)].add(_version(programs / program))
    if len(said[FABRIC]) > 1:
        raise _unfit(f"the programs are of several versions: {', '.join(sorted(said[FABRIC]))}")
    return said[FABRIC].pop(), said[FABRIC_CA].pop()


def _version(program: Path) -> str:
    wanted = line_of(program.name)
    try:
        said = version_of(program)
    except OSError as error:
        raise _unfit(
            f"{program.name} does not run on {this_platform()}: {error.strerror}"
        ) from error
    if not re.fullmatch(rf"{re.escape(wanted)}\.[0-9]+", said):
        raise _unfit(f"{program.name} is version {said or 'unknown'}, and {wanted} is needed")
    return said


def _unfit(reason: str) -> ArchiveRefused:
    return ArchiveRefused(
        reason,
        next_step=(
            f"give release archives of Fabric {FABRIC} and Fabric CA {FABRIC_CA} for "
            f"{this_platform()}"
        ),
    )
