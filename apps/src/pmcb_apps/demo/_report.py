# SPDX-License-Identifier: Apache-2.0
"""``report.html``: the story in one file that needs no network to be read."""

import base64
import io
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from pmcb_client.files import write_atomic

from ._result import Cluster, DemoResult, Question

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pmcb_clustering import LevelAssignment


def write_report(path: Path, result: DemoResult, assignment: "LevelAssignment") -> None:
    """Draw the pictures, fill the page, and put it in place in one step."""
    import jinja2

    from pmcb_clustering import plot_classes, plot_ratio_cut

    template = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string((files("pmcb_apps.demo") / "report.html.j2").read_text(encoding="utf-8"))
    page = template.render(
        result=result,
        outcomes=result.attempts_by_outcome().most_common(),
        verdicts=result.judgements_by_rule().most_common(),
        levels_picture=_embedded(plot_classes(assignment)),
        comparison_picture=_embedded(plot_ratio_cut({assignment.levels: assignment.quality})),
        claims_picture=_embedded(plot_attempts(result)),
        clusters_picture=_embedded(plot_clusters(result.publication.clusters))
        if result.publication
        else "",
        search_picture=_embedded(plot_search(result.search.questions)) if result.search else "",
    )
    write_atomic(path, page.encode(), mode=0o644)


def plot_attempts(result: DemoResult) -> "Figure":
    """Level of the receiver against level of the subtask: what the contract answered."""
    from matplotlib.figure import Figure

    size = len(result.levels)
    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.add_subplot()
    for own in range(1, size + 1):
        for wanted in range(1, size + 1):
            asked = [a for a in result.attempts if (a.level, a.subtask_level) == (own, wanted)]
            accepted = sum(attempt.outcome == "accepted" for attempt in asked)
            colour = "#cfe8d5" if accepted else "#f6d5cf"
            axes.fill_between([wanted - 0.5, wanted + 0.5], own - 0.5, own + 0.5, color=colour)
            axes.text(
                wanted,
                own,
                f"{accepted} accepted\n{len(asked) - accepted} refused",
                ha="center",
                va="center",
            )
    axes.set(
        xlim=(0.5, size + 0.5),
        ylim=(0.5, size + 0.5),
        xlabel="level of the subtask",
        ylabel="level of the receiver",
        xticks=range(1, size + 1),
        yticks=range(1, size + 1),
    )
    axes.set_title("A slot is given on the diagonal only", fontsize=11)
    return figure


def plot_clusters(clusters: Sequence[Cluster]) -> "Figure":
    """Persons of each cluster with their intervals; grey where noise alone may have made it."""
    from matplotlib.figure import Figure

    places = range(1, len(clusters) + 1)
    persons = [cluster.persons for cluster in clusters]
    below = [cluster.persons - cluster.low for cluster in clusters]
    above = [cluster.high - cluster.persons for cluster in clusters]
    colours = ["#7fa6d6" if cluster.supported else "#c9d1da" for cluster in clusters]
    figure = Figure(figsize=(5.2, 0.9 + 0.6 * len(clusters)), layout="constrained")
    axes = figure.add_subplot()
    axes.barh(places, persons, color=colours, xerr=(below, above), ecolor="#1c2733", capsize=4)
    axes.set(xlim=(0, None), xlabel="persons", ylabel="cluster", yticks=places)
    axes.invert_yaxis()
    return figure


def plot_search(questions: Sequence[Question]) -> "Figure":
    """Of each question whose records came back, beside the labels that the cloud was asked for."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 0.9 + 0.75 * len(questions)), layout="constrained")
    axes = figure.subplots(len(questions), 2, squeeze=False)
    for question, (asked, seen) in zip(questions, axes, strict=True):
        asked.imshow([question.by_patient], aspect="auto", cmap="Blues", vmin=0)
        asked.set_title(question.title, fontsize=9, loc="left")
        seen.eventplot(question.batches, colors="#a4492f", linelengths=0.7, linewidths=1)
        seen.set_title(_batches(len(question.batches)), fontsize=9, loc="left")
        seen.set(xlim=(0, 1))
        for each in (asked, seen):
            each.set(xticks=[], yticks=[])
    axes[-1][0].set_xlabel("patients; the darker, the more of their records came back")
    axes[-1][1].set_xlabel("places of the labels that the cloud was asked for")
    return figure


def _batches(count: int) -> str:
    return "1 batch" if count == 1 else f"{count} batches"


def _embedded(figure: "Figure") -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=130)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
