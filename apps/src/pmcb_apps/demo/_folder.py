# SPDX-License-Identifier: Apache-2.0
"""The demo's own folder: made afresh at each run; nobody else's files are touched."""

import fcntl
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pmcb_apps.errors import FolderInUse

from ._network import end_fabric

_MARKER = ".pmcb-demo"
# What only makes sense with the running network; the report and the inputs stay.
_PASSING = (
    "network",
    "wallet",
    "tasks",
    "receiver",
    "verifier",
    "institution",
    "content",
    "fog",
    "publishing",
    "retrieval",
    "tables",
    "network.json",
    "services.log",
)
_MADE = (*_PASSING, "levels.json", "people.csv", "release", "report.html", "task")


@contextmanager
def demo_folder(folder: Path, *, keep: bool) -> Iterator[Path]:
    """The folder without what an earlier demo made, held for one run at a time.

    Raises:
        FolderInUse: it holds something that no demo made, or another demo runs in it.
    """
    marker = folder / _MARKER
    if folder.is_dir() and any(folder.iterdir()) and not marker.exists():
        raise FolderInUse(
            f"{folder} holds files that no demo made.",
            next_step="Name another folder with --folder.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    with marker.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(
                f"Another demo runs in {folder}.",
                next_step="Wait for it, or name another folder with --folder.",
            ) from None
        end_fabric(folder)
        _remove(folder, _MADE)
        try:
            yield folder
        finally:
            if not keep:
                _remove(folder, _PASSING)


def _remove(folder: Path, names: Sequence[str]) -> None:
    for name in names:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
