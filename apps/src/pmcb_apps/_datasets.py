# SPDX-License-Identifier: Apache-2.0
"""Public data sets: what they are, where they are found, and how to get them."""

import gzip
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pmcb_client.files import private_folder

from .errors import DataMismatch, DataUnavailable, UnknownDataSet

_CHUNK = 2**16
Advance = Callable[[int], None]


@dataclass(frozen=True)
class DataSet:
    """A published file; ``content_sha256`` is over what it holds once unpacked."""

    name: str
    about: str
    path: str
    source: str
    content_sha256: str


DATA_SETS = (
    DataSet(
        name="ego-facebook",
        about="friendships of 4,039 users, 88,234 ties (SNAP)",
        path="social/facebook_combined.txt.gz",
        source="https://snap.stanford.edu/data/facebook_combined.txt.gz",
        content_sha256="f41c026ed8af3cc3359f1ca5573d0605fb09ae0eefa34544b820fd8c6e2ef296",
    ),
    DataSet(
        name="email-enron",
        about="messages between 36,692 addresses, 183,831 ties (SNAP)",
        path="social/email-Enron.txt.gz",
        source="https://snap.stanford.edu/data/email-Enron.txt.gz",
        content_sha256="ea392d7a4cc24e0d43c16b078939e92aeb2950b6bbb14605dd31856a27273a82",
    ),
)


def data_set(name: str) -> DataSet:
    """The graph of that name.

    Raises:
        UnknownDataSet: names the ones there are.
    """
    for one in DATA_SETS:
        if one.name == name:
            return one
    from ._published import PUBLISHED

    known = ", ".join(one.name for one in (*DATA_SETS, *PUBLISHED))
    raise UnknownDataSet(f"There is no data set {name!r}.", next_step=f"There are: {known}.")


def folders(home: Path) -> Iterator[Path]:
    """Where data sets are looked for: ``PMCB_DATA``, then the home's own folder."""
    given = os.environ.get("PMCB_DATA")
    if given:
        yield Path(given)
    yield home / "data"


def find(one: DataSet, home: Path) -> Path | None:
    """The file of a data set, None when it is not at hand."""
    places = (folder / one.path for folder in folders(home))
    return next((place for place in places if place.is_file()), None)


def fetch(one: DataSet, home: Path, *, source: str, advance: Advance = lambda _: None) -> Path:
    """Bring a data set into the home's data folder, checked against its published content.

    Args:
        one: which.
        home: the user's folder.
        source: a file, or an http(s) address.
        advance: told the bytes that came so far.

    Raises:
        DataUnavailable: the source does not answer or does not have it.
        DataMismatch: its content is not the published one; nothing is kept.
    """
    target = home / "data" / one.path
    private_folder(target.parent)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".fetch-")
    os.close(handle)
    try:
        bring(source, Path(temporary), advance)
        if _content_sha256(Path(temporary)) != one.content_sha256:
            raise DataMismatch(
                f"What {source} holds is not {one.name} as published.",
                next_step="Try again, or give the file with --from.",
            )
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return target


def bring(source: str, target: Path, advance: Advance) -> None:
    """Copy what a file or an http(s) address holds.

    Raises:
        DataUnavailable: the source does not answer or does not have it.
    """
    if source.startswith(("http://", "https://")):
        _download(source, target, advance)
        return
    try:
        file = Path(source).open("rb")  # noqa: SIM115 - closed below; a failed write is not its fault
    except OSError as error:
        raise DataUnavailable(f"{source} cannot be read: {error.strerror}.") from error
    with file, target.open("wb") as kept:
        shutil.copyfileobj(file, kept)


def _download(source: str, target: Path, advance: Advance) -> None:
    import httpx

    try:
        with (
            httpx.stream("GET", source, follow_redirects=True, timeout=30) as response,
            target.open("wb") as file,
        ):
            response.raise_for_status()
            for chunk in response.iter_bytes(_CHUNK):
                file.write(chunk)
                advance(response.num_bytes_downloaded)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DataUnavailable(
            f"{source} does not answer ({type(error).__name__}).",
            next_step="Download it elsewhere and give the file with --from.",
        ) from error


def _content_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with gzip.open(path) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except (OSError, EOFError):
        return ""
    return digest.hexdigest()
