# SPDX-License-Identifier: Apache-2.0
"""A table becomes a release that may be kept for ever, under a budget that the ledger enforces."""

from typing import TYPE_CHECKING

from pmcb_client._lazy import lazily as _lazily

from ._bounds import suggest_bounds
from ._check import ColumnCheck, TableCheck, check_table
from ._epsilon import parse_epsilon
from ._listed import Nominal, Ordinal
from ._mpdp_k import MPDPK
from ._numeric import Numeric
from ._release import Release, write_receipt, zipped
from ._release_document import Ledger, Origin
from ._schema import Schema
from ._table import Table
from .errors import (
    BudgetExhausted,
    EpsilonError,
    Forbidden,
    LedgerUnavailable,
    NotEnoughData,
    NotPrivate,
    PrivacyWarning,
    PublishingError,
    ReleaseLost,
    ReleaseTampered,
    RequestError,
    SchemaError,
    ServiceRefused,
    ServiceUnavailable,
    SubjectsOverlap,
    TableUnreadable,
)

if TYPE_CHECKING:
    from ._assembly import Publishing
    from ._client import PublishingClient
    from ._service import publishing_application

__all__ = [
    "MPDPK",
    "BudgetExhausted",
    "ColumnCheck",
    "EpsilonError",
    "Forbidden",
    "Ledger",
    "LedgerUnavailable",
    "Nominal",
    "NotEnoughData",
    "NotPrivate",
    "Numeric",
    "Ordinal",
    "Origin",
    "PrivacyWarning",
    "Publishing",
    "PublishingClient",
    "PublishingError",
    "Release",
    "ReleaseLost",
    "ReleaseTampered",
    "RequestError",
    "Schema",
    "SchemaError",
    "ServiceRefused",
    "ServiceUnavailable",
    "SubjectsOverlap",
    "Table",
    "TableCheck",
    "TableUnreadable",
    "check_table",
    "parse_epsilon",
    "publishing_application",
    "suggest_bounds",
    "write_receipt",
    "zipped",
]

__getattr__ = _lazily(
    __name__,
    {
        "Publishing": "._assembly",
        "PublishingClient": "._client",
        "publishing_application": "._service",
    },
)
"""Only who serves or calls a service waits for a web server's import."""
