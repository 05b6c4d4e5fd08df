# SPDX-License-Identifier: Apache-2.0
"""The published range search over ASPE vectors, its baselines, and the attacks that break it.

For reproducing figures, and for teaching. It protects nothing: `attacks` reads its records.
"""

from ._answer import LABEL, PaperAnswer
from ._aspe import DUMMIES, AspeKey, Trapdoor
from ._attempt import Attack, Attempt, attempt
from ._backtrack import backtrack
from ._balanced import BalancedTree
from ._cost import Histograms
from ._forest import Forest, ForestPlan
from ._found import Found
from ._kdtree import KdTree
from ._rangetree import RangeTree
from ._scan import best_of_all, scan
from ._store import PaperStore
from ._walks import best_in_balanced, search_balanced, search_kd, search_range_tree

__all__ = [
    "DUMMIES",
    "LABEL",
    "AspeKey",
    "Attack",
    "Attempt",
    "BalancedTree",
    "Forest",
    "ForestPlan",
    "Found",
    "Histograms",
    "KdTree",
    "PaperAnswer",
    "PaperStore",
    "RangeTree",
    "Trapdoor",
    "attempt",
    "backtrack",
    "best_in_balanced",
    "best_of_all",
    "scan",
    "search_balanced",
    "search_kd",
    "search_range_tree",
]
