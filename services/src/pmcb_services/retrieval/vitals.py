# SPDX-License-Identifier: Apache-2.0
"""Hourly vital signs of intensive care, or a stand-in of the same shape.

The records come from the PhysioNet/CinC Challenge 2012: 447,554 hours of 10,821 stays, of which a
stay counts as a patient. They are not part of this package; ``PMCB_DATA`` names the folder that
holds ``vitals/icu-vitals.npz``.
"""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from ._attribute import Attribute
from ._box import Codes
from ._carried import Carried
from ._numbers import Floats
from ._schema import Schema

__all__ = ["ROWS", "SCHEMA", "STAYS", "Vitals", "load"]

ROWS = 447_554
STAYS = 10_821
STAND_IN = "stand-in"
_FILE = Path("vitals", "icu-vitals.npz")
_SHA256 = "3f0ecfbb62e4dde833ebce74bc0ddcdf8011e00ca381d78a05e271c2da989e85"
_HOURS = 49
_SEED = 20_120

SCHEMA = Schema(
    "icu-vitals",
    [
        Attribute("HR", 0, 255, 1, "bpm"),
        Attribute("SBP", 0, 255, 1, "mmHg"),
        Attribute("DBP", 0, 255, 1, "mmHg"),
        Attribute("Temp", 30, 42.75, 0.05, "degC"),
        Attribute("Glucose", 0, 1023, 1, "mg/dL"),
        Attribute("MAP", 0, 255, 1, "mmHg"),
        Attribute("GCS", 0, 15, 1, "points"),
        Attribute("Weight", 0, 255, 1, "kg"),
    ],
    [Carried("patient", "uint32"), Carried("hour", "uint8")],
    patient="patient",
)

_SIGNS = {  # mean; sd between stays, within; lag-1 correlation: of the records, in codes
    "HR": (86.6, 14.8, 10.0, 0.69),
    "SBP": (121.0, 16.7, 14.9, 0.50),
    "DBP": (59.4, 10.0, 9.3, 0.43),
    "Temp": (140.9, 11.4, 10.9, 0.85),
    "Glucose": (140.0, 47.5, 31.9, 0.90),
    "GCS": (11.7, 3.4, 1.9, 0.88),
    "Weight": (82.4, 23.8, 2.7, 0.93),
}
_MAP_WITHIN = 3.0

_log = structlog.get_logger("pmcb_services.retrieval")


@dataclass(frozen=True, eq=False)
class Vitals:
    """Records sorted by (patient, hour); a record's id is its row.

    Attributes:
        schema: of the eight signs.
        codes: shape (n, a).
        carried: shape (n,), patient and hour.
        source: the file's name, or ``stand-in``.
    """

    schema: Schema
    codes: Codes
    carried: NDArray[np.void]
    source: str

    def narrowed(self, attributes: int) -> Vitals:
        """The same records with the first attributes only."""
        schema = replace(self.schema, attributes=self.schema.attributes[:attributes])
        return replace(self, schema=schema, codes=np.ascontiguousarray(self.codes[:, :attributes]))


def load(n: int | None = None) -> Vitals:
    """The first n records, all by default; more than there are, or none at hand: a stand-in.

    Args:
        n: how many, from 0 on.
    """
    wanted = ROWS if n is None else n
    held = _published() if wanted <= ROWS else None
    if held is None:
        _log.warning("stand_in", rows=wanted)
        return _stand_in(wanted)
    codes, patient, hour = held
    return Vitals(SCHEMA, codes[:wanted], _carried(patient[:wanted], hour[:wanted]), _FILE.name)


def _published() -> tuple[Codes, NDArray[np.int32], NDArray[np.int8]] | None:
    folder = os.environ.get("PMCB_DATA")
    try:
        content = (Path(folder) / _FILE).read_bytes() if folder else b""
    except OSError:
        return None
    if hashlib.sha256(content).hexdigest() != _SHA256:
        return None
    with np.load(io.BytesIO(content)) as arrays:
        return arrays["q"].astype(np.uint16), arrays["rid"], arrays["hour"]


def _stand_in(rows: int) -> Vitals:
    """Per stay a normal level plus an AR(1) series, in codes, rounded and clipped; fixed seed."""
    rng = np.random.default_rng(_SEED)
    stays = max(1, round(max(rows, ROWS) * STAYS / ROWS))
    picked = rng.permutation(stays * _HOURS)[: max(rows, ROWS)]
    cells = np.sort(picked)[:rows]  # of the grid stay x hour
    signs = {name: _series(rng, stays, *law)[cells] for name, law in _SIGNS.items()}
    pressure = (signs["SBP"] + 2 * signs["DBP"]) / 3
    signs["MAP"] = pressure + rng.normal(0, _MAP_WITHIN, rows)
    floors = {"GCS": 3}
    codes = np.empty((rows, len(SCHEMA.attributes)), dtype=np.uint16)
    for j, attribute in enumerate(SCHEMA.attributes):
        low = floors.get(attribute.name, 0)
        codes[:, j] = np.clip(np.rint(signs[attribute.name]), low, attribute.levels - 1)
    return Vitals(SCHEMA, codes, _carried(cells // _HOURS, cells % _HOURS), STAND_IN)


def _series(
    rng: np.random.Generator, stays: int, mean: float, between: float, within: float, lag: float
) -> Floats:
    series = np.empty((stays, _HOURS))
    state = rng.standard_normal(stays)
    for hour in range(_HOURS):
        series[:, hour] = state
        state = lag * state + np.sqrt(1 - lag**2) * rng.standard_normal(stays)
    level = rng.normal(mean, between, stays)
    return (level[:, None] + within * series).ravel()


def _carried(patient: NDArray[np.integer], hour: NDArray[np.integer]) -> NDArray[np.void]:
    packed = np.zeros(len(patient), dtype=SCHEMA.carried_dtype)
    packed["patient"], packed["hour"] = patient, hour
    return packed
