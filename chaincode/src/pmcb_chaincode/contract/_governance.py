# SPDX-License-Identifier: Apache-2.0
"""Who may mint which role, and how many organisations approve an epoch: code, not state.

The file travels inside the chaincode package, so the organisations approve it with the lifecycle,
and nobody can seize the contract with a first call.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Self

from pmcb_chaincode.bridge import JsonObject

ROLES = (
    "analyst",
    "authority",
    "institution",
    "receiver",
    "releaser",
    "verifier",
    "worker",
)
# Roles that judge or decide: another organisation's CA must not be able to mint them.
GOVERNED_ROLES = ("authority", "institution", "verifier")


class GovernanceError(ValueError):
    """The governance cannot hold; the message names the rule."""


@dataclass(frozen=True)
class Governance:
    """The rules that only an approved upgrade changes.

    ``epoch_quorum`` is the number of organisations whose authorities must approve an epoch.

    >>> Governance.of(("A", "B")).epoch_quorum
    2
    """

    orgs: tuple[str, ...]
    role_msps: Mapping[str, tuple[str, ...]]
    epoch_quorum: int

    def __post_init__(self) -> None:
        """Check what a typing error in the file would break."""
        if not self.orgs or len(set(self.orgs)) != len(self.orgs):
            raise GovernanceError("orgs must name at least one organisation, each once")
        for role in GOVERNED_ROLES:
            msps = self.role_msps.get(role)
            if not msps or not set(msps) <= set(self.orgs):
                raise GovernanceError(f"role_msps must name organisations of orgs for {role}")
        if set(self.role_msps) != set(GOVERNED_ROLES):
            raise GovernanceError(f"role_msps must hold exactly {', '.join(GOVERNED_ROLES)}")
        if not 1 <= self.epoch_quorum <= len(self.role_msps["authority"]):
            raise GovernanceError("epoch_quorum must lie between 1 and the authority MSPs")

    @classmethod
    def of(cls, orgs: Sequence[str]) -> Self:
        """Every organisation may mint every role; a majority approves an epoch."""
        names = tuple(orgs)
        return cls(names, dict.fromkeys(GOVERNED_ROLES, names), len(names) // 2 + 1)

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read ``governance.json``; without a path, the one inside this package.

        Raises:
            GovernanceError: not JSON, an unknown or missing field, or a rule that cannot hold.
        """
        source = path or files("pmcb_chaincode.contract") / "governance.json"
        try:
            found = json.loads(source.read_text(encoding="utf-8"))
            msps = {role: tuple(names) for role, names in found["role_msps"].items()}
            return cls(tuple(found["orgs"]), msps, int(found["epoch_quorum"]))
        except GovernanceError:
            raise
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise GovernanceError("governance.json is unreadable or lacks a field") from error

    def as_json(self) -> JsonObject:
        """The governance as ``get_governance`` answers it."""
        return asdict(self)
