# SPDX-License-Identifier: Apache-2.0
"""A made-up clinic of 70,000 patients in eleven columns; some blood pressures are spoiled."""

import numpy as np
from numpy.typing import NDArray

from pmcb_services.publishing import Numeric, Schema

from ._dataset import GENERATED, DataSet

SCHEMA = Schema(
    [
        Numeric("age", 18, 80),
        Numeric("male", 0, 1, step=1),
        Numeric("height", 120, 220),
        Numeric("weight", 30, 200),
        Numeric("systolic", 60, 240),
        Numeric("diastolic", 30, 160),
        Numeric("cholesterol", 1, 3, step=1),
        Numeric("glucose", 1, 3, step=1),
        Numeric("smoking", 0, 1, step=1),
        Numeric("alcohol", 0, 1, step=1),
        Numeric("active", 0, 1, step=1),
    ]
)
ROWS = 70_000
_SPOILED = 0.015
_FACTORS = (-1.0, 0.1, 0.0, 10.0, 100.0)


def make_clinic(n: int = ROWS, *, seed: int = 7) -> DataSet:
    """Patients whose pressures follow age and weight; 1.5 % of each pressure are typing errors.

    Args:
        n: how many.
        seed: of the generator; the published figures take 7.

    Age N(53, 7) within 29-65 y; height N(161 + 9·male, 7) cm; BMI exp N(ln 26.5, .18) kg/m²;
    hypertensive with logit -.9 + .07(age-53) + .09(BMI-26.5): pressures N(144, 15) and N(90, 9),
    else N(119, 9) and N(78, 6) mmHg, to the nearest 5.
    """
    rng = np.random.default_rng(seed)
    age = np.clip(rng.normal(53, 7, n), 29, 65)
    male = _chance(rng, 0.35, n)
    height = rng.normal(161 + 9 * male, 7)
    bmi = np.exp(rng.normal(np.log(26.5), 0.18, n))
    risk = 1 / (1 + np.exp(0.9 - 0.07 * (age - 53) - 0.09 * (bmi - 26.5)))
    high = _chance(rng, risk, n) > 0
    systolic = np.where(high, rng.normal(144, 15, n), rng.normal(119, 9, n))
    diastolic = np.where(high, rng.normal(90, 9, n), rng.normal(78, 6, n))
    columns = [
        age,
        male,
        height,
        bmi * (height / 100) ** 2,
        _spoil(rng, 5 * np.rint(systolic / 5)),
        _spoil(rng, 5 * np.rint(diastolic / 5)),
        1 + _chance(rng, 0.25, n) + _chance(rng, 0.11, n),
        1 + _chance(rng, 0.15, n) + _chance(rng, 0.075, n),
        _chance(rng, 0.02 + 0.2 * male, n),
        _chance(rng, 0.02 + 0.09 * male, n),
        _chance(rng, 0.8, n),
    ]
    return DataSet("clinic", SCHEMA, np.column_stack(columns), GENERATED)


def _chance(
    rng: np.random.Generator, probability: float | NDArray[np.float64], n: int
) -> NDArray[np.float64]:
    return (rng.random(n) < probability).astype(np.float64)


def _spoil(rng: np.random.Generator, values: NDArray[np.float64]) -> NDArray[np.float64]:
    hit = rng.random(len(values)) < _SPOILED
    return np.where(hit, values * rng.choice(_FACTORS, len(values)), values)
