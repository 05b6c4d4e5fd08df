# SPDX-License-Identifier: Apache-2.0
"""A cloud behind HTTP, every request signed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from json import dumps, loads
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode, urlsplit

import httpx

from pmcb_client.http_identity import SignedRequests
from pmcb_services.retrieval.errors import CloudUnavailable

from ._checks import (
    check_after,
    check_append,
    check_name,
    check_position,
    check_root,
    items_of,
    labels_of,
)
from ._cloud import LABEL_SIZE, Lease, LogSlice, Root, StoreDescriptor
from ._connections import Answer, Connections, NoAnswer
from ._wire import SLICE, audience, refusal

if TYPE_CHECKING:
    from pmcb_client.network_file import NetworkFile
    from pmcb_client.wallet import WalletIdentity

__all__ = ["RemoteCloud"]

T = TypeVar("T")

TIMEOUT_S = 30.0
IDLE_S = 3.0  # below the five seconds after which the server closes


class RemoteCloud:
    """Speaks to the server of ``pmcb retrieval cloud serve``.

    A call that fails leaves open whether the server did it: the same call again is no change.

    Args:
        network: names the cloud.
        identity: signs every request; an institution of the store's organisation.
        timeout_s: seconds that an answer may take.
        clock: milliseconds UTC, with which requests are signed.

    Raises:
        CloudUnavailable: the network has no cloud.
    """

    def __init__(
        self,
        network: NetworkFile,
        identity: WalletIdentity,
        *,
        timeout_s: float = TIMEOUT_S,
        clock: Callable[[], int] | None = None,
    ) -> None:
        server = network.cloud
        if server is None:
            raise CloudUnavailable(
                "The network file names no cloud.",
                next_step="Start one: `pmcb retrieval cloud serve`.",
            )
        self._known: dict[str, StoreDescriptor] = {}
        self._path = f"{urlsplit(server.url).path.rstrip('/')}/v1"
        self._auth = SignedRequests(identity, audience=audience(server.uid), clock=clock)
        self._http = Connections(server.url, server.tls_ca, timeout_s=timeout_s, idle_s=IDLE_S)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def create(self, descriptor: StoreDescriptor) -> None:
        """Begin a store, for the identity's organisation."""
        body = asdict(descriptor)
        del body["owner"]
        self._send("POST", "/stores", json=body)

    def describe(self, store: str) -> StoreDescriptor:
        """The descriptor."""
        found = self._read(StoreDescriptor, "GET", _store(store))
        self._known[store] = found
        return found

    def lease(self, store: str, holder: str, seconds: float) -> Lease:
        """Take or renew the lease."""
        body = {"holder": holder, "seconds": seconds}
        return self._read(Lease, "POST", f"{_store(store)}/lease", json=body)

    def release(self, store: str, fence: int) -> None:
        """Give the lease back."""
        self._send("DELETE", f"{_store(store)}/lease", fence)

    def root(self, store: str) -> Root | None:
        """The newest root."""
        answer = self._send("GET", f"{_store(store)}/root")
        if answer.status == HTTPStatus.NO_CONTENT:
            return None
        return Root(_number(answer, "ETag"), answer.content)

    def put_root(self, store: str, fence: int, root: Root) -> None:
        """Replace the root."""
        check_root(root)
        match = {"If-Match": f'"{root.version - 1}"'}
        self._send("PUT", f"{_store(store)}/root", fence, headers=match, content=root.sealed)

    def pools(self, store: str) -> list[str]:
        """Names of the pools."""
        return self._read(_Pools, "GET", f"{_store(store)}/pools").pools

    def put_pool(self, store: str, fence: int, pool: str, items: bytes) -> None:
        """Add items to a pool, slice by slice; the cloud keeps those before one that fails."""
        blob_size = self._sizes(store).blob_size
        found, size = items_of(items, blob_size), LABEL_SIZE + blob_size
        for start, end in _slices(len(found), size):
            part = items[start * size : end * size]
            self._send("PUT", _pool(store, pool), fence, content=part)

    def read_pool(self, store: str, pool: str, after: bytes, limit: int) -> bytes:
        """Items of a pool, ascending."""
        check_after(after)
        check_position(limit, "limit", least=1)
        size = LABEL_SIZE + self._sizes(store).blob_size
        parts: list[bytes] = []
        while limit:
            asked = min(limit, SLICE // size)
            query = {"after": after.hex(), "limit": asked}
            part = self._send("GET", _pool(store, pool), params=query).content
            parts.append(part)
            if len(part) < asked * size:
                break
            after, limit = part[-size:][:LABEL_SIZE], limit - asked
        return b"".join(parts)

    def drop_pool(self, store: str, fence: int, pool: str) -> None:
        """Remove a pool."""
        self._send("DELETE", _pool(store, pool), fence)

    def fetch(self, store: str, fence: int, pool: str, labels: bytes) -> bytes:
        """Blobs of a pool."""
        wanted = labels_of(labels)
        size = self._sizes(store).blob_size
        parts = []
        for start, end in _slices(len(wanted), size):
            part = labels[start * LABEL_SIZE : end * LABEL_SIZE]
            answer = self._send("POST", f"{_pool(store, pool)}/fetch", fence, content=part)
            parts.append(answer.content)
        return b"".join(parts)

    def append(self, store: str, fence: int, first: int, items: bytes) -> None:
        """Write log items; more than 4 MiB of them slice by slice."""
        log_size = self._sizes(store).log_size
        found, size = check_append(first, items, log_size), LABEL_SIZE + log_size
        for start, end in _slices(len(found), size):
            part = items[start * size : end * size]
            query = {"first": first + start}
            self._send("POST", f"{_store(store)}/log", fence, params=query, content=part)

    def read_log(self, store: str, first: int, limit: int) -> LogSlice:
        """Log items in order."""
        check_position(first, "first")
        check_position(limit, "limit", least=1)
        size = LABEL_SIZE + self._sizes(store).log_size
        parts: list[bytes] = []
        start, end = -1, first
        while limit:
            asked = min(limit, SLICE // size)
            query = {"first": end, "limit": asked}
            answer = self._send("GET", f"{_store(store)}/log", params=query)
            here, part = _number(answer, "PMCB-First"), answer.content
            if parts and here != end:
                break  # trimmed meanwhile
            start = here if start < 0 else start
            parts.append(part)
            end, limit = here + len(part) // size, limit - asked
            if len(part) < asked * size:
                break
        return LogSlice(start, b"".join(parts))

    def trim(self, store: str, fence: int, before: int) -> None:
        """Forget log items."""
        check_position(before, "before")
        self._send("POST", f"{_store(store)}/log/trim", fence, params={"before": before})

    def _sizes(self, store: str) -> StoreDescriptor:
        return self._known.get(store) or self.describe(store)

    def _read(self, kind: Callable[..., T], method: str, path: str, **how: Any) -> T:
        """The document that is answered."""
        try:
            return kind(**loads(self._send(method, path, **how).content))
        except (ValueError, TypeError) as error:
            raise _unreadable() from error

    def _send(
        self,
        method: str,
        path: str,
        fence: int | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, object] | None = None,
        content: bytes = b"",
        json: object = None,
    ) -> Answer:
        sent = dict(headers or {})
        if fence is not None:
            sent["PMCB-Fence"] = str(fence)
        target = f"{self._path}{path}?{urlencode(params)}" if params else self._path + path
        body = content if json is None else dumps(json).encode()
        sent.update(self._auth.headers(method, target, sent, body))
        try:
            answer = self._http.ask(method, target, sent, body)
        except NoAnswer as error:
            raise CloudUnavailable(f"The cloud does not answer ({error}).") from error
        if not answer.is_success:
            raise refusal(httpx.Response(answer.status, content=answer.content))
        return answer


@dataclass(frozen=True)
class _Pools:
    pools: list[str]


def _store(store: str) -> str:
    return f"/stores/{check_name(store, 'store')}"


def _pool(store: str, pool: str) -> str:
    return f"{_store(store)}/pools/{check_name(pool, 'pool')}"


def _slices(count: int, size: int) -> Iterator[tuple[int, int]]:
    """Where slices of at most 4 MiB begin and end, of so many items of this size."""
    step = SLICE // size
    for start in range(0, count, step):
        yield start, min(start + step, count)


def _number(answer: Answer, header: str) -> int:
    try:
        return int(answer.headers[header.lower()].strip('"'))
    except (KeyError, ValueError) as error:
        raise _unreadable() from error


def _unreadable() -> CloudUnavailable:
    return CloudUnavailable("The cloud's answer cannot be read.")
