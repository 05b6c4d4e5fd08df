# SPDX-License-Identifier: Apache-2.0
"""Orders of medical workers and devices on a group of fog servers, with proven plans."""

from typing import TYPE_CHECKING

from pmcb_client._lazy import lazily as _lazily

from .checker import check
from .solve import solve  # the function: it covers the package of the same name

if TYPE_CHECKING:
    from .model import Certificate, Evaluation, Instance, Plan
    from .solve import Front, front

__all__ = ["Certificate", "Evaluation", "Front", "Instance", "Plan", "check", "front", "solve"]

__getattr__ = _lazily(
    __name__,
    {
        "Certificate": ".model",
        "Evaluation": ".model",
        "Front": ".solve",
        "Instance": ".model",
        "Plan": ".model",
        "front": ".solve",
    },
)
"""Checker, commands and fog workers do without numbers and compiled loops."""
