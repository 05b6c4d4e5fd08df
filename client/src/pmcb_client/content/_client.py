# SPDX-License-Identifier: Apache-2.0
"""Calls of the content store."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpx

from pmcb_client.http_identity import SignedRequests

from ._receipt import Receipt
from .errors import ContentMissing, ContentRefused, ContentTampered, ContentUnavailable

if TYPE_CHECKING:
    from pmcb_client.network_file import NetworkFile
    from pmcb_client.sealing import Blob
    from pmcb_client.wallet import WalletIdentity

__all__ = ["ContentClient"]

AUDIENCE = "content"
TIMEOUT_S = 30.0


class ContentClient:
    """The network's content store, as one person.

    Args:
        network: names the store; nothing else ever does.
        identity: signs every request.
        transport: in place of the network, for tests.
        clock: milliseconds UTC, with which requests are signed.

    Raises:
        ContentUnavailable: the network has no content store yet.
    """

    def __init__(
        self,
        network: NetworkFile,
        identity: WalletIdentity,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], int] | None = None,
    ) -> None:
        if network.content is None:
            raise ContentUnavailable(
                "The network file names no content store.",
                next_step="Its operator starts one: `pmcb content serve`.",
            )
        roots = network.content.tls_ca
        self._network = network
        self._identity = identity
        self._http = httpx.AsyncClient(
            base_url=network.content.url,
            auth=SignedRequests(identity, audience=AUDIENCE, clock=clock),
            timeout=TIMEOUT_S,
            transport=transport,
            verify=ssl.create_default_context(cadata=roots) if roots else True,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def put(self, blob: Blob) -> Receipt:
        """Keep a sealed file; may be repeated after any failure.

        Raises:
            ContentUnavailable: no answer; repeat it.
            ContentRefused: with the store's code.
            ForeignReceipt: something answered that is not the network's store.
        """
        answer = await self._call("PUT", f"/v1/blobs/{blob.hash}", content=blob.data)
        try:
            document = answer.json()
        except ValueError:
            document = None
        found = document if isinstance(document, dict) else {}
        uid = self._identity.uid
        return Receipt.checked(found, self._network, digest=blob.hash, uid=uid)

    async def get(self, digest: str) -> bytes:
        """The bytes of a file, which have that hash.

        Raises:
            ContentMissing: none is kept under it.
            ContentTampered: other bytes came.
            ContentUnavailable: no answer.
        """
        data = (await self._call("GET", f"/v1/blobs/{digest}")).content
        if hashlib.sha256(data).hexdigest() != digest:
            raise ContentTampered(digest)
        return data

    async def delete(self, digest: str) -> None:
        """Have a file forgotten that was sealed for the caller."""
        await self._call("DELETE", f"/v1/blobs/{digest}")

    async def shares(self, task: str, subtask: int) -> list[tuple[int, str]]:
        """Slot and hash of the shares that were passed on for a subtask."""
        answer = await self._call("GET", f"/v1/listings/{task}/{subtask}")
        try:
            rows: list[dict[str, Any]] = answer.json()["shares"]
            return [(int(row["slot"]), str(row["hash"])) for row in rows]
        except (ValueError, KeyError, TypeError) as error:
            raise ContentUnavailable("The content store's listing cannot be read.") from error

    async def _call(self, method: str, path: str, **how: Any) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, **how)
        except httpx.HTTPError as error:
            raise ContentUnavailable(
                f"The content store does not answer ({type(error).__name__}).",
                next_step="What is to be sent waits here; try again later.",
            ) from error
        if answer.is_success:
            return answer
        if answer.status_code >= 500:
            raise ContentUnavailable(f"The content store fails ({answer.status_code}).")
        raise _refusal(answer)


def _refusal(answer: httpx.Response) -> ContentRefused:
    try:
        document = answer.json()
        code, message, field = (str(document[key]) for key in ("error", "message", "field"))
    except (ValueError, KeyError, TypeError):
        code, message, field = "", f"it answered {answer.status_code}.", ""
    kind = ContentMissing if code == "NOT_FOUND" else ContentRefused
    return kind(code, message, field=field, status=answer.status_code)
