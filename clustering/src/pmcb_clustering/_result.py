# SPDX-License-Identifier: Apache-2.0
"""The result of a classification: every user's level, and where it came from."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from pmcb_clustering._files import write_atomic
from pmcb_clustering._metrics import METRICS
from pmcb_clustering.errors import ResultError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pmcb_clustering._graph import SocialGraph
    from pmcb_clustering._quality import Quality

__all__ = ["LevelAssignment"]

VERSION = 1


def _sha256(document: object) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class LevelAssignment:
    """The level of every user, with provenance and quality; written to JSON.

    The JSON document (``levels.json``) has these members::

        version      1
        levels       T, 2 .. 16
        mode         balanced, spectral or paper
        seed         the random_state
        graph_hash   64 hex: SHA-256 over users and ties
        params_hash  64 hex: SHA-256 over `params` as canonical JSON
        result_hash  64 hex: SHA-256 over version, levels, graph_hash, params_hash, users, level
        params       every parameter that decides the result
        quality      sizes, means, RatioCut, silhouette, inversion rate, the same for k-means
        influence    influence of level 1, 2, ..., T
        users        node ids as text, numbers by value before words
        level        1 .. T, beside users
        metrics      optional: degree, betweenness (fraction), clustering, entropy, beside users

    Canonical JSON has sorted keys and no blanks, in UTF-8.

    Attributes:
        users: node ids in the order of the file, which does not depend on the input's.
        level: shape (n,); 1 .. T.
        levels: T.
        mode: how the subsets were found.
        seed: the random_state.
        graph_hash: of the social graph.
        params: every parameter that decides the result.
        influence: T numbers, level 1 first; ascending unless a previous order was kept.
        quality: figures; they are informative and not covered by ``result_hash``.
        metrics: shape (n, 4), or None.
    """

    users: tuple[str, ...] = field(repr=False)
    level: NDArray[np.int64] = field(repr=False)
    levels: int
    mode: str
    seed: int
    graph_hash: str
    params: Mapping[str, object]
    influence: tuple[float, ...]
    quality: Quality = field(repr=False)
    metrics: NDArray[np.float64] | None = field(default=None, repr=False)

    @property
    def params_hash(self) -> str:
        """SHA-256 over the parameters."""
        return _sha256(dict(self.params))

    @property
    def result_hash(self) -> str:
        """SHA-256 over users and levels, the graph's hash and the parameters'."""
        return _sha256(
            {
                "version": VERSION,
                "levels": self.levels,
                "graph_hash": self.graph_hash,
                "params_hash": self.params_hash,
                "users": list(self.users),
                "level": self.level.tolist(),
            }
        )

    def as_document(self) -> dict[str, object]:
        """Everything but users, levels and metrics, in the order of the file."""
        return {
            "version": VERSION,
            "levels": self.levels,
            "mode": self.mode,
            "seed": self.seed,
            "graph_hash": self.graph_hash,
            "params_hash": self.params_hash,
            "result_hash": self.result_hash,
            "params": dict(self.params),
            "quality": self.quality,
            "influence": list(self.influence),
        }

    def check_graph(self, graph: SocialGraph) -> None:
        """Raise `ResultError` unless the levels are those of this graph's users."""
        if self.graph_hash != graph.graph_hash or len(self.users) != graph.n_users:
            raise ResultError(
                f"the levels are of graph {self.graph_hash}, this is graph {graph.graph_hash}",
                next_step="Name the graph that was classified, or classify this one.",
            )

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write ``levels.json``; the file is replaced whole or not at all."""
        write_atomic(Path(path), self._as_file())

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write a table, one row a user: user, level, and the metrics where they are at hand.

        In UTF-8, with a line of column names and the fields quoted where they must be.
        """
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, lineterminator="\n")
        columns = self._columns()
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
        write_atomic(Path(path), buffer.getvalue().encode())

    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Write the same table as Parquet; takes the extra ``parquet`` of this package.

        Raises:
            ResultError: the library that writes Parquet is not installed.
        """
        try:
            import pyarrow as pa
            from pyarrow import parquet
        except ModuleNotFoundError as error:
            raise ResultError(
                "Parquet is written through pyarrow, which is not installed",
                next_step="Install the extra: pip install 'pmcb-clustering[parquet]'.",
            ) from error
        buffer = io.BytesIO()
        parquet.write_table(pa.table(self._columns()), buffer)
        write_atomic(Path(path), buffer.getvalue())

    def _columns(self) -> dict[str, list[str] | list[int] | list[float]]:
        columns: dict[str, list[str] | list[int] | list[float]] = {
            "user": list(self.users),
            "level": self.level.tolist(),
        }
        return columns if self.metrics is None else {**columns, **self._rounded()}

    def _rounded(self) -> dict[str, list[float]]:
        """The metrics by name, to nine significant digits."""
        rows = () if self.metrics is None else self.metrics.T
        return {
            name: [float(f"{value:.9g}") for value in column]
            for name, column in zip(METRICS, rows, strict=True)
        }

    def _as_file(self) -> bytes:
        document = self.as_document()
        document["users"] = list(self.users)
        document["level"] = self.level.tolist()
        if self.metrics is not None:
            document["metrics"] = self._rounded()
        text = json.dumps(document, ensure_ascii=False, allow_nan=False)
        return (text + "\n").encode()

    @classmethod
    def from_json(cls, path: str | os.PathLike[str]) -> LevelAssignment:
        """Read what `to_json` wrote, and check its hashes.

        Raises:
            ResultError: it cannot be read, a member is missing, or a hash does not fit.
        """
        name = Path(path).name
        try:
            document = json.loads(Path(path).read_bytes())
        except OSError as error:
            raise ResultError(f"{name} cannot be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise ResultError(f"{name} is not JSON") from error
        return cls._from_document(document, name)

    @classmethod
    def _from_document(cls, document: object, name: str) -> LevelAssignment:
        try:
            given = cast("dict[str, object]", document)
            version = given["version"]
            found = cls._assemble(given)
            level_range = (int(found.level.min()), int(found.level.max()))
            fits = found.level.shape == (len(found.users),) and level_range == (1, found.levels)
            hashes = (given["params_hash"], given["result_hash"])
            fits = fits and hashes == (found.params_hash, found.result_hash)
            cls._as_file(found)  # what cannot be written again was not written here
        except KeyError as error:
            raise ResultError(f"{name} is not a result of this package: {error}") from error
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ResultError(f"{name} is not a result of this package") from error
        if version != VERSION:
            raise ResultError(f"{name} is not a result of version {VERSION}")
        if not fits:
            step = "Classify again: pmcb levels classify."
            raise ResultError(f"{name} was changed: its hashes do not fit", next_step=step)
        return found

    @classmethod
    def _assemble(cls, given: Mapping[str, object]) -> LevelAssignment:
        metrics = cast("Mapping[str, list[float]] | None", given.get("metrics"))
        columns = None if metrics is None else [metrics[name] for name in METRICS]
        return cls(
            users=tuple(cast("list[str]", given["users"])),
            level=np.array(given["level"], np.int64),
            levels=cast("int", given["levels"]),
            mode=cast("str", given["mode"]),
            seed=cast("int", given["seed"]),
            graph_hash=cast("str", given["graph_hash"]),
            params=cast("dict[str, object]", given["params"]),
            influence=tuple(cast("list[float]", given["influence"])),
            quality=cast("Quality", given["quality"]),
            metrics=None if columns is None else np.array(columns, np.float64).T,
        )
