# SPDX-License-Identifier: Apache-2.0
"""Real tables that no constant of ``mpdp-k`` was chosen on."""

import csv
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np

from pmcb_services.publishing import Nominal, Numeric, Schema
from pmcb_services.publishing.datasets import PUBLISHED, DataSet, find_part
from pmcb_services.publishing.datasets._fetch import content

_WORDS = {
    1: (
        "workclass",
        """Private Self-emp-not-inc Self-emp-inc Federal-gov Local-gov State-gov Without-pay
        Never-worked""",
    ),
    5: (
        "marital-status",
        """Married-civ-spouse Divorced Never-married Separated Widowed Married-spouse-absent
        Married-AF-spouse""",
    ),
    7: ("relationship", "Wife Own-child Husband Not-in-family Other-relative Unmarried"),
    8: ("race", "White Asian-Pac-Islander Amer-Indian-Eskimo Other Black"),
    9: ("sex", "Female Male"),
}
"""Places in a line of Adult, and the values that its documentation lists."""
_NUMBERS = (0, 4, 12)
_ADULT = Schema(
    [
        Numeric("age", 17, 90, step=1),
        Numeric("education-num", 1, 16, step=1),
        Numeric("hours-per-week", 1, 99, step=1),
        *(Nominal(name, range(len(values.split()))) for name, values in _WORDS.values()),
    ]
)

_VITALS = "vitals/icu-vitals.npz"
_ICU = Schema(
    [
        Numeric("heart rate, bpm", 0, 255),
        Numeric("systolic, mmHg", 0, 255),
        Numeric("diastolic, mmHg", 0, 255),
        Numeric("temperature, degC", 30, 42.75),
        Numeric("glucose, mg/dL", 0, 1023),
        Numeric("mean pressure, mmHg", 0, 255),
        Numeric("coma scale", 3, 15),
        Numeric("weight, kg", 0, 255),
    ],
    subject="stay",
)
"""The scales of the monitors; each hour of a stay is a row."""


def adult_words(home: Path) -> DataSet | None:
    """Adult's persons by three numbers and five Nominal columns; 31 coordinates."""
    adult = next(one for one in PUBLISHED if one.name == "adult")
    paths = [path for part in adult.parts if (path := find_part(part, home))]
    if len(paths) < len(adult.parts):
        return None
    contents = [content(path) for path in paths]
    rows = np.array([row for text in contents for row in _persons(text.decode())])
    names = " + ".join(path.name for path in paths)
    return DataSet("adult-words", _ADULT, rows, names, tuple(map(_digest, contents)))


def _persons(text: str) -> Iterator[list[float]]:
    codes = {
        place: {value: code for code, value in enumerate(values.split())}
        for place, (_, values) in _WORDS.items()
    }
    for cells in csv.reader(text.splitlines(), skipinitialspace=True):
        if len(cells) == 15 and cells[0].isdigit():
            numbers = [float(cells[place]) for place in _NUMBERS]
            words = [of.get(cells[place], np.nan) for place, of in codes.items()]
            yield [*numbers, *words]


def digits(home: Path) -> DataSet:
    """1,797 written digits of 64 pixels, which scikit-learn brings along."""
    del home
    from sklearn.datasets import load_digits

    rows = load_digits().data.astype(np.float64)
    schema = Schema([Numeric(f"pixel {place}", 0, 16, step=1) for place in range(64)])
    return DataSet("digits", schema, rows, "scikit-learn", (_digest(rows.tobytes()),))


def vitals(home: Path) -> DataSet | None:
    """Hourly records of intensive care (PhysioNet/CinC Challenge 2012); a stay is a subject."""
    folders = [Path(given) for given in (os.environ.get("PMCB_DATA"),) if given]
    places = (folder / _VITALS for folder in (*folders, home / "data"))
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        return None
    with np.load(path, allow_pickle=False) as held:
        codes, stays = held["q"].astype(np.float64), held["rid"].astype(np.float64)
    codes[:, 3] = 30 + codes[:, 3] / 20
    rows = np.column_stack([codes, stays])
    return DataSet("icu-vitals", _ICU, rows, path.name, (_digest(path.read_bytes()),))


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()
