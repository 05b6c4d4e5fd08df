# SPDX-License-Identifier: Apache-2.0
"""Where programs that were fetched are kept: ``fabric/<version>-<os>-<arch>/bin`` of a cache."""

import re
from pathlib import Path

import platformdirs

from ._versions import this_platform


def cache_folder() -> Path:
    """This user's cache of Fabric's programs."""
    return platformdirs.user_cache_path("pmcb", appauthor=False) / "fabric"


def programs_of(version: str) -> Path:
    """Where the programs of a version for this machine are, once they were fetched."""
    return cache_folder() / f"{version}-{this_platform()}" / "bin"


def newest(line: str) -> Path | None:
    """The programs of the newest version of a line, as ``3.1``, for this machine."""
    name = re.compile(rf"({re.escape(line)}\.[0-9]+)-{re.escape(this_platform())}")
    folder = cache_folder()
    entries = folder.iterdir() if folder.is_dir() else []
    versions = [match[1] for match in (name.fullmatch(entry.name) for entry in entries) if match]
    if not versions:
        return None
    return programs_of(max(versions, key=lambda version: int(version.rpartition(".")[2])))
