# SPDX-License-Identifier: Apache-2.0
"""The rules of PMCB, as a contract that the bridge serves."""

from pmcb_chaincode._codes import Code

from ._claims import candidates
from ._governance import GOVERNED_ROLES, ROLES, Governance, GovernanceError
from ._levels import batch_hash
from ._pmcb import Pmcb

__all__ = [
    "GOVERNED_ROLES",
    "ROLES",
    "Code",
    "Governance",
    "GovernanceError",
    "Pmcb",
    "batch_hash",
    "candidates",
]
