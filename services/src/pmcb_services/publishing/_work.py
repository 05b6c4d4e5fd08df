# SPDX-License-Identifier: Apache-2.0
"""What is done once epsilon is spent: the table is read, and what was bought is on disk."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import numpy as np

from pmcb_client.files import write_atomic

from ._algorithms import model_of
from ._catalogue import Catalogue, Version
from ._clusters import coreset
from ._fit import Means, measure_size
from ._measurements import Probe
from ._noise import Bits
from ._paid import PaidMetrics, measure_metrics
from ._release import Release, sync_folder, write_receipt
from ._release_document import Ledger, Origin
from ._release_files import as_json
from ._requests import Kind, Request
from ._schema import Schema
from ._table import Table
from .errors import ReleaseTampered

__all__ = ["Work", "probe_epsilon"]

ANSWER = "answer.json"
"""The one file of a probe, and of metrics."""


def probe_epsilon(schema: Schema) -> Fraction:
    """What counting a version's persons costs: clip(6/expected_size, 1/50, 1/4).

    >>> from pmcb_services.publishing import Numeric
    >>> probe_epsilon(Schema([Numeric("age", 0, 99)], expected_size=100))
    Fraction(3, 50)
    """
    assert schema.expected_size is not None  # no cohort is opened without
    return min(max(Fraction(6, schema.expected_size), Fraction(1, 50)), Fraction(1, 4))


@dataclass(frozen=True)
class Work:
    """Runs the mechanism for requests whose epsilon is spent.

    Attributes:
        folder: of releases; each request has one in it, named by its hash.
        catalogue: knows tables and schemas.
        ledger: which kind keeps the budgets.
        bits: the source of noise.
    """

    folder: Path
    catalogue: Catalogue
    ledger: Ledger
    bits: Bits

    def run(self, request: Request) -> str:
        """Read the table and write what was bought; its SHA-256, hex. Blocks.

        Whatever it raises, epsilon stays spent.
        """
        version = self.catalogue.version(request.version)
        cohort = self.catalogue.cohort(request.cohort)
        assert version is not None  # a request names what is here
        assert cohort is not None
        table = Table.open(version.path, cohort.schema)
        if request.kind is Kind.RELEASE:
            return self._release(request, table, version)
        if request.kind is Kind.PROBE:
            return self._probe(request, table)
        return self._metrics(request, table)

    def record(self, request: Request, transaction_id: str) -> None:
        """Write the receipt: the ledger has the hash."""
        if request.kind is Kind.RELEASE:
            write_receipt(self.place(request.hash), transaction_id)

    def clear(self, request: Request) -> None:
        """Remove what a run that died has left, half of a folder too."""
        for left in [self.place(request.hash), *self.folder.glob(f".{request.hash}.*")]:
            shutil.rmtree(left, ignore_errors=True)

    def place(self, request_hash: str) -> Path:
        """The folder of a request."""
        return self.folder / request_hash

    def release(self, request_hash: str, release_hash: str) -> Release:
        """A release as it was stored.

        Raises:
            ReleaseTampered: it is not.
        """
        found = Release.open(self.place(request_hash))
        if found.hash != release_hash:
            raise ReleaseTampered("release.json")
        return found

    def answer(self, request_hash: str, release_hash: str) -> dict[str, object]:
        """What a probe or metrics say, as it was stored.

        Raises:
            ReleaseTampered: it is not.
        """
        try:
            data = (self.place(request_hash) / ANSWER).read_bytes()
        except OSError as error:
            raise ReleaseTampered(ANSWER) from error
        if sha256(data).hexdigest() != release_hash:
            raise ReleaseTampered(ANSWER)
        found: dict[str, object] = json.loads(data)
        return found

    def probe(self, request: Request, release_hash: str) -> Probe:
        """The number of persons that a probe has counted.

        Raises:
            ReleaseTampered: the file is not what was stored.
        """
        found = self.answer(request.hash, release_hash)
        return Probe(int(str(found["count"])), Fraction(str(found["epsilon"])))

    def _release(self, request: Request, table: Table, version: Version) -> str:
        model = model_of(
            request.algorithm,
            table.schema,
            request.epsilon,
            request.k,
            rows=request.rows,
            probe=version.probe,
            bits=self.bits,
        ).fit(table)
        origin = Origin(self.ledger, request.cohort, request.hash)
        release = replace(model.release_, origin=origin)
        release.save(self.place(request.hash))
        return release.hash

    def _probe(self, request: Request, table: Table) -> str:
        means = Means(self.bits, np.random.default_rng())
        stage = measure_size(table, request.epsilon, means)
        count = int(stage.values[0, 0])
        return self._save(request, {"count": count, "epsilon": str(request.epsilon)})

    def _metrics(self, request: Request, table: Table) -> str:
        release = Release.open(self.place(request.release))
        points = coreset(release.measurements)
        middle = np.average(points.points, axis=0, weights=points.weights)
        centres = release.clusters(release.n_clusters).centres
        found = measure_metrics(table, centres, middle, request.epsilon, self.bits)
        return self._save(request, _metrics_document(request, found))

    def _save(self, request: Request, document: object) -> str:
        data = as_json(document)
        folder = self.place(request.hash)
        folder.mkdir()
        write_atomic(folder / ANSWER, data, mode=0o644)
        sync_folder(self.folder)
        return sha256(data).hexdigest()


def _metrics_document(request: Request, found: PaidMetrics) -> dict[str, object]:
    index = found.calinski_harabasz
    return {
        "release": request.release,
        "epsilon": str(request.epsilon),
        "k": found.k,
        "cost": found.cost,
        "total": found.total,
        "within_95": found.cost_error,
        "calinski_harabasz": index if np.isfinite(index) else None,
        "noisy": list(found.values),
    }
