# SPDX-License-Identifier: Apache-2.0
"""D4: the Adult census, 48,842 persons in six columns.

The published files hold fifteen columns, of which the six numbers are used; the twenty attributes,
"name" and "disease" among them, of which the MPDP publication speaks are not in them.
"""

import csv
from pathlib import Path

from pmcb_services.publishing import Numeric, Schema

from ._dataset import DataSet, from_files
from ._fetch import content

_COLUMNS = (
    (0, Numeric("age", 17, 90, step=1)),
    (2, Numeric("fnlwgt", 0, 1_500_000)),
    (4, Numeric("education-num", 1, 16, step=1)),
    (10, Numeric("capital-gain", 0, 100_000)),
    (11, Numeric("capital-loss", 0, 5_000)),
    (12, Numeric("hours-per-week", 1, 99, step=1)),
)
SCHEMA = Schema([column for _, column in _COLUMNS])
ROWS = 48_842


def read_adult(*paths: Path) -> DataSet:
    """Read ``adult.data`` and ``adult.test``, plain or gzipped, with or without a header line.

    Lines that are no person (headers, the test file's first line, empty ones) are passed over.

    Raises:
        OSError: a file cannot be read or unpacked.
    """
    contents = [(path, content(path)) for path in paths]
    rows = [row for _, text in contents for row in _persons(text.decode())]
    return from_files("adult", SCHEMA, rows, contents)


def _persons(text: str) -> list[list[float]]:
    lines = csv.reader(text.splitlines(), skipinitialspace=True)
    return [
        [float(cells[place]) for place, _ in _COLUMNS]
        for cells in lines
        if len(cells) == 15 and cells[0].isdigit()
    ]
