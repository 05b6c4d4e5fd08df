# SPDX-License-Identifier: Apache-2.0
"""Orders of medical workers and devices on a group of fog servers, with proven plans."""

import importlib as _importlib
from typing import TYPE_CHECKING

from .checker import check
from .solve import solve  # the function: it covers the package of the same name

if TYPE_CHECKING:
    from .model import Certificate, Evaluation, Instance, Plan
    from .solve import Front, front

__all__ = ["Certificate", "Evaluation", "Front", "Instance", "Plan", "check", "front", "solve"]

_LATE = {
    "Certificate": ".model",
    "Evaluation": ".model",
    "Front": ".solve",
    "Instance": ".model",
    "Plan": ".model",
    "front": ".solve",
}
"""Checker, commands and fog workers do without numbers and compiled loops."""


def __getattr__(name: str) -> object:
    """What `_LATE` names."""
    if name in _LATE:
        return getattr(_importlib.import_module(_LATE[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
