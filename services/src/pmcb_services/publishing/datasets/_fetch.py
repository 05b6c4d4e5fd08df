# SPDX-License-Identifier: Apache-2.0
"""The published files: their pinned digests, where they are found, and how they are unpacked.

Addresses are those under which the UCI Machine Learning Repository published the files. A digest
is over the plain content, or over the whole archive.
"""

import gzip
import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_UCI = "https://archive.ics.uci.edu/ml/machine-learning-databases"
FOLDER = "publishing"


@dataclass(frozen=True)
class Part:
    """One file of a set.

    Attributes:
        names: under which it may lie in the data folder; a fetched one gets the first. Each may
            also lie there as ``.gz``.
        source: address of the original.
        sha256: pinned digests, one for each edition that the loader reads.
        member: its path in the archive, where the original is one.
    """

    names: tuple[str, ...]
    source: str
    sha256: tuple[str, ...]
    member: str = ""


@dataclass(frozen=True)
class Published:
    """A set that somebody published."""

    name: str
    about: str
    parts: tuple[Part, ...]


PUBLISHED = (
    Published(
        "adult",
        "48,842 persons of a census, six columns (UCI)",
        (
            Part(
                ("adult.data",),
                f"{_UCI}/adult/adult.data",
                (
                    "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
                    "a5b3a620cb7325a48f5090531afd611ce4622440451a5cfbd11c49be2ed868e5",
                ),
            ),
            Part(
                ("adult.test",),
                f"{_UCI}/adult/adult.test",
                (
                    "a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05",
                    "0543912af15c52ba12336b042c8f9f96541d6134d9b3d48dba647281fb2b39d1",
                ),
            ),
        ),
    ),
    Published(
        "adl",
        "741 activities of two persons at home (UCI)",
        tuple(
            Part(
                (f"Ordonez{who}_ADLs.txt",),
                f"{_UCI}/00271/UCI%20ADL%20Binary%20Dataset.zip",
                (digest,),
                member=f"Ordonez{who}_ADLs.txt",
            )
            for who, digest in (
                ("A", "b018601885e1c62a9769f6b2ac7b47fcd51497d8880e272c1b3ff678eb63e15d"),
                ("B", "30ff7edc2aa9a873681de4a35b7a4c1a769dd61398b835fe3ce4608d14f64b81"),
            )
        ),
    ),
    Published(
        "csm",
        "films of 2014 and 2015 and what was said of them (UCI)",
        (
            Part(
                ("csm.xlsx",),
                f"{_UCI}/00424/2014%20and%202015%20CSM%20dataset.xlsx",
                ("54233660056231e8d7ceefdf600bc7b5a9d4cea5959b0aa27df2b47b799517a6",),
            ),
        ),
    ),
    Published(
        "news",
        "online articles and their words, 58 columns (UCI)",
        (
            Part(
                ("OnlineNewsPopularity.csv", "OnlineNewsPopularityReduced.csv"),
                f"{_UCI}/00332/OnlineNewsPopularity.zip",
                (
                    "590e28521c326443b19ab70a52af911294e97363c099388730038c71ff019438",
                    "dba2ae526f62ccef6f2f8efb53b0268319f4d0d2719bb98d88958cfe31d58a22",
                ),
                member="OnlineNewsPopularity.csv",
            ),
        ),
    ),
)


def find_part(part: Part, home: Path | None = None) -> Path | None:
    """The file in ``PMCB_DATA`` or else the home's data folder; None when it is in neither."""
    places = (
        folder / FOLDER / f"{name}{ending}"
        for folder in _folders(home)
        for name in part.names
        for ending in (".gz", "")
    )
    return next((place for place in places if place.is_file()), None)


def _folders(home: Path | None) -> Iterator[Path]:
    given = os.environ.get("PMCB_DATA")
    if given:
        yield Path(given)
    if home is not None:
        yield home / "data"


def content(path: Path) -> bytes:
    """What a file holds, unpacked when its name ends in ``.gz``.

    Raises:
        OSError: it cannot be read or unpacked.
    """
    held = path.read_bytes()
    return _gunzip(held) if path.suffix == ".gz" else held


def as_published(part: Part, came: bytes) -> bytes | None:
    """The part's plain content, taken out of what came; None when no pinned digest fits.

    Args:
        part: which.
        came: the bytes of a plain file, a gzipped one or the original archive.

    >>> letter = Part(("a.txt",), "", (hashlib.sha256(b"a").hexdigest(),))
    >>> as_published(letter, b"a"), as_published(letter, gzip.compress(b"a"))
    (b'a', b'a')
    >>> as_published(letter, b"b") is None
    True
    """
    pinned = hashlib.sha256(came).hexdigest() in part.sha256
    try:
        plain = _unpack(part, came)
    except (OSError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error):
        return None
    return plain if pinned or hashlib.sha256(plain).hexdigest() in part.sha256 else None


def _unpack(part: Part, came: bytes) -> bytes:
    if came.startswith(b"\x1f\x8b"):
        return _gunzip(came)
    if not part.member or not zipfile.is_zipfile(io.BytesIO(came)):
        return came
    with zipfile.ZipFile(io.BytesIO(came)) as archive:
        ends = (name for name in archive.namelist() if name.rpartition("/")[2] == part.member)
        return archive.read(next(ends, part.member))


def _gunzip(packed: bytes) -> bytes:
    try:
        return gzip.decompress(packed)
    except (EOFError, zlib.error) as error:
        raise OSError("cut short or damaged") from error
