# SPDX-License-Identifier: Apache-2.0
"""Bounds for common medical measures, from what is possible and never from data.

Wide enough for the sick: outside of them a value is an error of writing or of the device.
"""

from __future__ import annotations

from ._numeric import Numeric
from .errors import SchemaError

__all__ = ["RANGES", "suggest_bounds"]

RANGES: dict[str, tuple[str, int, int]] = {
    "age": ("years", 0, 120),
    "bmi": ("kg/m2", 8, 100),
    "body_temperature": ("C", 25, 45),
    "cholesterol": ("mmol/L", 0, 25),
    "creatinine": ("umol/L", 0, 2000),
    "diastolic_pressure": ("mmHg", 20, 200),
    "glucose": ("mmol/L", 0, 60),
    "haemoglobin": ("g/L", 20, 250),
    "hba1c": ("%", 2, 20),
    "heart_rate": ("1/min", 20, 300),
    "height": ("cm", 30, 250),
    "oxygen_saturation": ("%", 40, 100),
    "potassium": ("mmol/L", 1, 10),
    "respiratory_rate": ("1/min", 2, 80),
    "sleep": ("h", 0, 24),
    "sodium": ("mmol/L", 90, 200),
    "steps": ("1/day", 0, 100_000),
    "systolic_pressure": ("mmHg", 40, 300),
    "weight": ("kg", 0, 400),
}
"""Unit, lower and upper bound of each measure."""


def suggest_bounds(measure: str, name: str | None = None) -> Numeric:
    """A column for a common measure in the unit of `RANGES`.

    Args:
        measure: one of `RANGES`.
        name: of the column; the measure's by default.

    Raises:
        SchemaError: no range is known; names those that are.

    >>> suggest_bounds("heart_rate", "pulse")
    Numeric(name='pulse', lower=20, upper=300, step=None, missing=None, unit='1/min')
    """
    if measure not in RANGES:
        known = ", ".join(RANGES)
        raise SchemaError("no public range is known for it.", column=measure, next_step=known)
    unit, lower, upper = RANGES[measure]
    return Numeric(name or measure, lower, upper, unit=unit)
