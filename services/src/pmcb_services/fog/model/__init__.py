# SPDX-License-Identifier: Apache-2.0
"""Orders, servers, and what a plan of one on the other costs."""

from ._certificate import Certificate, relative_gap
from ._evaluation import Evaluation
from ._instance import Instance
from ._plan import Plan

__all__ = ["Certificate", "Evaluation", "Instance", "Plan", "relative_gap"]
