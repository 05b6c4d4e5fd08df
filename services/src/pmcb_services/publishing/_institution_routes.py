# SPDX-License-Identifier: Apache-2.0
"""What the institution does over HTTP."""

from pathlib import Path as File
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from pmcb_client.http_identity import Caller, RequestChecker
from pmcb_services.common import SignedCaller

from ._answers import account_document, entry_document, version_document
from ._assembly import Publishing
from ._bodies import (
    LoweredTotal,
    NewCohort,
    NewDataset,
    NewPolicy,
    NewVersion,
    body_of,
    read,
)
from ._policy import Policy
from ._requests import exact
from ._schema import Schema
from .errors import Forbidden, RequestError

__all__ = ["CohortId", "RequestId", "institution_routes"]

MAX_BODY_BYTES = 2**18

CohortId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
RequestId = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


def institution_routes(service: Publishing, checker: RequestChecker, msp_id: str) -> APIRouter:
    """The routes.

    Args:
        service: behind them.
        checker: who calls.
        msp_id: of the institution; those of others are told nothing.
    """
    router = APIRouter(prefix="/v1")
    signed = SignedCaller(checker, roles=("institution",), body_bytes=MAX_BODY_BYTES)

    async def own(caller: Annotated[Caller, Depends(signed)]) -> Caller:
        if caller.msp_id != msp_id:
            raise Forbidden
        return caller

    Own = Annotated[Caller, Depends(own)]  # noqa: N806  # a type

    @router.post("/cohorts", status_code=201, openapi_extra=body_of(NewCohort))
    async def open_cohort(request: Request, response: Response, _: Own) -> dict[str, object]:
        """Open the budget of a group of people; again, with the same content, it is the same."""
        body = read(request.state.body, NewCohort)
        schema = Schema.from_document(body.schema_)
        await service.registry.open_cohort(body.cohort, exact(body.total, "total"), schema)
        response.headers["Location"] = f"/v1/cohorts/{body.cohort}"
        return account_document(body.cohort, await service.budgets.get(body.cohort))

    @router.put("/cohorts/{cohort}/budget", openapi_extra=body_of(LoweredTotal))
    async def lower(cohort: CohortId, request: Request, _: Own) -> dict[str, object]:
        """Lower a total, at most to what is spent; it never rises."""
        body = read(request.state.body, LoweredTotal)
        await service.registry.lower(cohort, exact(body.total, "total"))
        return account_document(cohort, await service.budgets.get(cohort))

    @router.put("/cohorts/{cohort}/policy", openapi_extra=body_of(NewPolicy))
    async def policy(cohort: CohortId, request: Request, _: Own) -> dict[str, object]:
        """Say who may spend how much at once and in all; everything else waits for approval."""
        body = read(request.state.body, NewPolicy)
        rules = Policy.from_documents(body.rules)
        await service.registry.set_policy(cohort, rules)
        return {"cohort": cohort, "rules": rules.documents()}

    @router.post("/datasets", status_code=201, openapi_extra=body_of(NewDataset))
    async def add_dataset(request: Request, response: Response, _: Own) -> dict[str, object]:
        """Name a table of a cohort, whose schema is the cohort's."""
        body = read(request.state.body, NewDataset)
        made = await service.registry.add_dataset(body.name, body.cohort)
        response.headers["Location"] = f"/v1/datasets/{made.name}"
        return {"name": made.name, "dataset": made.dataset, "cohort": made.cohort}

    @router.post("/datasets/{name}/versions", status_code=201, openapi_extra=body_of(NewVersion))
    async def add_version(
        name: str, request: Request, response: Response, _: Own
    ) -> dict[str, object]:
        """Register a table as the newest version, and count its persons with noise.

        Nothing of the budget comes back by it. The answer waits for the count.
        """
        body = read(request.state.body, NewVersion)
        if (body.path is None) == (body.intake is None):
            raise RequestError("Give a path or an intake.", field="path")
        made = await service.registry.add_version(
            name,
            path=None if body.path is None else File(body.path),
            task=None if body.intake == "all" else body.intake,
        )
        response.headers["Location"] = f"/v1/datasets/{name}"
        return version_document(made)

    @router.post("/releases/{request_hash}/approve", status_code=202)
    async def approve(request_hash: RequestId, response: Response, _: Own) -> dict[str, object]:
        """Run a request that waits for the institution."""
        entry = await service.desk.approve(request_hash)
        response.headers["Location"] = f"/v1/releases/{entry.id}"
        return entry_document(entry, await service.version_of(entry), visible=False)

    return router
