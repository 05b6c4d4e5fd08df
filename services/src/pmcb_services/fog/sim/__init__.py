# SPDX-License-Identifier: Apache-2.0
"""The fog without a fog: scenarios, and what would happen in them."""

from ._failure import Failure
from ._hcsp import Hcsp, Published, parse_hcsp, read_hcsp, read_hcsp_archive
from ._policy import Policy
from ._power import Draw, PowerState, integral
from ._scenario import Scenario
from ._simulation import Simulation
from ._simulator import simulate
from ._workload import CLASSES, Arrival, Arrivals

__all__ = [
    "CLASSES",
    "Arrival",
    "Arrivals",
    "Draw",
    "Failure",
    "Hcsp",
    "Policy",
    "PowerState",
    "Published",
    "Scenario",
    "Simulation",
    "integral",
    "parse_hcsp",
    "read_hcsp",
    "read_hcsp_archive",
    "simulate",
]
