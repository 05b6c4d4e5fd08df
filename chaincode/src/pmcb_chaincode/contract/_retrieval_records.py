# SPDX-License-Identifier: Apache-2.0
"""What the ledger holds of retrieval: grants, and how far the stores behind datasets have come."""

from collections.abc import Mapping
from dataclasses import dataclass

from pmcb_chaincode.bridge import composite

from ._assets import Record


@dataclass(frozen=True)
class Grant(Record):
    """``GR``: datasets that a worker may search, devices that the worker may command, for a time.

    ``owner`` is the organisation whose datasets and devices they are. ``devices`` maps a device's
    id to the commands that it takes from this worker. ``revoked`` is the reason, empty while the
    grant stands.
    """

    owner: str
    worker: str
    datasets: tuple[str, ...]
    devices: Mapping[str, tuple[str, ...]]
    purpose: str
    not_before: int
    expires: int
    revoked: str

    @staticmethod
    def key_of(grant: str) -> str:
        """Its place on the ledger."""
        return composite("GR", grant)

    @staticmethod
    def index_of(worker: str, grant: str) -> str:
        """``GX``: the index from which a worker's grants are found."""
        return composite("GX", *worker.split("/"), grant)

    def holds_at(self, time_ms: int) -> bool:
        """Whether it is in force: from ``not_before`` until just before ``expires``."""
        return not self.revoked and self.not_before <= time_ms < self.expires


@dataclass(frozen=True)
class StoreEpoch(Record):
    """``SE``: the last epoch of a dataset's store that was claimed, and by which transaction."""

    number: int
    tx: str
    at: int

    @staticmethod
    def key_of(dataset: str) -> str:
        """Its place on the ledger."""
        return composite("SE", dataset)


@dataclass(frozen=True)
class StoreAnchor(Record):
    """``SA``: the newest root that a dataset's store was seen with, and its audit trail's head."""

    version: int
    digest: str
    audit_head: str
    at: int

    @staticmethod
    def key_of(dataset: str) -> str:
        """Its place on the ledger."""
        return composite("SA", dataset)
