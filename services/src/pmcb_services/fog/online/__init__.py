# SPDX-License-Identifier: Apache-2.0
"""The fog at work: orders to servers, as they come."""

from typing import TYPE_CHECKING

from pmcb_client._lazy import lazily as _lazily

if TYPE_CHECKING:
    from ._address import Address
    from ._app import fog_application
    from ._audit import Audit, Auditor, audit_store
    from ._broker import Broker
    from ._collector import Collector
    from ._correction import Correction
    from ._dispatch import LATENESS, WEIGHTS, Choice, choose
    from ._gateway import Gateway
    from ._handler import Handler, LeaseShort, OrderFailed, OutcomeUnknown, Task
    from ._inner import InnerRequest
    from ._order import Event, Order
    from ._postgres import PostgresDatabase
    from ._queue import Precedence, Queue, Waiting
    from ._replan import Replanned, replan
    from ._server import COEFFICIENT, IDLE, Fleet, Server, watts
    from ._settings import GatewaySettings
    from ._sqlite import SqliteDatabase
    from ._state import State
    from ._store import Database, Store
    from ._vault import Vault
    from ._worker import Worker

__all__ = [
    "COEFFICIENT",
    "IDLE",
    "LATENESS",
    "WEIGHTS",
    "Address",
    "Audit",
    "Auditor",
    "Broker",
    "Choice",
    "Collector",
    "Correction",
    "Database",
    "Event",
    "Fleet",
    "Gateway",
    "GatewaySettings",
    "Handler",
    "InnerRequest",
    "LeaseShort",
    "Order",
    "OrderFailed",
    "OutcomeUnknown",
    "PostgresDatabase",
    "Precedence",
    "Queue",
    "Replanned",
    "Server",
    "SqliteDatabase",
    "State",
    "Store",
    "Task",
    "Vault",
    "Waiting",
    "Worker",
    "audit_store",
    "choose",
    "fog_application",
    "replan",
    "watts",
]

__getattr__ = _lazily(
    __name__,
    {
        "COEFFICIENT": "._server",
        "IDLE": "._server",
        "LATENESS": "._dispatch",
        "WEIGHTS": "._dispatch",
        "Address": "._address",
        "Audit": "._audit",
        "Auditor": "._audit",
        "Broker": "._broker",
        "Choice": "._dispatch",
        "Collector": "._collector",
        "Correction": "._correction",
        "Database": "._store",
        "Event": "._order",
        "Fleet": "._server",
        "Gateway": "._gateway",
        "GatewaySettings": "._settings",
        "Handler": "._handler",
        "InnerRequest": "._inner",
        "LeaseShort": "._handler",
        "Order": "._order",
        "OrderFailed": "._handler",
        "OutcomeUnknown": "._handler",
        "PostgresDatabase": "._postgres",
        "Precedence": "._queue",
        "Queue": "._queue",
        "Replanned": "._replan",
        "Server": "._server",
        "SqliteDatabase": "._sqlite",
        "State": "._state",
        "Store": "._store",
        "Task": "._handler",
        "Vault": "._vault",
        "Waiting": "._queue",
        "Worker": "._worker",
        "audit_store": "._audit",
        "choose": "._dispatch",
        "fog_application": "._app",
        "replan": "._replan",
        "watts": "._server",
    },
)
"""The processes that run orders do without numbers, and start often: these wait until asked for."""
