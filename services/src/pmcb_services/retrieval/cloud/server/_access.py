# SPDX-License-Identifier: Apache-2.0
"""Who may use a store: the institutions of the organisation that created it."""

from __future__ import annotations

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from pmcb_client.http_identity import Caller, RequestChecker
from pmcb_services.common import ErrorCode, ServiceError, SignedCaller
from pmcb_services.retrieval.cloud._cloud import Cloud, StoreDescriptor

__all__ = ["BODY_S", "ROLE", "Descriptors", "StoreCaller", "fence_of"]

BODY_S = 60.0
ROLE = "institution"


class Descriptors:
    """What every store is; none ever changes."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._known: dict[str, StoreDescriptor] = {}

    async def of(self, store: str) -> StoreDescriptor:
        """The descriptor.

        Raises:
            UnknownStore: there is no such store.
        """
        if store not in self._known:
            self._known[store] = await run_in_threadpool(self._cloud.describe, store)
        return self._known[store]


class StoreCaller(SignedCaller):
    """A FastAPI dependency: somebody whose certificate the store of the path admits.

    That is each ``institution`` of the organisation that created it, unless it was revoked.
    """

    def __init__(
        self, checker: RequestChecker, descriptors: Descriptors, *, body_bytes: int = 0
    ) -> None:
        super().__init__(checker, roles=(ROLE,), body_bytes=body_bytes, body_s=BODY_S)
        self._descriptors = descriptors

    async def __call__(self, request: Request) -> Caller:
        """Check the request.

        Raises:
            ServiceError: ``FORBIDDEN``, ``TOO_LARGE`` or ``TOO_SLOW``.
            Unauthenticated: nobody signed it.
            UnknownStore: there is no such store.
        """
        caller = await super().__call__(request)
        described = await self._descriptors.of(request.path_params["store"])
        if caller.msp_id != described.owner:
            raise ServiceError(ErrorCode.FORBIDDEN, "The store belongs to another organisation.")
        return caller


def fence_of(request: Request) -> int:
    """The header ``PMCB-Fence``.

    Raises:
        ServiceError: ``BAD_REQUEST``, it is absent or no number.
    """
    text = request.headers.get("PMCB-Fence", "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise ServiceError(
            ErrorCode.BAD_REQUEST, "The fence of your lease is needed.", field="PMCB-Fence"
        )
    return int(text)
