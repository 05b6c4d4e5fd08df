# SPDX-License-Identifier: Apache-2.0
"""``report.html``: the story in one file that needs no network to be read."""

import base64
import io
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from pmcb_client.files import write_atomic

from ._result import DemoResult

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
        verdicts=result.judgements_by_verdict().most_common(),
        levels_picture=_embedded(plot_classes(assignment)),
        comparison_picture=_embedded(plot_ratio_cut({assignment.levels: assignment.quality})),
        claims_picture=_embedded(plot_attempts(result)),
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


def _embedded(figure: "Figure") -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=130)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
