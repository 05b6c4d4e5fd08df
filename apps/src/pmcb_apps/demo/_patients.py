# SPDX-License-Identifier: Apache-2.0
"""Patients of the story: real ones, who answer, and made-up ones, whom the institution knew."""

from collections.abc import Mapping

# The columns of scikit-learn's diabetes table, in clinical units, that the questions ask for.
_COLUMNS = {
    "bmi": "bmi",
    "pressure": "bp",
    "cholesterol": "s1",
    "ldl": "s2",
    "hdl": "s3",
    "glucose": "s6",
}


def patients() -> Mapping[str, list[float]]:
    """442 real ones: what they have, by field."""
    from sklearn.datasets import load_diabetes

    table = load_diabetes(scaled=False)
    columns = dict(zip(table.feature_names, table.data.T, strict=True))
    return {field: columns[name].round(1).tolist() for field, name in _COLUMNS.items()}


def made_up(number: int, seed: int) -> Mapping[str, list[float]]:
    """As many of nobody: drawn from a normal law with the real ones' means and covariances."""
    import numpy as np

    real = patients()
    table = np.array(list(real.values()))
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_normal(table.mean(axis=1), np.cov(table), number).round(1)
    return dict(zip(real, drawn.T.tolist(), strict=True))
