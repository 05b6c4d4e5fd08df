# SPDX-License-Identifier: Apache-2.0
"""Published tables are read whole; where they are missing, a stand-in says so."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from pmcb_services.publishing import Numeric
from pmcb_services.publishing.datasets import (
    FOLDER,
    NAMES,
    PUBLISHED,
    StandInWarning,
    load,
    make_clinic,
    read_adult,
    read_csm,
    read_news,
)

SHAPES = {"adult": (48_842, 6), "adl": (741, 3), "csm": (220, 12), "news": (4_954, 58)}
PEOPLE = ["39, State-gov, 77516, BA, 13, m, c, h, w, x, 2174, 0, 40, y, <=50K", "", "bad, line"]


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No data folder is named."""
    monkeypatch.delenv("PMCB_DATA", raising=False)


def at_hand(name: str) -> bool:
    """Whether the real files of a set are in the data folder of the environment."""
    folder = Path(os.environ.get("PMCB_DATA", "none")) / FOLDER
    parts = next(one.parts for one in PUBLISHED if one.name == name)
    return all(
        any((folder / f"{each}{end}").is_file() for each in part.names for end in ("", ".gz"))
        for part in parts
    )


def test_a_name_that_is_none_is_refused():
    """Names come from a fixed list."""
    with pytest.raises(KeyError):
        load("census")


@pytest.mark.parametrize("held", [b"", b"PK\x05\x06" + bytes(18), b"text"])
def test_what_is_no_sheet_is_refused(tmp_path: Path, held: bytes):
    """Empty, an empty archive, text."""
    path = tmp_path / "csm.xlsx"
    path.write_bytes(held)
    with pytest.raises(OSError, match=r"not an \.xlsx sheet"):
        read_csm(path)


def test_a_file_cut_short_is_refused(tmp_path: Path):
    """Half a gzipped file is no table."""
    path = tmp_path / "adult.data.gz"
    path.write_bytes(gzip.compress(b"39, a\n" * 100)[:-9])
    with pytest.raises(OSError, match="cut short"):
        read_adult(path)


def test_both_editions_of_adult_are_read(tmp_path: Path):
    """With a header, gzipped; with the test file's first line, plain, a full stop at the end."""
    ours, theirs = tmp_path / "adult.data.gz", tmp_path / "adult.test"
    ours.write_bytes(gzip.compress("\n".join(["age, workclass, fnlwgt", *PEOPLE]).encode()))
    theirs.write_text("\n".join(["|1x3 Cross validator", PEOPLE[0] + ".", ""]))
    found = read_adult(ours, theirs)
    assert found.rows.tolist() == [[39, 77516, 13, 2174, 0, 40]] * 2
    assert found.origin == "adult.data.gz, adult.test"
    assert len(found.sha256[0]) == 64


@pytest.mark.parametrize("name", SHAPES)
def test_a_published_set_has_its_shape_and_bounds(name: str):
    """Rows and columns, all finite, some on either side of the middle."""
    if not at_hand(name):
        pytest.skip(f"{name} is not in PMCB_DATA")
    found = load(name)
    assert found.rows.shape == SHAPES[name]
    assert not found.is_stand_in
    assert np.isfinite(found.rows).all()
    encoded = found.encoded
    assert encoded.shape == SHAPES[name]
    assert np.abs(encoded).max() <= 1
    pinned = {digest for one in PUBLISHED for part in one.parts for digest in part.sha256}
    assert set(found.sha256) <= pinned


@pytest.mark.parametrize(
    ("name", "score"),
    [
        pytest.param("adult", 12_862.2, marks=pytest.mark.figures),
        ("adl", 576.5),
        pytest.param("news", 736.7, marks=pytest.mark.figures),
    ],
)
def test_k_means_on_a_published_set_scores_as_known(name: str, score: float):
    """The Calinski-Harabasz index of five clusters, by scikit-learn, within 0.1 %."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import calinski_harabasz_score

    if not at_hand(name):
        pytest.skip(f"{name} is not in PMCB_DATA")
    encoded = load(name).encoded
    labels = KMeans(5, n_init=10, random_state=0).fit_predict(encoded)
    assert calinski_harabasz_score(encoded, labels) == pytest.approx(score, rel=1e-3)


def test_known_cells_are_where_they_belong():
    """The first film, and the first activity: 2:27:59 to 10:18:11, asleep."""
    if not at_hand("csm") or not at_hand("adl"):
        pytest.skip("csm and adl are not in PMCB_DATA")
    film = [6.3, 8, 9130, 4e6, 45, 1, 0, 3280543, 4632, 425, 636, 1.12e6]
    assert load("csm").rows[0].tolist() == film
    assert load("adl").rows[0] == pytest.approx([2 + 27 / 60 + 59 / 3600, 470.2, 0])


@pytest.mark.usefixtures("nothing")
@pytest.mark.parametrize("name", SHAPES)
def test_a_stand_in_has_the_shape_and_says_so(name: str, tmp_path: Path):
    """Loudly, and the same rows each time; on the steps of its columns."""
    with pytest.warns(StandInWarning, match="STAND-IN"):
        found = load(name, tmp_path)
    with pytest.warns(StandInWarning):
        again = load(name, tmp_path)
    assert found.rows.shape == SHAPES[name]
    assert found.is_stand_in
    assert found.document["origin"] == "stand-in"
    assert np.array_equal(found.rows, again.rows)
    for column, values in zip(found.schema.columns, found.rows.T, strict=True):
        assert isinstance(column, Numeric)
        assert values.min() >= float(column.lower)
        assert values.max() <= float(column.upper)
        if column.step is not None:
            assert (values == np.rint(values)).all()


@pytest.mark.usefixtures("nothing")
def test_the_homes_folder_is_looked_into(tmp_path: Path):
    """A fetched set needs no environment."""
    folder = tmp_path / "data" / FOLDER
    folder.mkdir(parents=True)
    (folder / "adult.data").write_text(PEOPLE[0])
    (folder / "adult.test").write_text(PEOPLE[0])
    assert len(load("adult", tmp_path).rows) == 2


def test_news_columns_are_found_by_name(tmp_path: Path):
    """Whatever their order; the address, the age and the shares are left out."""
    names = [column.name for column in _news_schema()]
    path = tmp_path / "OnlineNewsPopularity.csv"
    header = ", ".join(["url", *reversed(names), "shares"])
    path.write_text(f"{header}\nhttp://x, {', '.join(map(str, range(58)))}, 9\n")
    assert read_news(path).rows.tolist() == [[57.0 - place for place in range(58)]]


def _news_schema():
    from pmcb_services.publishing.datasets._news import SCHEMA

    return SCHEMA.columns


def test_the_clinic_is_as_described():
    """70,000 patients; shares within four standard errors; the pressures' typing errors are cut."""
    found = make_clinic()
    assert found.rows.shape == (70_000, 11)
    assert NAMES[-1] == found.name == "clinic"
    age, male, height, _, systolic, _, cholesterol, _, _, _, active = found.rows.T
    assert (age.min(), age.max()) == (29, 65)
    assert male.mean() == pytest.approx(0.35, abs=4 * 0.0018)
    assert active.mean() == pytest.approx(0.8, abs=4 * 0.0015)
    assert cholesterol.mean() == pytest.approx(1.36, abs=4 * 0.002)
    assert height[male == 1].mean() - height[male == 0].mean() == pytest.approx(9, abs=0.25)
    outside = (systolic < 60) | (systolic > 240)
    assert outside.mean() == pytest.approx(0.015, abs=4 * 0.0005)
    assert np.array_equal(make_clinic().rows, found.rows)
