# SPDX-License-Identifier: Apache-2.0
"""What every service shares."""

from typing import TYPE_CHECKING

from pmcb_client._lazy import lazily as _lazily
from pmcb_client._spared import without_rich as _without_rich

with _without_rich():
    import structlog as _structlog  # noqa: F401 - here, before any part of a service imports it

if TYPE_CHECKING:
    from ._application import Running, SignedCaller, application
    from ._handler import SubtaskHandler
    from ._logs import log_to_stderr
    from ._serve import Served, serve, serving
    from ._trust import following
    from .errors import ErrorCode, ServiceError

__all__ = [
    "ErrorCode",
    "Running",
    "Served",
    "ServiceError",
    "SignedCaller",
    "SubtaskHandler",
    "application",
    "following",
    "log_to_stderr",
    "serve",
    "serving",
]

__getattr__ = _lazily(
    __name__,
    {
        "ErrorCode": ".errors",
        "Running": "._application",
        "Served": "._serve",
        "ServiceError": ".errors",
        "SignedCaller": "._application",
        "SubtaskHandler": "._handler",
        "application": "._application",
        "following": "._trust",
        "log_to_stderr": "._logs",
        "serve": "._serve",
        "serving": "._serve",
    },
)
"""Processes that serve nobody over HTTP do without its libraries: these wait until asked for."""
