# SPDX-License-Identifier: Apache-2.0
"""Identity over HTTP: every request signed with the caller's certificate.

A web server does not hand client certificates to the application behind it, so the request itself
is signed; TLS proves the server. ::

    auth = SignedRequests(wallet.get("receiver1"), audience="content")
    httpx.AsyncClient(auth=auth).put(url, content=blob)                # the caller

    checker = RequestChecker(network, audience="content")
    caller = checker.check(SignedRequest("PUT", "/v1/blobs/ab12", headers, body))     # the service
"""

from ._check import Caller, RequestChecker
from ._client import Said, ServiceClient, said
from ._message import SignedRequest
from ._sign import SignedRequests
from .errors import Unauthenticated

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
