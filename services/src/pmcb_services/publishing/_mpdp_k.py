# SPDX-License-Identifier: Apache-2.0
"""``mpdp-k``: differentially private clustering by multiple partition, in scikit-learn's shape."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace
from fractions import Fraction
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ._clusters import MOST_CLUSTERS, clusters
from ._epsilon import parse_epsilon
from ._fit import Means, measure_all
from ._lattice import LATTICE
from ._measurements import Measurements, Probe
from ._noise import SYSTEM, Bits
from ._partition import assign
from ._plan import Plan
from ._release import Release
from ._schema import Schema
from ._sizes import Size
from ._table import Table
from .errors import RequestError

__all__ = ["MPDPK"]


class MPDPK:
    """Clusters of a table whose rows nobody can find in them.

    One fit spends ``epsilon`` once; every number of clusters, medoids and scores follow from its
    measurements free of charge. There are no labels of the rows it was fitted on: they would tell
    who is in the table.

    Args:
        schema: the public columns and bounds.
        epsilon: a decimal or a ratio "p/q", above 0, at most 1000.
        n_clusters: k, 1 to 64, whose sizes are then counted for 1/25 of epsilon; None to choose
            later.
        rows: whether synthetic rows may be drawn, for 1/5 of epsilon.
        probe: the number of persons, where it was paid for before.
        random_state: seeds public randomness only, the cells' and k-means's.
        bits: the source of noise; the operating system's by default, a seeded one in tests only.
        executor: adds up chunks of the table; it stays its owner's.

    Attributes:
        measurements_: all that was learnt from the table.
        cluster_centers_: shape (k, columns), in original units, the largest cluster first.
        sizes_: persons of each cluster, with 95 % intervals.
        release_: what may be published: every k, medoids, scores, and the folder to keep.
        n_features_in_: columns of the schema.

    >>> from pmcb_services.publishing import Numeric, Schema
    >>> schema = Schema([Numeric("age", 0, 100, step=1)])
    >>> table = np.repeat([[20.0], [80.0]], [3000, 1000], axis=0)
    >>> model = MPDPK(schema=schema, epsilon="2", n_clusters=2).fit(table)
    >>> model.predict(np.array([[10.0], [90.0]])).tolist()
    [0, 1]
    >>> [size.low <= true + 50 and true - 50 <= size.high for size, true in
    ...  zip(model.sizes_, (3000, 1000))]
    [True, True]
    """

    _PARAMETERS = (
        "schema",
        "epsilon",
        "n_clusters",
        "rows",
        "probe",
        "random_state",
        "bits",
        "executor",
    )

    def __init__(
        self,
        *,
        schema: Schema,
        epsilon: str | int | Fraction,
        n_clusters: int | None = None,
        rows: bool = False,
        probe: Probe | None = None,
        random_state: int | np.random.Generator | None = None,
        bits: Bits | None = None,
        executor: Executor | None = None,
    ) -> None:
        self.schema = schema
        self.epsilon = epsilon
        self.n_clusters = n_clusters
        self.rows = rows
        self.probe = probe
        self.random_state = random_state
        self.bits = bits
        self.executor = executor

    def __repr__(self) -> str:
        return f"MPDPK(epsilon={self.epsilon!r}, n_clusters={self.n_clusters!r}, rows={self.rows})"

    def __sklearn_clone__(self) -> Self:
        """An unfitted model of the same parameters; sources and executors cannot be copied."""
        return type(self)(**self.get_params())  # type: ignore[arg-type]  # by their own names

    def get_params(self, deep: bool = True) -> dict[str, object]:
        """The parameters by name; ``deep`` changes nothing."""
        del deep
        return {name: getattr(self, name) for name in self._PARAMETERS}

    def set_params(self, **params: object) -> Self:
        """Set parameters by name.

        Raises:
            RequestError: there is no such parameter.
        """
        for name, value in params.items():
            if name not in self._PARAMETERS:
                known = ", ".join(self._PARAMETERS)
                raise RequestError(f"There is no such parameter; there are {known}.", field=name)
            setattr(self, name, value)
        return self

    def fit(self, X: object, y: None = None) -> Self:  # noqa: N803  # scikit-learn's name
        """Spend epsilon on a table.

        Args:
            X: an array, a DataFrame, a CSV or Parquet path or folder, or a callable that gives
                Arrow batches, called once for each stage.
            y: not used.

        Raises:
            RequestError: a parameter is out of range.
            TableUnreadable: the table or its header does not fit the schema.
            NotEnoughData: the table is too small for this epsilon; ``spent`` is what it cost to
                find out, nothing after a probe.
        """
        del y
        plan = self._plan()
        table = X if isinstance(X, Table) else Table.open(X, self.schema)
        rng = np.random.default_rng(self.random_state)
        means = Means(self.bits or SYSTEM, rng, self.executor)
        self.measurements_: Measurements = measure_all(
            table, self.schema, plan, means, n_clusters=self.n_clusters, probe=self.probe
        )
        self.release_ = Release(self.schema, self.measurements_)
        self.n_features_in_ = len(self.schema.columns)
        if self.n_clusters is not None:
            found = clusters(self.measurements_, self.n_clusters)
            self._centres = np.rint(found.centres * LATTICE).astype(np.int64)
            self.cluster_centers_ = _in_units(self.schema, found.centres)
            self.sizes_: tuple[Size, ...] = found.sizes
        return self

    def predict(self, X: object) -> NDArray[np.int64]:  # noqa: N803  # scikit-learn's name
        """The nearest cluster of each of the caller's rows, shape (n,); costs nothing.

        Args:
            X: as for `fit`; a column of subjects is not needed.

        Raises:
            RequestError: there are no clusters yet.
            TableUnreadable: the rows or their header do not fit the schema.
        """
        if not hasattr(self, "_centres"):
            raise RequestError("Fit with n_clusters first.", field="n_clusters")
        schema = replace(self.schema, subject=None, weigh="subject", cap=None)
        labels = [assign(x, self._centres) for x, _ in Table.open(X, schema).chunks()]
        return np.concatenate([np.empty(0, dtype=np.int64), *labels])

    def _plan(self) -> Plan:
        if not isinstance(self.schema, Schema):
            raise RequestError("schema must be a Schema.", field="schema")
        k = self.n_clusters
        if k is not None and (type(k) is not int or not 1 <= k <= MOST_CLUSTERS):
            raise RequestError(
                f"n_clusters must be a whole number from 1 to {MOST_CLUSTERS}, or None.",
                field="n_clusters",
            )
        return Plan(
            parse_epsilon(self.epsilon),
            self.schema.width,
            rows=bool(self.rows),
            counted=k is not None,
            probed=self.probe is not None,
        )


def _in_units(schema: Schema, centres: NDArray[np.float64]) -> NDArray[np.generic]:
    """Centres in original units: numbers if all are, else objects."""
    rows = schema.decode(centres)
    numbers = all(not isinstance(value, str) for value in rows[0])
    return np.array(rows, dtype=np.float64 if numbers else object)
