# SPDX-License-Identifier: Apache-2.0
"""The records that figures are measured on, or their stand-in."""

import numpy as np
import pytest

from pmcb_services.retrieval import vitals


@pytest.fixture
def nowhere(monkeypatch):
    """No data at hand."""
    monkeypatch.delenv("PMCB_DATA", raising=False)


def test_a_file_with_other_bytes_is_not_taken_for_the_published_one(tmp_path, monkeypatch):
    """Its digest is pinned; a stand-in takes its place."""
    (tmp_path / "vitals").mkdir()
    (tmp_path / "vitals" / "icu-vitals.npz").write_bytes(b"something else")
    monkeypatch.setenv("PMCB_DATA", str(tmp_path))
    assert vitals.load(10).source == "stand-in"


@pytest.mark.usefixtures("nowhere")
def test_the_stand_in_looks_like_the_published_records():
    """Same shape, order and spread; no hour of a patient twice."""
    made = vitals.load()
    assert made.source == "stand-in"
    assert made.codes.shape == (vitals.ROWS, 8)
    assert (made.codes.max(0) < made.schema.levels).all()
    assert made.codes[:, 6].min() == 3
    assert len(np.unique(made.carried["patient"])) == pytest.approx(vitals.STAYS, abs=2)
    cells = made.carried["patient"].astype(np.int64) * 49 + made.carried["hour"]
    assert (np.diff(cells) > 0).all()
    assert made.codes[:, 0].mean() == pytest.approx(86.6, abs=0.5)
    assert made.codes[:, 0].std() == pytest.approx(np.hypot(14.8, 10.0), rel=0.05)
    assert np.array_equal(vitals.load(1000).codes, made.codes[:1000])


@pytest.mark.usefixtures("nowhere")
def test_more_records_than_were_published_can_be_had():
    """More stays, each of the same law."""
    assert len(vitals.load(vitals.ROWS + 1).codes) == vitals.ROWS + 1


def test_whatever_is_loaded_is_valid_for_its_schema():
    """Its values encode to its codes."""
    held = vitals.load(500).narrowed(5)
    assert held.schema.names == ("HR", "SBP", "DBP", "Temp", "Glucose")
    assert np.array_equal(held.schema.encode(held.schema.decode(held.codes)), held.codes)
