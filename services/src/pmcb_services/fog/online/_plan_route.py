# SPDX-License-Identifier: Apache-2.0
"""Plans that are asked for: a scenario in, a plan with its proof out, nothing kept."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from pmcb_client.http_identity import Caller, RequestChecker
from pmcb_services.common import SignedCaller
from pmcb_services.common._bodies import body_of, read_body

from ._bodies import PlanAsked
from ._gateway import Gateway
from ._planned import planned

__all__ = ["plan_routes"]

MAX_BODY_BYTES = 4 * 2**20
APART_S = 20.0
"""Beyond the time that was asked for: to read a scenario, to bound its cost, to compile."""

Document = dict[str, Any]


def plan_routes(gateway: Gateway, checker: RequestChecker) -> APIRouter:
    """See `order_routes`."""
    router = APIRouter(prefix="/v1")
    Who = Annotated[Caller, Depends(SignedCaller(checker, body_bytes=MAX_BODY_BYTES))]  # noqa: N806

    @router.post("/plans", openapi_extra=body_of(PlanAsked))
    async def plan(_: Who, request: Request) -> Document:
        """Plan the orders that a scenario lists."""
        asked = read_body(request.state.body, PlanAsked)
        words = (asked.scenario, asked.algorithm, asked.time_s, asked.seed)
        return await gateway.planner.call(planned, *words, within_s=asked.time_s + APART_S)

    return router
