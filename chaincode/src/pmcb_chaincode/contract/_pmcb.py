# SPDX-License-Identifier: Apache-2.0
"""The PMCB contract: its parts put together."""

from ._budget_queries import BudgetQueries
from ._budgets import Budgets
from ._claims import Claims
from ._credit import Credit
from ._directory import Directory
from ._grants import Grants
from ._histories import Histories
from ._levels import Levels
from ._party_queries import PartyQueries
from ._queries import Queries
from ._retrieval_queries import RetrievalQueries
from ._rewards import Rewards
from ._sharing import Sharing
from ._standing import Standing
from ._stores import Stores
from ._submissions import Submissions
from ._tasks import Tasks


class Pmcb(
    Directory,
    Levels,
    Standing,
    Credit,
    Tasks,
    Claims,
    Sharing,
    Submissions,
    Rewards,
    Budgets,
    Grants,
    Stores,
    Queries,
    PartyQueries,
    BudgetQueries,
    RetrievalQueries,
    Histories,
):
    """Levels, leveled tasks, claims, answers, rewards, budgets and grants on a ledger.

    A receiver takes a subtask only when the registry's level of that person equals the subtask's
    level (Peng et al.: security level = task level). Roles come from the caller's certificate,
    levels from the ledger, never from an argument.
    """
