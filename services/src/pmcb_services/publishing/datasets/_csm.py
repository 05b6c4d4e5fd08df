# SPDX-License-Identifier: Apache-2.0
"""D1: films of 2014 and 2015, 220 of them in twelve columns."""

from pathlib import Path

from pmcb_services.publishing import Numeric, Schema

from ._dataset import DataSet, from_files
from ._fetch import content
from ._sheet import read_sheet

SCHEMA = Schema(
    [
        Numeric("Ratings", 0, 10),
        Numeric("Genre", 1, 15, step=1),
        Numeric("Gross", 0, 700_000_000),
        Numeric("Budget", 0, 300_000_000),
        Numeric("Screens", 0, 5_000),
        Numeric("Sequel", 1, 7, step=1),
        Numeric("Sentiment", -50, 50),
        Numeric("Views", 0, 40_000_000),
        Numeric("Likes", 0, 400_000),
        Numeric("Dislikes", 0, 20_000),
        Numeric("Comments", 0, 40_000),
        Numeric("Aggregate Followers", 0, 50_000_000),
    ]
)
ROWS = 220


def read_csm(path: Path) -> DataSet:
    """Read the sheet: films that lack budget or screens are left out, no followers count 0.

    Raises:
        OSError: the file cannot be read or is no sheet.
    """
    held = content(path)
    header, *lines = read_sheet(held)
    places = [header.index(column.name) for column in SCHEMA.columns]
    needed = [header.index(name) for name in ("Budget", "Screens")]
    rows = [
        [float(line[place] or 0) for place in places]
        for line in lines
        if all(line[place] for place in needed)
    ]
    return from_files("csm", SCHEMA, rows, [(path, held)])
