# SPDX-License-Identifier: Apache-2.0
"""Fig. 8 of the first publication: leakage over the number of receivers, exact."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pmcb_benchmarks._machine import machine
from pmcb_clustering import paper_fig8, plot_fig8
from pmcb_clustering._plots import encode_png

from ._claims import Claim, Verdict
from ._source import Advance, Document, Made, Places, Wish, digest_of

if TYPE_CHECKING:
    from pmcb_clustering import PaperFig8

CATEGORY_5 = 1.093
"""What the loss probabilities of category 5 sum to, as published."""


class Losses:
    """The published losses of receivers; there are no other inputs."""

    remarks: Sequence[str] = ()

    @property
    def digest(self) -> str:
        """Over the losses."""
        return digest_of(repr(paper_fig8().losses).encode())

    def steps(self, _: Wish) -> int:
        """It takes a moment."""
        return 1

    def make(self, names: Sequence[str], wish: Wish, advance: Advance) -> list[Made]:
        """The one item."""
        assert list(names) == ["fig8"]
        fig8 = paper_fig8()
        document: Document = {
            "reproduction": "pmcb",
            "target": "fig8",
            "seed": wish.seed,
            "data": {"name": "losses of receivers", "losses": list(fig8.losses)},
            "machine": machine(["pmcb-clustering"]),
            "rows": rows(fig8),
            "claims": [each.document for each in claims(fig8)],
            "findings": [{"question": "What is drawn?", "answer": note} for note in fig8.notes],
        }
        advance(1)
        return [Made(document, encode_png(plot_fig8(fig8)))]


def open_source(_: str, __: Places) -> Losses:
    """Nothing to load."""
    return Losses()


def rows(fig8: "PaperFig8") -> list[Document]:
    """A row for each number of levels and of receivers a level."""
    return [
        {
            "levels": levels,
            "per_level": count,
            "sharing": fig8.sharing[levels][place],
            "reconstruction": rising[place],
        }
        for levels, rising in fig8.reconstruction.items()
        for place, count in enumerate(fig8.per_level)
    ]


def claims(fig8: "PaperFig8") -> list[Claim]:
    """What can be said of Fig. 8, and what cannot."""
    falls = all(list(curve) == sorted(curve, reverse=True) for curve in fig8.sharing.values())
    ends = "; ".join(
        f"T = {levels}: {curve[0]:.3g} to {curve[-1]:.3g}" for levels, curve in fig8.sharing.items()
    )
    span = f"{fig8.per_level[0]} to {fig8.per_level[-1]} receivers a level"
    return [
        Claim(
            "the probability that a task leaks rises with the number of receivers (Fig. 8(a))",
            Verdict.IMPOSSIBLE if falls else Verdict.NOT_REPRODUCED,
            "With the publication's own sharing, where more than half of n/T shares are needed, it "
            "falls from each odd n/T to the next, unless receivers are more likely than not to "
            f"give a share away. From {span}, {ends}.",
        ),
        Claim(
            "the six points of Fig. 8",
            Verdict.NOT_REPRODUCED,
            "Neither the points nor the table of losses behind them is in any open copy that was "
            "found; none are drawn or made up. Whoever has them can lay them beside our curves "
            "with `pmcb levels leakage --published`.",
        ),
        Claim(
            "the table of losses gives probabilities for each category",
            Verdict.IMPOSSIBLE,
            f"Those of category 5 sum to {CATEGORY_5}; `full_losses` divides such a row by its "
            "sum, and says so.",
            published=f"category 5 sums to {CATEGORY_5}",
        ),
    ]
