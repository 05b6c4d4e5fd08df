# SPDX-License-Identifier: Apache-2.0
"""What is killed in drills on Fabric, and how often."""

import random
from enum import StrEnum


class Victim(StrEnum):
    """What is killed."""

    OWN_PEER = "the peer whose gateway the client uses"
    OTHER_PEER = "another peer"
    LEADER = "the leading orderer of three"
    SERVER = "a chaincode server"
    CA = "a CA"
    CLIENT = "the client"
    BFT_LEADER = "the leading BFT orderer of four"
    BFT_ORDERER = "another BFT orderer"

    @property
    def preset(self) -> str:
        """The network on which it is found."""
        return "bft" if self in {Victim.BFT_LEADER, Victim.BFT_ORDERER} else "paper"

    @property
    def is_borne(self) -> bool:
        """Whether clients should go on before it is back."""
        return self not in {Victim.OWN_PEER, Victim.CLIENT}


def plan(count: int, seed: int) -> dict[str, list[Victim]]:
    """Which victims in which order, on each network; every kind as often as any other."""
    every = list(Victim)
    chosen = [every[number % len(every)] for number in range(count)]
    random.Random(seed).shuffle(chosen)
    return {
        preset: victims
        for preset in ("paper", "bft")
        if (victims := [victim for victim in chosen if victim.preset == preset])
    }
