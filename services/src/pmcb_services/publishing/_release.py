# SPDX-License-Identifier: Apache-2.0
"""A release: what may be kept for ever, and all that follows from it free of charge."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from pmcb_client.files import write_atomic

from . import _verify
from ._clusters import Clusters, Score, clusters, coreset, medoids, scores
from ._column import Value
from ._measurements import Measurements
from ._release_document import Ledger, Origin, persons_of, release_document, shown_k
from ._release_files import as_json, measurements_of, measurements_table, tables_of
from ._release_page import release_page
from ._rows import synthetic_rows
from ._schema import Schema
from ._schema_document import schema_of
from ._sizes import Size
from ._units import in_units
from .errors import ReleaseTampered, RequestError, SchemaError

__all__ = ["Release", "sync_folder", "write_receipt", "zipped"]

DOCUMENT = "release.json"
RECEIPT = "receipt.json"
PUBLIC = 0o644


@dataclass(frozen=True, eq=False)
class Release:
    """One release, as a fit leaves it or as it stands in a folder.

    Attributes:
        schema: the public one.
        measurements: all that was learnt from the table.
        origin: what it was paid from.

    >>> import tempfile
    >>> import numpy as np
    >>> from pmcb_services.publishing import MPDPK, Numeric, Release, Schema
    >>> schema = Schema([Numeric("age", 0, 100, step=1)])
    >>> table = np.repeat([[20.0], [80.0]], [3000, 1000], axis=0)
    >>> model = MPDPK(schema=schema, epsilon="2", n_clusters=2).fit(table)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.release_.save(Path(folder) / "ages")
    ...     release = Release.open(Path(folder) / "ages")
    >>> len(release.clusters(3).centres), release.medoids(2).supported
    (3, (True, True))
    """

    schema: Schema
    measurements: Measurements
    origin: Origin = field(default_factory=Origin)
    _published: Mapping[str, bytes] | None = field(default=None, repr=False)

    @classmethod
    def open(cls, path: str | Path) -> Release:
        """Read a folder or a zip of one, and compare all hashes.

        Raises:
            ReleaseTampered: names the file that is not what was published.
            RequestError: there is no such folder or zip.
        """
        path = Path(path)
        try:
            files = _read(path)
            document = _verify.check_files(files)
        except _verify.Mismatch as mismatch:
            raise ReleaseTampered(mismatch.name) from mismatch
        except OSError as error:
            raise RequestError(
                f"{path.name} cannot be read ({error.strerror or type(error).__name__}).",
                next_step="Name the folder of a release, or its zip.",
            ) from error
        schema, origin = _described(document)
        try:
            table = files["measurements.csv"]
            measurements = measurements_of(table, schema, str(document.get("route")))
            coreset(measurements)  # hashes may be up to date, and the stages of no fit
        except (_verify.Mismatch, ValueError, OverflowError, LookupError, StopIteration) as error:
            raise ReleaseTampered("measurements.csv") from error
        return cls(schema, measurements, origin, files)

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """Every file by name: as read, or made from the measurements, always the same bytes."""
        if self._published is not None:
            return self._published
        shown = self.clusters(self.n_clusters)
        made = {
            "measurements.csv": measurements_table(self.measurements),
            "index.html": release_page(self.measurements, self.schema, self.origin, shown),
            "README.txt": (Path(__file__).parent / "release.txt").read_bytes(),
            "verify.py": Path(_verify.__file__).read_bytes(),
            **tables_of(self.measurements, self.schema),
        }
        document = release_document(self.measurements, self.schema, self.origin, shown, made)
        made[DOCUMENT] = as_json(document)
        if not self.origin.ledger.is_shared:
            made[RECEIPT] = _receipt(self.origin, made[DOCUMENT], "")
        return made

    @property
    def hash(self) -> str:
        """SHA-256 of release.json, hex: what a ledger records."""
        return sha256(self.files[DOCUMENT]).hexdigest()

    @property
    def size(self) -> Size:
        """How many there are in all."""
        return persons_of(self.measurements)

    @cached_property
    def n_clusters(self) -> int:
        """The number of clusters that its page shows."""
        return shown_k(self.measurements)

    def clusters(self, k: int) -> Clusters:
        """K means with sizes; free of charge.

        Raises:
            RequestError: k is not from 1 to 64.
        """
        return clusters(self.measurements, k)

    def medoids(self, k: int) -> Clusters:
        """K medians at values that records can have; never a record. Free of charge.

        Raises:
            RequestError: k is not from 1 to 64.
        """
        return medoids(self.measurements, self.schema, k)

    def scores(self, ks: Sequence[int]) -> tuple[Score, ...]:
        """How well each number of clusters fits; free of charge.

        Raises:
            RequestError: a k is not from 1 to 64.
        """
        return scores(self.measurements, ks)

    def rows(self) -> list[list[Value]]:
        """Synthetic rows in original units.

        Raises:
            RequestError: no rows were paid for.
        """
        return in_units(self.schema, synthetic_rows(self.measurements, self.schema))

    def save(self, path: str | Path) -> None:
        """Write the folder: whole, on disk, or not at all.

        Raises:
            RequestError: something is there already, or nothing can be written.
        """
        path = Path(path)
        if path.exists():
            raise RequestError(f"{path.name} is there already.", field="out")
        files = self.files
        try:
            made = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
            try:
                made.chmod(0o755)
                for name, data in files.items():
                    write_atomic(made / name, data, mode=PUBLIC)
                made.rename(path)
            except BaseException:
                shutil.rmtree(made, ignore_errors=True)
                raise
            sync_folder(path.parent)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise RequestError(f"{path.name} cannot be written ({reason}).", field="out") from error


def write_receipt(folder: Path, transaction_id: str) -> None:
    """Say in a release's folder which transaction recorded it; again, it is the same.

    Raises:
        ReleaseTampered: the folder holds no intact release.
    """
    release = Release.open(folder)
    receipt = _receipt(release.origin, release.files[DOCUMENT], transaction_id)
    write_atomic(folder / RECEIPT, receipt, mode=PUBLIC)


def sync_folder(folder: Path) -> None:
    """Have on disk what was renamed or made in a folder."""
    held = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(held)  # where folders cannot be
    finally:
        os.close(held)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A release's files as a zip; the same files are the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name)  # of 1980: no time of writing
            entry.external_attr = PUBLIC << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _receipt(origin: Origin, document: bytes, transaction_id: str) -> bytes:
    return as_json(
        {
            "cohort": origin.cohort,
            "ledger": origin.ledger,
            "release_hash": sha256(document).hexdigest(),
            "request_hash": origin.request_hash,
            "transaction_id": transaction_id,
        }
    )


def _read(path: Path) -> dict[str, bytes]:
    if path.is_dir():
        return _verify.collect(lambda name: (path / name).read_bytes())
    try:
        with zipfile.ZipFile(path) as archive:
            return _verify.collect(archive.read)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise ReleaseTampered(path.name) from error


def _described(document: Mapping[str, Any]) -> tuple[Schema, Origin]:
    try:
        schema = schema_of(document["schema"])
        ledger, cohort = Ledger(document["ledger"]), str(document["cohort"])
        return schema, Origin(ledger, cohort, str(document["request_hash"]))
    except (SchemaError, ValueError) as error:
        raise ReleaseTampered(DOCUMENT) from error
