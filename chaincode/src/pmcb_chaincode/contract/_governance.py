# SPDX-License-Identifier: Apache-2.0
"""Who may mint which role, and how many organisations approve an epoch: code, not state.

The file travels inside the chaincode package, so the organisations approve it with the lifecycle,
and nobody can seize the contract with a first call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Self

from pmcb_chaincode.bridge import Int, Json, JsonObject, ListOf, Match

from ._assets import NAME

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

SETTLE_WINDOW_S = 7 * 24 * 3600
LONGEST_WINDOW_S = 366 * 24 * 3600


class GovernanceError(ValueError):
    """The governance cannot hold; the message names the rule."""


_Names = Annotated[tuple[str, ...], ListOf(Match(NAME, "an MSP id"), 1, 64)]


@dataclass(frozen=True)
class _RoleMsps:
    authority: _Names
    institution: _Names
    verifier: _Names


@dataclass(frozen=True)
class _File:
    orgs: _Names
    role_msps: Annotated[_RoleMsps, Json(_RoleMsps)]
    epoch_quorum: Annotated[int, Int()]
    settle_window_s: Annotated[int, Int()]


@dataclass(frozen=True)
class Governance:
    """The rules that only an approved upgrade changes.

    ``epoch_quorum`` is the number of organisations whose authorities must approve an epoch.
    ``settle_window_s`` is how many seconds after a task's last moment to submit its verifiers
    have to decide, 0 to 366 days; a submission without a decision is paid after that.

    >>> Governance.of(("A", "B")).epoch_quorum
    2
    """

    orgs: tuple[str, ...]
    role_msps: Mapping[str, tuple[str, ...]]
    epoch_quorum: int
    settle_window_s: int = SETTLE_WINDOW_S

    def __post_init__(self) -> None:
        """Check what a typing error in the file would break."""
        if not self.orgs or len(set(self.orgs)) != len(self.orgs):
            raise GovernanceError("orgs must name at least one organisation, each once")
        for role in GOVERNED_ROLES:
            msps = self.role_msps.get(role)
            if not msps or not set(msps) <= set(self.orgs) or len(set(msps)) != len(msps):
                raise GovernanceError(f"role_msps must name organisations of orgs for {role}, once")
        if set(self.role_msps) != set(GOVERNED_ROLES):
            raise GovernanceError(f"role_msps must hold exactly {', '.join(GOVERNED_ROLES)}")
        if not 1 <= self.epoch_quorum <= len(self.role_msps["authority"]):
            raise GovernanceError("epoch_quorum must lie between 1 and the authority MSPs")
        if not 0 <= self.settle_window_s <= LONGEST_WINDOW_S:
            raise GovernanceError(f"settle_window_s must lie between 0 and {LONGEST_WINDOW_S}")

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
            found = Json(_File).parse(source.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise GovernanceError("governance.json is unreadable") from error
        except ValueError as error:
            raise GovernanceError(f"governance.json {error}") from error
        assert isinstance(found, _File)
        return cls(found.orgs, vars(found.role_msps), found.epoch_quorum, found.settle_window_s)

    def as_json(self) -> JsonObject:
        """The governance as ``get_governance`` answers it."""
        return asdict(self)
