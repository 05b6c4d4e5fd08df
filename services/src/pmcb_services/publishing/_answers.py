# SPDX-License-Identifier: Apache-2.0
"""What the service says: documents, and errors in the one shape."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.responses import JSONResponse

from pmcb_services.common import ErrorCode

from ._budget import Account, Refusal
from ._catalogue import Dataset, Standing, Version
from ._entries import Entry, State
from ._lattice import UNIT
from ._requests import Kind
from ._sizes import Term, size_of
from ._units import size_document
from .errors import (
    BudgetExhausted,
    Forbidden,
    LedgerUnavailable,
    NotEnoughData,
    NotPrivate,
    PublishingError,
    ReleaseLost,
    ReleaseTampered,
    SubjectsOverlap,
)

if TYPE_CHECKING:
    from ._clusters import Score
    from ._schema import Schema

__all__ = [
    "account_document",
    "dataset_document",
    "disk_error",
    "entry_document",
    "publishing_error",
    "score_documents",
]

_CODES: dict[type[PublishingError], ErrorCode] = {
    Refusal: ErrorCode.LEDGER_REFUSED,
    NotEnoughData: ErrorCode.NOT_ENOUGH_DATA,
    BudgetExhausted: ErrorCode.BUDGET_EXHAUSTED,
    NotPrivate: ErrorCode.NOT_PRIVATE,
    SubjectsOverlap: ErrorCode.SUBJECTS_OVERLAP,
    Forbidden: ErrorCode.FORBIDDEN,
    ReleaseLost: ErrorCode.RELEASE_LOST,
    ReleaseTampered: ErrorCode.RELEASE_TAMPERED,
    LedgerUnavailable: ErrorCode.LEDGER_UNAVAILABLE,
}


async def publishing_error(_: Request, error: Any) -> JSONResponse:
    """An error of this package on the wire; what names no code is a malformed request."""
    code = _CODES.get(type(error), ErrorCode.BAD_REQUEST)
    message = f"{error} {error.next_step}".strip()
    field = getattr(error, "field", "") or getattr(error, "column", "")
    return JSONResponse({"error": code.value, "message": message, "field": field}, code.status)


async def disk_error(_: Request, __: Exception) -> JSONResponse:
    """The database cannot be written or read; nothing was answered that is not on disk."""
    code = ErrorCode.STORE_UNAVAILABLE
    message = "The service's database cannot be used."
    return JSONResponse({"error": code.value, "message": message, "field": ""}, code.status)


def entry_document(entry: Entry, version: Version | None, *, visible: bool) -> dict[str, object]:
    """A request and how far it has come.

    Args:
        entry: of a release or of metrics.
        version: of the data set.
        visible: whether its tick has come.
    """
    request = entry.request
    states = {State.PENDING: "pending", State.LOST: "lost"}
    document: dict[str, object] = {
        "id": entry.id,
        "kind": request.kind,
        "state": "published" if visible else states.get(entry.state, "running"),
        "dataset": version.name if version else "",
        "version": version.number if version else None,
        "cohort": request.cohort,
        "epsilon": str(request.epsilon),
        "attempt": request.attempt,
    }
    if request.kind is Kind.RELEASE:
        document |= {"algorithm": request.algorithm, "k": request.k, "rows": request.rows}
    else:
        document["release"] = request.release
    if visible:
        document["release_hash"] = entry.release_hash
        document["transaction_id"] = entry.transaction_id
    return document


def account_document(
    cohort: str, account: Account, epsilon: Fraction | None = None
) -> dict[str, object]:
    """A cohort's budget; with an epsilon how many requests of so much are left."""
    document: dict[str, object] = {
        "cohort": cohort,
        "unit": account.unit,
        "schema_hash": account.schema_hash,
        "total": str(account.total),
        "spent": str(account.spent),
        "left": str(account.left),
    }
    if epsilon is not None:
        document |= {"epsilon": str(epsilon), "queries_left": account.queries_left(epsilon)}
    return document


def dataset_document(
    dataset: Dataset, schema: Schema, versions: list[Version]
) -> dict[str, object]:
    """A data set: its schema, and of each version about how many persons are in it."""
    return {
        "name": dataset.name,
        "dataset": dataset.dataset,
        "cohort": dataset.cohort,
        "schema": schema.document(),
        "schema_hash": schema.hash,
        "versions": [version_document(each) for each in versions if each.probe is not None],
    }


def version_document(version: Version) -> dict[str, object]:
    """A version and the noisy number of its persons."""
    probe = version.probe
    assert version.standing is Standing.READY
    assert probe is not None
    size = size_of(probe.count / UNIT, [Term(1, float(probe.share))])
    return {
        "number": version.number,
        "version": version.version,
        "persons": size_document(size),
        "epsilon": str(probe.share),
    }


def score_documents(scores: tuple[Score, ...]) -> list[dict[str, object]]:
    """Scores; null where an index has no meaning."""
    return [
        {
            "k": each.k,
            "calinski_harabasz": _finite(each.calinski_harabasz),
            "cost": each.cost,
            "supported": each.supported,
        }
        for each in scores
    ]


def _finite(value: float) -> float | None:
    return value if value == value else None  # noqa: PLR0124  # NaN is not in JSON
