# SPDX-License-Identifier: Apache-2.0
"""The items of the MPDP publication, each on its own data set."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from pmcb_benchmarks._mpdp_plots import draw
from pmcb_benchmarks._mpdp_targets import TARGETS, reproduce, steps
from pmcb_clustering._plots import encode_png
from pmcb_services.publishing.datasets import DataSet, load

from ._source import Advance, Made, Places, Wish, digest_of


@dataclass(frozen=True)
class Rows:
    """The rows of one item's data set."""

    name: str
    data: DataSet
    remarks: Sequence[str]

    @property
    def digest(self) -> str:
        """Over the rows."""
        return digest_of(self.data.name.encode(), self.data.rows.tobytes())

    def steps(self, wish: Wish) -> int:
        """Runs of all methods."""
        return steps(self.name, wish.runs)

    def make(self, names: Sequence[str], wish: Wish, advance: Advance) -> list[Made]:
        """The one item."""
        assert list(names) == [self.name]
        document = reproduce(self.name, self.data, runs=wish.runs, seed=wish.seed, advance=advance)
        return [Made(document, encode_png(draw(document, self.data)))]


def open_source(group: str, places: Places) -> Rows:
    """The data set of an item; made-up rows of its shape where it is not at hand."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        data = load(TARGETS[group].data, places.home)
    return Rows(group, data, [str(each.message) for each in told])
