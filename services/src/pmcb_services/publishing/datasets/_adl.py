# SPDX-License-Identifier: Apache-2.0
"""D2: activities of daily living, 741 of two persons: when, how long, what."""

from datetime import datetime
from pathlib import Path

from pmcb_services.publishing import Numeric, Schema

from ._dataset import DataSet, from_files
from ._fetch import content

ACTIVITIES = (
    "Sleeping",
    "Toileting",
    "Showering",
    "Breakfast",
    "Grooming",
    "Spare_Time/TV",
    "Leaving",
    "Lunch",
    "Snack",
    "Dinner",
)
SCHEMA = Schema(
    [
        Numeric("start_hour", 0, 24),
        Numeric("minutes", 0, 720),
        Numeric("activity", 0, 9, step=1),
    ]
)
ROWS = 741


def read_adl(*paths: Path) -> DataSet:
    """Read the two persons' files; below two lines of heading each line is one activity.

    Three activities of the published files end before they begin; the bounds clip them.

    Raises:
        OSError: a file cannot be read or unpacked.
    """
    contents = [(path, content(path)) for path in paths]
    rows = [
        _activity(line.split())
        for _, text in contents
        for line in text.decode().splitlines()[2:]
        if line.strip()
    ]
    return from_files("adl", SCHEMA, rows, contents)


def _activity(words: list[str]) -> list[float]:
    """Start hour, minutes and code of one line's five words.

    >>> _activity("2011-11-28 10:30:00 2011-11-28 10:33:00 Showering".split())
    [10.5, 3.0, 2.0]
    """
    start, end = (datetime.fromisoformat(" ".join(words[at : at + 2])) for at in (0, 2))
    hour = start.hour + start.minute / 60 + start.second / 3600
    return [hour, (end - start).total_seconds() / 60, float(ACTIVITIES.index(words[4]))]
