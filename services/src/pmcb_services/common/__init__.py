# SPDX-License-Identifier: Apache-2.0
"""What every service shares."""

from ._application import Running, SignedCaller, application
from ._serve import Served, serve
from ._trust import following
from .errors import ErrorCode, ServiceError

__all__ = [
    "ErrorCode",
    "Running",
    "Served",
    "ServiceError",
    "SignedCaller",
    "application",
    "following",
    "serve",
]
