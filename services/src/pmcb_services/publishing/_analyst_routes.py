# SPDX-License-Identifier: Apache-2.0
"""What analysts ask for over HTTP: data sets, budgets, and what costs of them."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from pmcb_client.http_identity import Caller, RequestChecker
from pmcb_services.common import ErrorCode, ServiceError, SignedCaller

from ._answers import account_document, dataset_document, entry_document
from ._assembly import Publishing
from ._bodies import NewMetrics, NewRelease, body_of, read
from ._desk import Asked
from ._entries import Entry
from ._institution_routes import MAX_BODY_BYTES, CohortId, RequestId
from ._release_routes import READERS, published
from ._requests import exact

__all__ = ["analyst_routes"]


def analyst_routes(service: Publishing, checker: RequestChecker, msp_id: str) -> APIRouter:
    """The routes.

    Args:
        service: behind them.
        checker: who calls.
        msp_id: of the institution, which sees of its own cohorts also what waits.
    """
    router = APIRouter(prefix="/v1")
    buyer = SignedCaller(checker, roles=("analyst",), body_bytes=MAX_BODY_BYTES)
    reader = SignedCaller(checker, roles=READERS)
    Reader = Annotated[Caller, Depends(reader)]  # noqa: N806  # a type
    Buyer = Annotated[Caller, Depends(buyer)]  # noqa: N806  # a type

    async def answer(entry: Entry, response: Response) -> dict[str, object]:
        visible = service.is_visible(entry)
        response.status_code = 200 if visible else 202
        response.headers["Location"] = f"/v1/releases/{entry.id}"
        return entry_document(entry, await service.version_of(entry), visible=visible)

    @router.get("/datasets")
    async def datasets(_: Reader) -> dict[str, object]:
        """All data sets, with their cohorts."""
        found = await asyncio.to_thread(service.catalogue.datasets)
        return {"datasets": [vars(each) for each in found]}

    @router.get("/datasets/{name}")
    async def dataset(name: str, _: Reader) -> dict[str, object]:
        """A data set: schema, versions, and about how many persons are in each."""
        found = await asyncio.to_thread(service.catalogue.dataset, name)
        if found is None:
            raise ServiceError(ErrorCode.NOT_FOUND, "There is no such data set.")
        cohort = await service.registry.cohort(found.cohort)
        versions = await asyncio.to_thread(service.catalogue.versions, name)
        return dataset_document(found, cohort.schema, versions)

    @router.get("/cohorts/{cohort}")
    async def cohort(
        cohort: CohortId, caller: Reader, epsilon: str | None = None
    ) -> dict[str, object]:
        """A budget: total, spent, left; with ``epsilon`` how many such requests are left.

        The institution also sees its policy, and what waits for its approval.
        """
        found = await service.registry.cohort(cohort)
        asked = None if epsilon is None else exact(epsilon, "epsilon")
        document = account_document(cohort, await service.budgets.get(cohort), asked)
        if (caller.role, caller.msp_id) == ("institution", msp_id):
            document["rules"] = found.policy.documents()
            document["pending"] = await service.pending(cohort)
        return document

    @router.post("/releases", status_code=202, openapi_extra=body_of(NewRelease))
    async def ask(request: Request, response: Response, caller: Buyer) -> dict[str, object]:
        """Ask for a release: 200 where it stands already, free; else 202, and where to look.

        What the institution's policy does not allow waits for its approval, as ``pending``.
        """
        body = read(request.state.body, NewRelease)
        given = body.model_dump() | {"epsilon": exact(body.epsilon, "epsilon")}
        return await answer(await service.desk.ask(Asked(**given), caller.uid), response)

    @router.post(
        "/releases/{request_hash}/metrics", status_code=202, openapi_extra=body_of(NewMetrics)
    )
    async def metrics(
        request_hash: RequestId, request: Request, response: Response, caller: Buyer
    ) -> dict[str, object]:
        """Buy how well a release's clusters fit the table itself."""
        body = read(request.state.body, NewMetrics)
        await published(service, request_hash)
        epsilon = exact(body.epsilon, "epsilon")
        entry = await service.desk.metrics(request_hash, epsilon, body.attempt, caller.uid)
        return await answer(entry, response)

    return router
