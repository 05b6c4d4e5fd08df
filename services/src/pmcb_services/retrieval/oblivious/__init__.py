# SPDX-License-Identifier: Apache-2.0
"""A store whose cloud sees counts and times, and nothing else."""

from ._state import MemoryState, State
from ._store import ObliviousStore

__all__ = ["MemoryState", "ObliviousStore", "State"]
