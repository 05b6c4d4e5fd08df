# SPDX-License-Identifier: Apache-2.0
"""What a study of leakage found: tables, a document, one HTML page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pmcb_clustering._page import Picture, fill_template
from pmcb_clustering._plots import encode_png

if TYPE_CHECKING:
    from pmcb_clustering._leakage_fig8 import PaperFig8
    from pmcb_clustering._leakage_intervals import Estimate
    from pmcb_clustering._leakage_scenarios import LeakageScenario

__all__ = ["Study", "as_document", "draw_figures", "render_page", "tables"]

CHANCE_COLUMNS = ("T", "who colludes", "shared", "95 %", "copies", "95 %")
FEW = 100  # an interval from fewer effective trials deserves no trust


@dataclass(frozen=True)
class Study:
    """One run: what was asked, and what was found.

    Attributes:
        receivers: of every level.
        losses: of each task that was looked at.
        scenarios: of all tasks, one after another.
        fig8: None where fewer than three losses are given.
        provenance: what the levels came from, by name.
        growth: who recruits in a connected gang.
        trials: simulated gangs of each kind.
        seed: of the simulation.
    """

    receivers: int
    losses: tuple[tuple[float, ...], ...]
    scenarios: tuple[LeakageScenario, ...]
    fig8: PaperFig8 | None
    provenance: Mapping[str, str]
    growth: str
    trials: int
    seed: int

    @property
    def remarks(self) -> list[str]:
        """What a reader must know beside the numbers."""
        found = []
        needed = self.receivers // 2 + 1
        for one in self.scenarios:
            if one.coverage is not None and one.shared.trials == 0:
                found.append(
                    f"{one.who}: too few to hold {needed} shares in each of {one.levels} levels, "
                    "so they never open the whole task."
                )
            if any(way.trials > 0 and way.effective < FEW for way in (one.shared, one.copies)):
                found.append(
                    f"{one.who}: few of the simulated gangs count; take --trials higher before "
                    "you trust the interval."
                )
        return found


def _short(chance: float) -> str:
    text = f"{chance:.3g}"
    return "> 0.999" if text == "1" and chance < 1.0 else text


def _interval(one: Estimate) -> str:
    return "exact" if one.trials == 0 else f"{_short(one.low)} to {_short(one.high)}"


def chance_rows(study: Study) -> list[tuple[str, ...]]:
    """One row per scenario, as text, under `CHANCE_COLUMNS`."""
    return [
        (
            str(one.levels),
            one.who,
            _short(one.shared.value),
            _interval(one.shared),
            _short(one.copies.value),
            _interval(one.copies),
        )
        for one in study.scenarios
    ]


def tables(study: Study) -> list[tuple[Sequence[str], Sequence[Sequence[str]]]]:
    """All scenarios; and where gangs were simulated, how many levels they reach."""
    found: list[tuple[Sequence[str], Sequence[Sequence[str]]]] = [
        (CHANCE_COLUMNS, chance_rows(study))
    ]
    gangs = [one for one in study.scenarios if one.coverage is not None]
    if gangs:
        levels = gangs[0].levels
        names = ("levels reached by", *map(str, range(1, levels)), f"all {levels}", "95 %")
        rows = [
            (one.who, *(f"{share:.2%}" for share in one.reached), _percent(one.coverage))
            for one in gangs
        ]
        found.append((names, rows))
    return found


def _percent(one: Estimate | None) -> str:
    return "" if one is None else f"{one.low:.2%} to {one.high:.2%}"


def as_document(study: Study) -> dict[str, object]:
    """Everything as JSON has it; exact probabilities carry no interval."""
    return {
        **study.provenance,
        "receivers": study.receivers,
        "losses": [list(each) for each in study.losses],
        "growth": study.growth,
        "trials": study.trials,
        "seed": study.seed,
        "scenarios": [
            {
                "who": one.who,
                "levels": one.levels,
                "shared": _estimate(one.shared),
                "copies": _estimate(one.copies),
                "coverage": None if one.coverage is None else _estimate(one.coverage),
                "reached": list(one.reached),
            }
            for one in study.scenarios
        ],
        "fig8": None if study.fig8 is None else asdict(study.fig8),
        "remarks": study.remarks,
    }


def _estimate(one: Estimate) -> dict[str, float]:
    return {"value": one.value} if one.trials == 0 else asdict(one)


def draw_figures(study: Study) -> dict[str, Picture]:
    """``leakage.png`` where there are levels, ``fig8.png`` where there are enough losses."""
    from pmcb_clustering._leakage_plots import plot_fig8, plot_leakage

    pictures = {}
    if len(study.losses) == 1:
        pictures["leakage.png"] = Picture(
            encode_png(plot_leakage(study.scenarios)),
            "Dots on a logarithmic scale: the probabilities of the table, with their intervals.",
        )
    if study.fig8 is not None:
        pictures["fig8.png"] = Picture(encode_png(plot_fig8(study.fig8)), _describe(study.fig8))
    return pictures


def _describe(fig8: PaperFig8) -> str:
    """What the curves do, for who cannot see them."""
    ends = (fig8.per_level[0], fig8.per_level[-1])
    parts = [
        f"T = {levels}: the reconstruction goes from {_short(rising[0])} to {_short(rising[-1])}, "
        f"sharing from {_short(fig8.sharing[levels][0])} to {_short(fig8.sharing[levels][-1])}"
        for levels, rising in fig8.reconstruction.items()
    ]
    return f"Curves from {ends[0]} to {ends[1]} receivers of each level. {'; '.join(parts)}."


def render_page(study: Study, pictures: Mapping[str, Picture]) -> str:
    """One HTML page that needs nothing beside it."""
    return fill_template("leakage.html.j2", study=study, tables=tables(study), pictures=pictures)
