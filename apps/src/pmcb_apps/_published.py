# SPDX-License-Identifier: Apache-2.0
"""Published tables: found, and fetched file by file, each checked against its pinned digests."""

import tempfile
from pathlib import Path

from pmcb_client.files import write_private
from pmcb_services.publishing.datasets import (
    FOLDER,
    PUBLISHED,
    Part,
    Published,
    as_published,
    find_part,
)

from ._datasets import Advance, bring
from .errors import DataMismatch, DataUnavailable

__all__ = ["PUBLISHED", "Published", "fetch_published", "find_published", "published"]


def published(name: str) -> Published | None:
    """The published table of that name, None when there is none."""
    return next((one for one in PUBLISHED if one.name == name), None)


def find_published(one: Published, home: Path) -> list[Path]:
    """The table's files, none unless all are at hand."""
    paths = [path for part in one.parts if (path := find_part(part, home))]
    return paths if len(paths) == len(one.parts) else []


def fetch_published(
    one: Published, home: Path, *, source: str | None = None, advance: Advance = lambda _: None
) -> list[Path]:
    """Bring a table's files into the home's data folder, all or none.

    Args:
        one: which.
        home: the user's folder.
        source: a folder that holds its files, one file or archive, or an address; by default
            the addresses of the publisher.
        advance: told the bytes that came so far.

    Raises:
        DataUnavailable: a source does not answer or does not have it.
        DataMismatch: a content is not a published one; nothing is kept.
    """
    brought: dict[str, bytes] = {}
    kept: dict[Path, bytes] = {}
    for part in one.parts:
        place = _place(part, source)
        if place not in brought:
            brought[place] = _bytes(place, advance)
        content = as_published(part, brought[place])
        if content is None:
            raise DataMismatch(
                f"What {place} holds is not {part.names[0]} as published.",
                next_step="Try again, or give the file or its folder with --from.",
            )
        kept[home / "data" / FOLDER / part.names[0]] = content
    for path, content in kept.items():
        write_private(path, content)
    return list(kept)


def _place(part: Part, source: str | None) -> str:
    if source is None:
        return part.source
    if not Path(source).is_dir():
        return source
    names = [*part.names, part.source.rpartition("/")[2]]
    places = [Path(source) / f"{name}{ending}" for name in names for ending in ("", ".gz")]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise DataUnavailable(f"{source} does not hold {part.names[0]}.")
    return str(found)


def _bytes(place: str, advance: Advance) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "came"
        bring(place, target, advance)
        return target.read_bytes()
