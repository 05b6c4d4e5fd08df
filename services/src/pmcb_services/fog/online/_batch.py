# SPDX-License-Identifier: Apache-2.0
"""Orders that were submitted together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pmcb_services.fog.errors import FogError

from ._order import Order

if TYPE_CHECKING:
    from ._admission import Admitted

__all__ = ["Batch"]


@dataclass
class Batch:
    """What becomes of orders that were submitted together.

    Attributes:
        answers: to each, in their order.
        taken, placed: those that nothing speaks against, as they came and where they go.
        stand: the same once they are on disk.
    """

    answers: list[Order | FogError] = field(default_factory=list)
    taken: list[Admitted] = field(default_factory=list)
    placed: list[Order] = field(default_factory=list)
    stand: list[Order | FogError] = field(default_factory=list)
