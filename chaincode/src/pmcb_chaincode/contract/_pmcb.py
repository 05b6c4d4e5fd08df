# SPDX-License-Identifier: Apache-2.0
"""The PMCB contract: its parts put together."""

from ._claims import Claims
from ._directory import Directory
from ._levels import Levels
from ._queries import Queries
from ._standing import Standing
from ._submissions import Submissions
from ._tasks import Tasks


class Pmcb(Directory, Levels, Standing, Tasks, Claims, Submissions, Queries):
    """Levels, leveled tasks, claims, submissions and verdicts on a ledger.

    A receiver takes a subtask only when the registry's level of that person equals the subtask's
    level (Peng et al.: security level = task level). Roles come from the caller's certificate,
    levels from the ledger, never from an argument.
    """
