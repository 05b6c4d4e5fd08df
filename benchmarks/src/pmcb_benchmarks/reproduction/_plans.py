# SPDX-License-Identifier: Apache-2.0
"""Figs. 10 and 11 of the publication on the fog: plans of orders, by algorithm."""

from collections.abc import Sequence
from dataclasses import dataclass

from pmcb_benchmarks._plans_figures import ASSUMED, FIGURES, reproduce
from pmcb_benchmarks._plans_plots import picture
from pmcb_clustering._plots import encode_png

from ._source import Advance, Made, Places, Wish, digest_of


@dataclass(frozen=True)
class Orders:
    """Batches of orders, drawn anew from one seed; there are no other inputs."""

    name: str
    remarks: Sequence[str] = ()

    @property
    def digest(self) -> str:
        """Over what is drawn and assumed."""
        return digest_of(repr(FIGURES[self.name]).encode(), repr(ASSUMED).encode())

    def steps(self, _: Wish) -> int:
        """Batches times methods."""
        return FIGURES[self.name].steps

    def make(self, names: Sequence[str], wish: Wish, advance: Advance) -> list[Made]:
        """The one item."""
        assert list(names) == [self.name]
        document = reproduce(self.name, runs=wish.runs, seed=wish.seed, advance=advance)
        return [Made(document, encode_png(picture(document)))]


def open_source(group: str, _: Places) -> Orders:
    """Nothing to load."""
    return Orders(group)
