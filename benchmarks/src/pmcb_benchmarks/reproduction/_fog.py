# SPDX-License-Identifier: Apache-2.0
"""The items of the publication on retrieval and scheduling through a fog."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from pmcb_benchmarks._fog_plots import draw
from pmcb_benchmarks._fog_targets import TARGETS, reproduce
from pmcb_clustering._plots import encode_png
from pmcb_services.retrieval.vitals import Vitals, load

from ._source import Advance, Made, Places, Wish, digest_of


@dataclass(frozen=True)
class Records:
    """The records that are searched."""

    name: str
    data: Vitals

    @property
    def digest(self) -> str:
        """Over the records."""
        return digest_of(self.data.source.encode(), self.data.codes.tobytes())

    @property
    def remarks(self) -> Sequence[str]:
        """Whether they are made up."""
        if self.data.source != "stand-in":
            return ()
        return ("STAND-IN: the vitals are not at hand; made-up ones take their place.",)

    def steps(self, _: Wish) -> int:
        """Points of the figure."""
        return TARGETS[self.name].steps

    def make(self, names: Sequence[str], wish: Wish, advance: Advance) -> list[Made]:
        """The one item."""
        assert list(names) == [self.name]
        document = reproduce(
            self.name, self.data, queries=wish.runs, seed=wish.seed, advance=advance
        )
        return [Made(document, encode_png(draw(document)))]


def open_source(group: str, _: Places) -> Records:
    """The vitals; made-up ones where they are not at hand."""
    with structlog.testing.capture_logs():  # said in the remarks
        data = load()
    return Records(group, data)
