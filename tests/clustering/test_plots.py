# SPDX-License-Identifier: Apache-2.0
import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle
from PIL import Image

from pmcb_clustering import (
    LevelClustering,
    ResultError,
    graph_layout,
    plot_classes,
    plot_ratio_cut,
)
from pmcb_clustering._plots import COLOURS, encode_png, level_colours, plot_stability
from pmcb_clustering._stability import Stability, Trial


@pytest.fixture(scope="module")
def assignment(small):
    """Three levels of a small graph."""
    return LevelClustering(3).fit(small).assignment_


def heights_of(axes):
    return [bar.get_height() for bar in axes.patches if isinstance(bar, Rectangle)]


def kmeans_of(quality):
    assert quality["kmeans"] is not None
    return quality["kmeans"]


def texts(figure):
    return {
        text.get_text()
        for axes in figure.axes
        for text in (*axes.texts, axes.title, *axes.get_xticklabels(), *axes.get_yticklabels())
    }


def test_drawing_needs_metrics(assignment, small):
    """A result may come without."""
    with pytest.raises(ResultError, match="carries no metrics"):
        plot_classes(replace(assignment, metrics=None))


def test_levels_have_colours_that_also_differ_in_grey():
    """From dark to bright, for every T."""
    for t in range(2, 17):
        shades = [tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in level_colours(t)]
        grey = [0.299 * r + 0.587 * g + 0.114 * b for r, g, b in shades]
        assert len(set(shades)) == t
        assert grey == sorted(grey)


def test_a_png_is_small_and_the_same_twice(assignment):
    """Few colours; nothing in it depends on the clock."""
    first, second = (encode_png(plot_classes(assignment)) for _ in range(2))
    assert first == second
    with Image.open(io.BytesIO(first)) as image:
        assert image.format == "PNG"
        assert image.mode == "P"


def test_ratio_cut_shows_kmeans_beside_the_levels(assignment):
    """Both bars, and the quotient in ours."""
    figure = plot_ratio_cut({3: assignment.quality})
    (axes,) = figure.axes
    heights = heights_of(axes)
    quality = assignment.quality
    assert heights == [kmeans_of(quality)["ratio_cut"], quality["ratio_cut"]]
    assert f"{quality['ratio_cut_to_kmeans']:.2f} x" in texts(figure)
    assert "T = 3" in texts(figure)


def test_ratio_cut_without_kmeans_shows_one_bar(assignment):
    """Where too few users differ."""
    quality = assignment.quality.copy()
    quality["kmeans"] = quality["ratio_cut_to_kmeans"] = None
    figure = plot_ratio_cut({3: quality})
    assert not any(text.endswith(" x") for text in texts(figure))
    encode_png(figure)


def test_ratio_cut_of_all_modes_keeps_features_apart(small):
    """Modes that share features share a panel; the published method has its own k-means."""
    found = {
        mode: {t: LevelClustering(t, mode).fit(small).quality_ for t in (2, 3)}
        for mode in ("balanced", "spectral", "paper")
    }
    left, right = plot_ratio_cut(found["balanced"], found).axes
    assert left.get_legend_handles_labels()[1] == ["k-means", "spectral", "balanced"]
    assert right.get_legend_handles_labels()[1] == ["k-means", "paper"]
    assert heights_of(right)[:2] == [kmeans_of(found["paper"][t])["ratio_cut"] for t in (2, 3)]


def test_the_graph_is_drawn_in_the_colours_of_the_levels(assignment, small):
    """One dot a user where the layout puts it, one line a tie, a legend with the sizes."""
    layout = graph_layout(small)
    graph, _, _ = plot_classes(assignment, layout).axes
    lines, dots = graph.collections
    assert isinstance(lines, LineCollection)
    assert len(lines.get_segments()) == small.n_ties
    offsets = np.asarray(dots.get_offsets())
    place = {tuple(row): user for user, row in enumerate(layout.position)}
    users = [place[tuple(row)] for row in offsets]
    assert sorted(users) == list(range(small.n_users))
    expected = np.array(level_colours(3))[assignment.level[users] - 1]
    shown = [
        "#" + "".join(f"{round(255 * value):02x}" for value in face[:3])
        for face in np.atleast_2d(dots.get_facecolor())
    ]
    assert shown == expected.tolist()
    shown_legend = graph.get_legend()
    assert shown_legend is not None
    legend = [text.get_text() for text in shown_legend.get_texts()]
    sizes = assignment.quality["sizes"]
    assert legend == [f"level {t}: {size:,}" for t, size in enumerate(sizes, start=1)]


def test_a_sample_says_that_it_is_one(assignment, small):
    """In the picture itself: it may be seen without the page."""
    layout = graph_layout(small, limit=100, sample=80)
    graph, *_ = plot_classes(assignment, layout).axes
    assert "a sample of 80 of them" in graph.get_title()
    assert len(np.asarray(graph.collections[1].get_offsets())) == 80


def test_stability_shows_what_was_measured(assignment):
    """A dot for every figure; trials without one are left out."""
    trials = [
        Trial(assignment, 1.0, Stability(0.99, 0.9, 0.97)),
        Trial(replace(assignment, mode="paper"), 1.0, Stability(None, 0.8, None)),
        Trial(assignment),
    ]
    (axes,) = plot_stability(trials).axes
    dots = np.concatenate([np.asarray(dots.get_offsets()) for dots in axes.collections])
    assert sorted(map(tuple, dots)) == [(0.8, 1), (0.9, 0), (0.97, 0), (0.99, 0)]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "T = 3, balanced", "T = 3, paper",
    ]  # fmt: skip


def test_every_mode_has_a_colour():
    """A new one would have none."""
    assert {"balanced", "spectral", "paper", "k-means"} <= set(COLOURS)
