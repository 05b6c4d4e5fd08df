# SPDX-License-Identifier: Apache-2.0
"""The report as one HTML page that needs nothing beside it, or its figures as files."""

from __future__ import annotations

import base64
import json
import platform
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from pmcb_clustering import _report
from pmcb_clustering._classes_plot import plot_classes
from pmcb_clustering._plots import encode_png, level_colours, plot_ratio_cut, plot_stability

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pmcb_clustering._layout import Layout
    from pmcb_clustering._quality import Quality
    from pmcb_clustering._report import Findings
    from pmcb_clustering._result import LevelAssignment

__all__ = ["Picture", "draw_figures", "fill_template", "render_page"]

DISTRIBUTIONS = (
    "pmcb-clustering", "numpy", "scipy", "scikit-learn", "numba", "networkx", "matplotlib",
)  # fmt: skip


RATIO_CUT, CLASSES, STABILITY = (
    "levels-ratio-cut.png", "levels-classes-{}.png", "levels-stability.png",
)  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """A figure as PNG, with what it shows in words.

    Attributes:
        png: the file.
        text: what a person who cannot see it needs to know.
    """

    png: bytes
    text: str

    @property
    def address(self) -> str:
        """As a data URL."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


@dataclass(frozen=True)
class _Table:
    """A table; ``words`` columns on the left hold words, the others numbers."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 0
    colours: Sequence[str] = ()


def draw_figures(findings: Findings) -> dict[str, Picture]:
    """Figures by file name: RatioCut, classes by T and, where it was measured, stability."""
    assignments = findings.assignments
    qualities = {one.levels: one.quality for one in assignments}
    modes: dict[str, dict[int, Quality]] = {}
    for trial in findings.modes:
        one = trial.assignment
        modes.setdefault(one.mode, {})[one.levels] = one.quality
    quotients = ", ".join(
        f"{mode} {quality['ratio_cut_to_kmeans']:.2f} for T = {t}"
        for mode, found in (modes or {"levels": qualities}).items()
        for t, quality in found.items()
        if quality["ratio_cut_to_kmeans"] is not None
    )
    pictures = {
        RATIO_CUT: Picture(
            encode_png(plot_ratio_cut(qualities, modes)),
            f"Bars of RatioCut by number of levels. As a multiple of k-means: {quotients}."
            if quotients
            else "Bars of RatioCut by number of levels; there is no k-means to compare with.",
        )
    }
    layout = findings.layout
    for one in assignments:
        if one.metrics is not None:
            text = _describe_classes(one, layout)
            pictures[CLASSES.format(one.levels)] = Picture(
                encode_png(plot_classes(one, layout)), text
            )
    trials = [*(findings.modes or findings.trials)]
    if any(trial.stability is not None for trial in trials):
        text = "Dots: the share of the users who keep their level; the numbers stand in the table."
        pictures[STABILITY] = Picture(encode_png(plot_stability(trials)), text)
    return pictures


def _describe_classes(assignment: LevelAssignment, layout: Layout | None) -> str:
    t, means = assignment.levels, assignment.quality["means"]
    text = (
        f"Receivers in {t} levels: mean degree {means[0][0]:.1f} in level 1, "
        f"{means[-1][0]:.1f} in level {t}."
    )
    if layout is None or not len(layout.ties):
        return text
    level = assignment.level[layout.shown]
    inside = float((level[layout.ties[:, 0]] == level[layout.ties[:, 1]]).mean())
    chance = float(((np.bincount(level) / len(level)) ** 2).sum())
    return (
        f"{text} {100.0 * inside:.0f}{_report.PERCENT} of the ties drawn join users of one level, "
        f"where levels given by lot would have {100.0 * chance:.0f}{_report.PERCENT}."
    )


def _parameters(assignments: Sequence[LevelAssignment]) -> list[tuple[str, str]]:
    shared = {**assignments[0].params}
    shared["n_levels"] = [one.levels for one in assignments]
    return [(name, json.dumps(value, ensure_ascii=False)) for name, value in shared.items()]


def _tables(findings: Findings) -> dict[str, _Table | list[_Table]]:
    assignments = findings.assignments
    names = tuple(f"level, T = {one.levels}" for one in assignments)
    return {
        "levels": [
            _Table(
                f"T = {one.levels}: influence, and mean metrics",
                _report.LEVEL_COLUMNS,
                _report.level_rows(one),
                colours=level_colours(one.levels),
            )
            for one in assignments
        ],
        "partitions": _Table(
            "Levels beside k-means on the same features",
            _report.PARTITION_COLUMNS,
            _report.partition_rows(assignments),
            words=2,
        ),
        "modes": _Table(
            "What each mode gives and costs",
            _report.MODE_COLUMNS,
            _report.mode_rows(findings.modes or findings.trials),
            words=2,
        ),
        "users": _Table(
            "The ten most influential users",
            ("user", *names, "degree", "betweenness", "influence (mean rank)"),
            _report.top_users(assignments),
            words=1,
        ),
    }


def fill_template(name: str, **values: object) -> str:
    """One of this package's templates, everything in it escaped."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("pmcb_clustering") / name
    return environment.from_string(source.read_text(encoding="utf-8")).render(**values)


def render_page(findings: Findings, pictures: Mapping[str, Picture]) -> str:
    """One HTML page."""
    assignments = findings.assignments
    return fill_template(
        "report.html.j2",
        findings=findings,
        first=assignments[0],
        summary=_report.summary(findings),
        tables=_tables(findings),
        ways={one.levels: _report.ways_of_influence(one) for one in assignments},
        classes={one.levels: pictures.get(CLASSES.format(one.levels)) for one in assignments},
        ratio_cut=pictures[RATIO_CUT],
        stability=pictures.get(STABILITY),
        parameters=_parameters(assignments),
        versions=[("Python", platform.python_version())]
        + [(name, version(name)) for name in DISTRIBUTIONS],
    )
