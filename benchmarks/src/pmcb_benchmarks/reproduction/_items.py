# SPDX-License-Identifier: Apache-2.0
"""Which figures and tables there are, by publication; imports nothing, as commands must."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

QUICK, FULL = "quick", "full"


@dataclass(frozen=True)
class Item:
    """A published figure or table.

    Attributes:
        title: what it shows.
        quick: how often each of its measurements is repeated in a quick run.
        full: the same in a full run.
        assumptions: what we had to choose, or do otherwise; said beside every verdict.
        group: items of one group come from the same measurement; by default an item is alone.
    """

    title: str
    quick: int
    full: int
    assumptions: tuple[str, ...] = ()
    group: str = ""

    @property
    def is_repeated(self) -> bool:
        """Whether repeats would tell more: exact figures, and runs of a network, stand alone."""
        return (self.quick, self.full) != (1, 1)

    def runs(self, scope: str) -> int:
        """Repeats in a ``quick`` or ``full`` run."""
        return self.quick if scope == QUICK else self.full


@dataclass(frozen=True)
class Paper:
    """A publication.

    Attributes:
        title: what it is about.
        page: of our documentation that says more, below docs/.
        items: its figures and tables, in its order.
    """

    title: str
    page: str
    items: Mapping[str, Item]


_REPAIRED = (
    "features are scaled by rank and the pieces of the similarity graph are joined",
    "nothing else of Algorithms 1 to 3 is changed",
    "the social graph is ego-Facebook (SNAP)",
)
_FABRIC = (
    "Fabric 3.1 instead of 1.2, all nodes and the client on two processors",
    "which of Figs. 7 and 9 shows the rate and which the wait is not known to us",
    "a wait counts from the moment at which its transaction was due",
)
_LOSSES = (
    "the losses are those that the publication names for its receivers, .1 to .5",
    "with more than half of n/T shares needed, as its own sharing has it",
)
_MPDP = (
    "epsilon is 0.1 to 5 and k is 2 to 10: the axes are not at hand",
    "Algorithm 1 is known in fragments; partitions are read as random parts of the table",
    "rows differ from those listed: 220, 741, 4,954 and 48,842 instead of 217, 543, 6,000, 48,842",
)
_VITALS = (
    "records are hourly vitals of intensive care, five attributes, not the publication's",
    "a search counts the signs of scalar products: free of noise, whatever the machine",
)
_ORDERS = (
    "ten servers and their orders are drawn at random: the publication gives neither",
    "so are all parameters of the bat algorithm, PSO and ABC chosen by us; findings list them",
    "an iteration evaluates forty assignments; of pricebat, 40 n proposals: as much work",
)
_ADULT, _SMALL = (5, 30), (30, 30)
_QUERIES = (40, 100)
_SEEDS = (20, 30)

PAPERS: Mapping[str, Paper] = {
    "pmcb": Paper(
        "Privacy-enhanced mobile crowdsensing on a permissioned ledger",
        "levels.md",
        {
            "fig5": Item("RatioCut of spectral levels beside k-means", 3, 5, _REPAIRED, "levels"),
            "fig6": Item("The classes of receivers", 3, 5, _REPAIRED, "levels"),
            "fig7": Item("Committed transactions over the offered rate", 1, 1, _FABRIC, "ledger"),
            "fig8": Item("Leakage over the number of receivers", 1, 1, _LOSSES),
            "fig9": Item("Mean wait over the offered rate", 1, 1, _FABRIC, "ledger"),
        },
    ),
    "mpdp": Paper(
        "Multiple partition differential privacy k-medoids",
        "reproduction-mpdp.md",
        {
            "table3": Item("Accuracy by k on Adult", *_ADULT, _MPDP),
            "fig2": Item("Clusters on ADL: DP k-means, MPDP, mpdp-k", *_SMALL, _MPDP),
            "fig3": Item("Clusters on ADL: IDP k-means, MPDP, mpdp-k", *_SMALL, _MPDP),
            "fig4": Item("Clusters on ADL: DP k-medoids, MPDP, mpdp-k", *_SMALL, _MPDP),
            "fig5": Item("Clusters on ADL: MPDP, mpdp-k", *_SMALL, _MPDP),
            "fig6": Item("Calinski-Harabasz index over epsilon on CSM", *_SMALL, _MPDP),
            "fig7": Item("Calinski-Harabasz index over epsilon on ADL", *_SMALL, _MPDP),
            "fig8": Item("Calinski-Harabasz index over epsilon on News", *_ADULT, _MPDP),
            "fig9": Item("Calinski-Harabasz index over epsilon on Adult", *_ADULT, _MPDP),
            "theorem1": Item("Time against n, k and m", 5, 30, _MPDP),
        },
    ),
    "fog": Paper(
        "Range retrieval and scheduling through a fog",
        "reproduction-fog.md",
        {
            "fig7": Item("Search time over the width of the ranges", *_QUERIES, _VITALS),
            "fig8": Item("Search time over the number of records", *_QUERIES, _VITALS),
            "fig9": Item("Search time over the number returned", *_QUERIES, _VITALS),
            "fig10": Item("Energy over the iterations of a planner", *_SEEDS, _ORDERS),
            "fig11": Item("Energy over the number of orders", *_SEEDS, _ORDERS),
        },
    ),
}


def chosen(paper: str | None, item: str | None) -> Iterator[tuple[str, str]]:
    """Pairs of paper and item; all of a paper, or of all, where none is named."""
    for name, found in PAPERS.items():
        if paper in {None, name}:
            yield from ((name, each) for each in found.items if item in {None, each})


def item_of(paper: str, name: str) -> Item:
    """The item of a pair."""
    return PAPERS[paper].items[name]
