# SPDX-License-Identifier: Apache-2.0
"""Identity over HTTP: every request signed with the caller's certificate.

A web server does not hand client certificates to the application behind it, so the request itself
is signed; TLS proves the server. ::

    auth = SignedRequests(wallet.get("receiver1"), audience="content")
    httpx.AsyncClient(auth=auth).put(url, content=blob)                # the caller

    checker = RequestChecker(network, audience="content")
    caller = checker.check(SignedRequest("PUT", "/v1/blobs/ab12", headers, body))     # the service
"""

from typing import TYPE_CHECKING

from pmcb_client._lazy import lazily as _lazily

from ._check import Caller, RequestChecker
from ._message import SignedRequest
from .errors import Unauthenticated

if TYPE_CHECKING:
    from ._client import Said, ServiceClient, said
    from ._sign import SignedRequests

__all__ = [
    "Caller",
    "RequestChecker",
    "Said",
    "ServiceClient",
    "SignedRequest",
    "SignedRequests",
    "Unauthenticated",
    "said",
]

__getattr__ = _lazily(
    __name__,
    {
        "Said": "._client",
        "ServiceClient": "._client",
        "SignedRequests": "._sign",
        "said": "._client",
    },
)
"""A service that calls nobody does without httpx, which is 3 MiB: these wait until asked for."""
