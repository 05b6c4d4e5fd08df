# SPDX-License-Identifier: Apache-2.0
from math import exp

import numpy as np
import pytest

from pmcb_clustering import ParameterError, full_losses, paper_fig8, plot_fig8
from pmcb_clustering._leakage_fig8 import read_published


@pytest.mark.parametrize("losses", [(), (0.1, 0.2)])
def test_fewer_losses_than_the_papers_levels_are_refused(losses):
    """The least number of levels in the paper is three."""
    with pytest.raises(ParameterError, match="at least 3 are needed"):
        paper_fig8(losses)


def test_losses_that_are_no_probabilities_are_refused():
    """In Fig. 8 and in the table."""
    with pytest.raises(ParameterError, match=r"a loss is 1\.5"):
        paper_fig8((0.1, 0.2, 1.5))
    for row in ((-0.1, 1.1), (0.0, 0.0), ()):
        with pytest.raises(ParameterError, match="the losses of category 2 are no probabilities"):
            full_losses([(0.5, 0.5), row])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "line 1: the columns are levels,n,leakage"),
        ("n,levels,leakage\n", "line 1: the columns are"),
        ("levels,n,leakage\n3,10\n", "line 2: levels 3, 4 or 5"),
        ("levels,n,leakage\n3,10,0.1\n6,10,0.1\n", "line 3: levels 3, 4 or 5"),
        ("levels,n,leakage\n3,ten,0.1\n", "line 2"),
        ("levels,n,leakage\n3,10,1.1\n", "a probability"),
    ],
)
def test_points_that_cannot_be_read_are_refused(tmp_path, text, complaint):
    """With file and line."""
    path = tmp_path / "points.csv"
    path.write_text(text)
    with pytest.raises(ParameterError, match=complaint):
        read_published(path)


def test_a_missing_file_of_points_is_refused(tmp_path):
    """So is one that is not text."""
    with pytest.raises(ParameterError, match=r"none\.csv cannot be read"):
        read_published(tmp_path / "none.csv")
    (tmp_path / "odd.csv").write_bytes(b"levels,n,leakage\n\xff")
    with pytest.raises(ParameterError, match=r"odd\.csv cannot be read"):
        read_published(tmp_path / "odd.csv")


def test_the_reconstruction_by_hand():
    """T = 3, four receivers each."""
    found = paper_fig8((0.1, 0.2, 0.3), per_level=(4,))
    by_hand = (1 - exp(-0.4)) * (1 - exp(-0.8)) * (1 - exp(-1.2))
    assert list(found.reconstruction) == [3]
    assert found.reconstruction[3] == pytest.approx([by_hand])


def test_the_reconstruction_rises_and_sharing_falls():
    """For every T, with the paper's losses below one half; what is not at hand is said."""
    found = paper_fig8()
    assert set(found.reconstruction) == set(found.sharing) == {3, 4, 5}
    for levels in (3, 4, 5):
        rising, falling = found.reconstruction[levels], found.sharing[levels]
        assert list(rising) == sorted(rising)
        assert list(falling) == sorted(falling, reverse=True)
        assert rising[0] < rising[-1]
        assert falling[0] > falling[-1]
    assert found.sharing[3][4] == pytest.approx(1.72e-6, rel=5e-3)
    assert not found.published
    assert any("not at hand" in note for note in found.notes)


def test_a_row_that_does_not_sum_to_one_is_divided_and_said():
    """As category 5 of the paper, whose row sums to 1.093."""
    values, notes = full_losses([(0.25, 0.75), (0.5, 0.593), (0.3333, 0.6666)])
    assert values == pytest.approx([0.75, 0.593 / 1.093, 0.6666], rel=1e-14)
    assert notes == ("The losses of category 2 sum to 1.093; each is divided by that.",)


def test_published_points_are_drawn_where_somebody_brings_them(tmp_path):
    """The remark that they are missing goes away."""
    path = tmp_path / "points.csv"
    path.write_text("levels,n,leakage\n3,9,0.25\n3,30,0.5\n\n4,16,0.125\n")
    points = read_published(path)
    assert points == {3: [(9.0, 0.25), (30.0, 0.5)], 4: [(16.0, 0.125)]}
    found = paper_fig8(published=points, notes=["One more."])
    assert not any("not at hand" in note for note in found.notes)
    assert found.notes[-1] == "One more."
    left = plot_fig8(found).axes[0]
    drawn = {line.get_label(): np.asarray(line.get_xydata()).tolist() for line in left.lines}
    assert drawn["T = 3, published"] == [[3.0, 0.25], [10.0, 0.5]]
    assert drawn["T = 4, published"] == [[4.0, 0.125]]
    assert "T = 5, published" not in drawn


def test_no_point_is_drawn_that_nobody_brought():
    """Curves only; the notes stand under the figure."""
    figure = plot_fig8(paper_fig8())
    for axes in figure.axes:
        assert [line.get_label() for line in axes.lines] == ["T = 3", "T = 4", "T = 5"]
    assert "not at hand" in figure.get_supxlabel()
