# SPDX-License-Identifier: Apache-2.0
"""Calls of the content store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx

from pmcb_client.http_identity import ServiceClient, said
from pmcb_client.orders import Errand, NotCarried, orders_of

from ._receipt import Receipt
from ._share import PassedShare
from .errors import (
    ContentForgotten,
    ContentMissing,
    ContentRefused,
    ContentTampered,
    ContentUnavailable,
)

if TYPE_CHECKING:
    from pmcb_client.network_file import NetworkFile
    from pmcb_client.sealing import Blob
    from pmcb_client.wallet import WalletIdentity

__all__ = ["ContentClient"]

AUDIENCE = "content"
TIMEOUT_S = 30.0
CARRIED_S = 600
"""How long the fog may take over a file, and its sender's link over bringing it there."""


class ContentClient(ServiceClient):
    """The network's content store, as one person.

    What a receiver keeps there travels as an order of the fog, where network.json names an order
    gateway of the store's organisation; all else goes to the store itself.

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
        super().__init__(
            network.content.url,
            network.content.tls_ca,
            identity,
            audience=AUDIENCE,
            timeout_s=TIMEOUT_S,
            transport=transport,
            clock=clock,
            orders=orders_of(
                network, network.content.msp, identity, "receiver", transport=transport, clock=clock
            ),
        )
        self._network = network
        self._identity = identity

    async def put(self, blob: Blob) -> Receipt:
        """Keep a sealed file; may be repeated after any failure.

        Raises:
            ContentUnavailable: no answer; repeat it.
            ContentRefused: with the store's code.
            ForeignReceipt: something answered that is not the network's store.
        """
        path = f"/v1/blobs/{blob.hash}"
        if self._orders is not None:
            return self._receipt(await self._carried(path, blob.data), blob.hash)
        return await self._put(path, blob.hash, blob.data)

    async def get(self, digest: str) -> bytes:
        """The bytes of a file, which have that hash.

        Raises:
            ContentMissing: none is kept under it.
            ContentTampered: other bytes came.
            ContentUnavailable: no answer.
        """
        return await self._get(f"/v1/blobs/{digest}", digest)

    async def put_notice(self, notice: bytes) -> Receipt:
        """Keep a task's notice, for everybody to read; may be repeated after any failure.

        Raises:
            ContentError: as `put` says.
        """
        digest = hashlib.sha256(notice).hexdigest()
        return await self._put(f"/v1/notices/{digest}", digest, notice)

    async def get_notice(self, digest: str) -> bytes:
        """A notice, which has that hash; `notice_text` gives its words.

        Raises:
            ContentError: as `get` says.
        """
        return await self._get(f"/v1/notices/{digest}", digest)

    async def delete(self, digest: str) -> None:
        """Have a file forgotten that was sealed for the caller."""
        await self._call("DELETE", f"/v1/blobs/{digest}")

    async def shares(self, task: str, subtask: int) -> list[PassedShare]:
        """The shares that were passed on for a subtask."""
        answer = await self._call("GET", f"/v1/listings/{task}/{subtask}")
        try:
            rows: list[dict[str, Any]] = answer.json()["shares"]
            return [
                PassedShare(int(row["slot"]), str(row["holder"]), str(row["hash"])) for row in rows
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise ContentUnavailable("The content store's listing cannot be read.") from error

    async def _put(self, path: str, digest: str, data: bytes) -> Receipt:
        return self._receipt(await self._call("PUT", path, content=data), digest)

    def _receipt(self, answer: httpx.Response, digest: str) -> Receipt:
        try:
            document = answer.json()
        except ValueError:
            document = None
        found = document if isinstance(document, dict) else {}
        return Receipt.checked(found, self._network, digest=digest, uid=self._identity.uid)

    async def _get(self, path: str, digest: str) -> bytes:
        data = (await self._call("GET", path)).content
        if hashlib.sha256(data).hexdigest() != digest:
            raise ContentTampered(digest)
        return data

    async def _call(self, method: str, path: str, **how: Any) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, **how)
        except httpx.HTTPError as error:
            raise ContentUnavailable(
                f"The content store does not answer ({type(error).__name__}).",
                next_step="Nothing is lost by that; try again later.",
            ) from error
        return _checked(answer)

    async def _carried(self, path: str, data: bytes) -> httpx.Response:
        """The store's answer to a file that the fog brought there."""
        assert self._orders is not None
        errand = Errand(
            kind="upload.submission",
            audience=AUDIENCE,
            method="PUT",
            target=path,
            body=data,
            lifetime_s=CARRIED_S,
        )
        try:
            return _checked(await self._orders.carry(errand))
        except NotCarried as error:
            raise ContentUnavailable(str(error), next_step=error.next_step) from error


def _checked(answer: httpx.Response) -> httpx.Response:
    """The same, unless it is no success."""
    if answer.is_success:
        return answer
    if answer.status_code >= 500:
        raise ContentUnavailable(f"The content store fails ({answer.status_code}).")
    raise _refusal(answer)


_KINDS = {"NOT_FOUND": ContentMissing, "FORGOTTEN": ContentForgotten}


def _refusal(answer: httpx.Response) -> ContentRefused:
    code, message, field = said(answer)
    kind = _KINDS.get(code, ContentRefused)
    return kind(code, message, field=field, status=answer.status_code)
