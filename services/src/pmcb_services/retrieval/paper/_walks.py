# SPDX-License-Identifier: Apache-2.0
"""The searches of trees: compiled where numba is installed, else level by level in NumPy."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING or find_spec("numba") is None:
    from ._frontier import best_in_balanced, search_balanced, search_kd, search_range_tree
else:
    from ._kernels import best_in_balanced, search_balanced, search_kd, search_range_tree

__all__ = ["best_in_balanced", "search_balanced", "search_kd", "search_range_tree"]
