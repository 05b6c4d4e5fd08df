# SPDX-License-Identifier: Apache-2.0
"""Release archives: checked against a digest, then opened for the needed programs alone."""

import hashlib
import os
import tarfile
import zlib
from collections.abc import Collection
from gzip import GzipFile
from pathlib import Path, PurePosixPath
from typing import IO

from pmcb_network.errors import ArchiveRefused

# Fabric's archives hold about 350 MiB, their largest program 70.
MAX_BYTES = 2**30
MAX_PROGRAM_BYTES = 2**28
_CHUNK = 2**20


def check_digest(archive: Path, wanted: str, name: str) -> None:
    """Whether the file is the one that is meant.

    Raises:
        ArchiveRefused: its SHA-256 is another one; says both.
    """
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != wanted.lower():
        raise ArchiveRefused(
            f"{name} is not the archive that is meant: its SHA-256 is {found}, not {wanted}",
            next_step=(
                "get it again from the release's page; if it stays so, do not use it, and check "
                "where the wanted digest came from"
            ),
        )


def unpack(archive: Path, into: Path, wanted: Collection[str], name: str) -> None:
    """Writes the wanted programs that the archive holds under ``bin`` into a folder.

    Nothing else of it is written, and no name in it is used as a path.

    Raises:
        ArchiveRefused: it is not a tar.gz, is damaged, or holds what no release does.
    """
    try:
        with GzipFile(archive) as packed:
            bounded = _Bounded(packed, name)
            with tarfile.open(fileobj=bounded, mode="r|") as tar:  # type: ignore[call-overload]
                for member in tar:
                    _take(tar, member, into, wanted, name)
            while bounded.read(_CHUNK):  # to the end, where gzip's own checksum is
                pass
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk, not the archive
        raise ArchiveRefused(
            f"{name} is not a whole tar.gz archive",
            next_step="give a release archive as the release's page offers it",
        ) from error


def _take(
    tar: tarfile.TarFile, member: tarfile.TarInfo, into: Path, wanted: Collection[str], name: str
) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise _odd(name, "a file that would lie outside of it")
    if path.parts[:-1] != ("bin",) or path.name not in wanted:
        return
    if not member.isreg():
        raise _odd(name, f"{path.name} as something else than a file")
    if member.size > MAX_PROGRAM_BYTES:
        raise _odd(name, f"{path.name} of more than {MAX_PROGRAM_BYTES // 2**20} MiB")
    if (into / path.name).exists():
        raise _odd(name, f"{path.name} although it was there already")
    content = tar.extractfile(member)
    assert content is not None  # it is a file
    _write(content, into / path.name)


def _write(content: IO[bytes], path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o700)
    with os.fdopen(descriptor, "wb") as file:
        while part := content.read(_CHUNK):
            file.write(part)
        file.flush()
        os.fsync(file.fileno())


def _odd(name: str, what: str) -> ArchiveRefused:
    return ArchiveRefused(
        f"{name} is refused: it holds {what}, which no release does",
        next_step="give a release archive as the release's page offers it",
    )


class _Bounded:
    """The unpacked stream, up to a size: a small archive could hold more than any disk."""

    def __init__(self, stream: GzipFile, name: str) -> None:
        self._stream = stream
        self._name = name
        self._seen = 0

    def read(self, size: int) -> bytes:
        part = self._stream.read(size)
        self._seen += len(part)
        if self._seen > MAX_BYTES:
            raise _odd(self._name, f"more than {MAX_BYTES // 2**20} MiB")
        return part
