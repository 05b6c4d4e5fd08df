# SPDX-License-Identifier: Apache-2.0
"""Which files are made wrong, and which tests must notice."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "chaincode/src/pmcb_chaincode"
CACHE = ROOT / ".mutation_cache"

TARGETS = (
    *sorted((PACKAGE / "contract").glob("_[a-z]*.py")),
    *(PACKAGE / "bridge" / f"_{name}.py" for name in ("caller", "parameters", "registry")),
)
# In one process, without servers of their own: what can be asked a thousand times.
_SCENARIOS = (
    "budgets",
    "claims",
    "credit",
    "epochs",
    "events",
    "first_day",
    "grants",
    "keys_and_shares",
    "listings",
    "readiness",
    "standing",
    "story",
    "submissions",
    "tasks",
)
_CHAINCODE = (
    "bad_input",
    "caller",
    "check_edges",
    "contract",
    "contract_bounds",
    "contract_budget_queries",
    "contract_budgets",
    "contract_credit",
    "contract_datasets",
    "contract_edges",
    "contract_events",
    "contract_grants",
    "contract_keys",
    "contract_rewards",
    "contract_roles",
    "contract_sharing",
    "contract_stores",
    "governance",
    "metadata",
    "parameters",
    "registry",
    "replay",
)
TESTS = (
    *(f"tests/scenarios/test_{name}.py" for name in _SCENARIOS),
    *(f"tests/chaincode/test_{name}.py" for name in _CHAINCODE),
)
