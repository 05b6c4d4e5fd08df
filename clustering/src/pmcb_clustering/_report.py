# SPDX-License-Identifier: Apache-2.0
"""The report on a classification: tables and figures in one page, or figures as files."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING

from pmcb_clustering._features import rank_correlation
from pmcb_clustering._plots import plot_classes, plot_ratio_cut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure

    from pmcb_clustering._result import LevelAssignment

__all__ = ["level_rows", "partition_rows", "render_figures", "render_page"]

LEVEL_COLUMNS = (
    "level", "users", "influence (mean rank)", "influence (eq. 2)",
    "degree", "betweenness", "clustering", "entropy",
)  # fmt: skip
PARTITION_COLUMNS = ("T", "method", "sizes", "balance", "RatioCut", "silhouette", "inversions")

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0}caption{text-align:left;font-weight:600}
td,th{padding:.25rem .8rem;border-bottom:1px solid #ddd;text-align:right}
img{max-width:100%;height:auto}code{overflow-wrap:anywhere}div{overflow-x:auto}
"""


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def level_rows(assignment: LevelAssignment) -> list[tuple[str, ...]]:
    """One row per level, as text, under `LEVEL_COLUMNS`."""
    quality = assignment.quality
    columns = (
        quality["sizes"],
        quality["influence"]["mean-rank"],
        quality["influence"]["paper-raw"],
        quality["means"],
    )
    return [
        (str(level), f"{size:,}", *map(_short, (rank, raw, *means)))
        for level, (size, rank, raw, means) in enumerate(zip(*columns, strict=True), start=1)
    ]


def partition_rows(assignments: Sequence[LevelAssignment]) -> list[tuple[str, ...]]:
    """The levels and k-means, one row each, as text, under `PARTITION_COLUMNS`."""
    rows = []
    for one in assignments:
        for method, quality in ((one.mode, one.quality), ("k-means", one.quality["kmeans"])):
            if quality is None:
                continue
            sizes = " / ".join(map(str, quality["sizes"]))
            figures = (quality["balance"], quality["ratio_cut"], quality["silhouette"])
            last = f"{quality['inversion_rate']:.1%}"
            rows.append((str(one.levels), method, sizes, *map(_short, figures), last))
    return rows


def render_figures(assignments: Sequence[LevelAssignment]) -> dict[str, bytes]:
    """PNG files by name: ``ratio_cut.png``, and ``classes-T.png`` where metrics are at hand."""
    qualities = {one.levels: one.quality for one in assignments}
    figures = {"ratio_cut.png": plot_ratio_cut(qualities)}
    for one in assignments:
        if one.metrics is not None:
            figures[f"classes-{one.levels}.png"] = plot_classes(one)
    return {name: _png(figure) for name, figure in figures.items()}


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150)
    return buffer.getvalue()


def _table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th scope=col>{html.escape(name)}</th>" for name in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    title = f"<caption>{html.escape(caption)}</caption>"
    return f"<div><table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _notes(assignment: LevelAssignment) -> list[str]:
    quality = assignment.quality
    between = quality["betweenness"]
    notes = [
        f"{quality['users']:,} users, {quality['ties']:,} ties, {quality['isolated']:,} isolated.",
        f"Dropped: {quality['self_loops']:,} self-loops, {quality['repeats']:,} repeated ties.",
        f"{quality['distinct']:,} different feature rows.",
    ]
    if quality["components"] > 1:
        notes.append(
            f"The similarity graph came in {quality['components']} pieces; each was linked."
        )
    if between["method"] == "exact":
        notes.append("Betweenness is exact.")
    else:
        notes.append(
            f"Betweenness comes from {between['sources']:,} sources; two halves of them agree "
            f"with Spearman {_short(between['split_half'])}."
        )
    if assignment.metrics is not None:
        degree, _, _, entropy = assignment.metrics.T
        agreement = rank_correlation(degree, entropy)
        if agreement is not None:
            notes.append(
                f"Degree and entropy have Spearman {agreement:.3f} here; the nearer to 1, the more "
                "degree counts twice, unless weights say otherwise."
            )
    return notes


def render_page(assignments: Sequence[LevelAssignment], figures: Mapping[str, bytes]) -> str:
    """One HTML page that needs nothing beside it."""
    first = assignments[0]
    texts = {
        name: f"Receivers in {name.removesuffix('.png').removeprefix('classes-')} levels"
        for name in figures
    } | {"ratio_cut.png": "RatioCut of the levels and of k-means"}
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width'>",
        f"<title>Security levels of receivers</title><style>{STYLE}</style>",
        "<h1>Security levels of receivers</h1>",
        *(f"<p>{html.escape(note)}</p>" for note in _notes(first)),
        _table("Levels beside k-means on the same features", PARTITION_COLUMNS,
               partition_rows(assignments)),
        *(_table(f"Levels for T = {one.levels}: influence, and mean metrics",
                 LEVEL_COLUMNS, level_rows(one)) for one in assignments),
        *(f"<p><img alt='{texts[name]}' src='data:image/png;base64,"
          f"{base64.b64encode(data).decode()}'></p>" for name, data in figures.items()),
        "<h2>Provenance</h2>",
        f"<p>Graph <code>{first.graph_hash}</code></p>",
        *(f"<p>T = {one.levels}, seed {one.seed}: result <code>{one.result_hash}</code></p>"
          for one in assignments),
        "</html>",
    ]  # fmt: skip
    return "\n".join(parts) + "\n"
