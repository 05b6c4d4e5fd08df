# SPDX-License-Identifier: Apache-2.0
"""A content store that cannot give one file: an operator's broken disk, or a defect of ours."""

from types import TracebackType
from typing import Self

from pmcb_client.content import ContentClient


class Broken:
    """The real store, but for one hash, for which an error is raised."""

    def __init__(self, real: ContentClient, digest: str, error: Exception) -> None:
        self.real, self.digest, self.error = real, digest, error
        self.delete = real.delete

    async def __aenter__(self) -> Self:
        await self.real.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.real.__aexit__(kind, error, trace)

    async def get(self, digest: str) -> bytes:
        """The bytes."""
        if digest == self.digest:
            raise self.error
        return await self.real.get(digest)
