# SPDX-License-Identifier: Apache-2.0
"""Serves a Python contract to Fabric peers.

::

    class Notes(Contract):
        name = "notes"

        @transaction(roles=("releaser",))
        async def put_note(self, ctx: Context, note_id: Id) -> JsonObject:
            ctx.ledger.put(composite("NOTE", note_id), canonical_dumps({"by": ctx.caller.uid}))
            return {"note": note_id}

    asyncio.run(serve(Notes(), package_id=package_id, address="127.0.0.1:20040"))
"""

from pmcb_chaincode._codes import Code

from ._caller import Caller
from ._canonical import JsonObject, JsonValue, canonical_dumps, canonical_loads
from ._context import Context
from ._invocation import Response
from ._keys import composite, prefix_range, split_composite
from ._ledger import Ledger
from ._loop import loop_factory
from ._metrics import Metrics
from ._observers import Observers
from ._operations import Operations, Status
from ._parameters import (
    Bool,
    Hash,
    Id,
    Int,
    Json,
    ListOf,
    MapOf,
    Match,
    Ratio,
    Row,
    Rule,
    one_of,
    text,
)
from ._policies import endorsed_by
from ._protos import ChaincodeMessage
from ._queries import KV, Modification, Page
from ._refusals import RefusalLog
from ._registry import Contract, query, transaction
from ._server import ChaincodeServer, ServerTls, serve
from ._session import Session
from .errors import (
    BridgeError,
    ContractError,
    PeerError,
    PeerTimeout,
    ProtocolError,
    Refusal,
    RefusalCode,
    ServerConfigError,
    SessionClosed,
    TooManyRows,
)

__all__ = [
    "KV",
    "Bool",
    "BridgeError",
    "Caller",
    "ChaincodeMessage",
    "ChaincodeServer",
    "Code",
    "Context",
    "Contract",
    "ContractError",
    "Hash",
    "Id",
    "Int",
    "Json",
    "JsonObject",
    "JsonValue",
    "Ledger",
    "ListOf",
    "MapOf",
    "Match",
    "Metrics",
    "Modification",
    "Observers",
    "Operations",
    "Page",
    "PeerError",
    "PeerTimeout",
    "ProtocolError",
    "Ratio",
    "Refusal",
    "RefusalCode",
    "RefusalLog",
    "Response",
    "Row",
    "Rule",
    "ServerConfigError",
    "ServerTls",
    "Session",
    "SessionClosed",
    "Status",
    "TooManyRows",
    "canonical_dumps",
    "canonical_loads",
    "composite",
    "endorsed_by",
    "loop_factory",
    "one_of",
    "prefix_range",
    "query",
    "serve",
    "split_composite",
    "text",
    "transaction",
]
