# SPDX-License-Identifier: Apache-2.0
"""What every part of the contract shares: its governance and who may call."""

import re
from typing import ClassVar

from pmcb_chaincode.bridge import Caller, Code, Contract, Refusal

from ._assets import NAME
from ._governance import GOVERNED_ROLES, Governance


class Governed(Contract):
    """Base of the contract's parts: a role counts only from an organisation that may mint it."""

    name: ClassVar[str] = "pmcb"

    def __init__(self, governance: Governance) -> None:
        self.governance = governance

    def authorise(self, caller: Caller, roles: tuple[str, ...]) -> None:
        """Refuse a caller whose certificate, or whose organisation, does not carry the role."""
        super().authorise(caller, roles)
        # A registrar's certificate names nobody; it may ask what needs no role, and nothing else.
        if not re.fullmatch(NAME, caller.enrollment_id) and (roles or caller.enrollment_id):
            raise Refusal(Code.ROLE_REQUIRED, "The certificate names no usable enrolment id.")
        if not roles:
            return
        msps = self.governance.orgs
        if caller.role in GOVERNED_ROLES:
            msps = self.governance.role_msps[caller.role]
        if caller.msp_id not in msps:
            raise Refusal(
                Code.MSP_NOT_ALLOWED, f"{caller.msp_id} may not act as {caller.role} here."
            )

    def has_two_authorities(self) -> bool:
        """Whether one organisation's authority can check another's."""
        return len(self.governance.role_msps["authority"]) > 1

    def is_authority(self, caller: Caller) -> bool:
        """Whether the caller is an authority of an organisation that may have one."""
        return (
            caller.role == "authority" and caller.msp_id in self.governance.role_msps["authority"]
        )
