# SPDX-License-Identifier: Apache-2.0
"""Who takes part in the story, by role."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from pmcb_client.wallet import WalletIdentity
from pmcb_network.embedded import ORGS

from ._cast import Cast
from ._claims import Claimed


@dataclass(frozen=True)
class People:
    """Who takes part; receivers by level, two workers of whom the first is granted a search."""

    releaser: WalletIdentity
    verifier: WalletIdentity
    institution: WalletIdentity
    keeper: WalletIdentity
    cloud: WalletIdentity
    workers: Sequence[WalletIdentity]
    analyst: WalletIdentity
    outsider: WalletIdentity
    receivers: Mapping[int, Sequence[WalletIdentity]]

    @classmethod
    async def enrolled(cls, cast: Cast, names: Mapping[int, list[tuple[str, str]]]) -> Self:
        """By their organisations' CAs; ``names`` are those of receivers (msp, name), by level."""
        return cls(
            releaser=await cast.enrol(ORGS[0], "releaser1", "releaser"),
            verifier=await cast.enrol(ORGS[1], "verifier1", "verifier"),
            institution=await cast.enrol(ORGS[1], "records", "institution"),
            keeper=await cast.enrol(ORGS[1], "content", "institution"),
            # no institution: those of the store's organisation need no grant
            cloud=await cast.enrol(ORGS[0], "cloud", "receiver"),
            workers=[await cast.enrol(ORGS[0], f"worker{n}", "worker") for n in (1, 2)],
            analyst=await cast.enrol(ORGS[0], "analyst1", "analyst"),
            outsider=await cast.enrol(ORGS[0], "outsider1", "receiver"),
            receivers={
                level: await cast.enrol_all(people, "receiver") for level, people in names.items()
            },
        )

    def without_slot(self, claimed: Sequence[Claimed]) -> WalletIdentity:
        """A receiver of the highest level for whom no slot was left."""
        holders = {claim.holder.uid for claim in claimed}
        highest = self.receivers[max(self.receivers)]
        return next(who for who in highest if who.uid not in holders)
