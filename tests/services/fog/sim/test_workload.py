# SPDX-License-Identifier: Apache-2.0
"""Orders as they arrive."""

import numpy as np
import pytest

from pmcb_services.fog.sim import CLASSES, Arrivals


@pytest.fixture(scope="module")
def drawn():
    """An hour of ten orders a second, one class of three left out (seed 0)."""
    process = Arrivals(rate=10.0, horizon=3600.0, mix={"control": 3.0, "upload": 1.0})
    return process.drawn(np.random.default_rng(0))


def test_a_poisson_process_brings_as_many_as_its_rate_says(drawn):
    """36,000, five standard deviations of 190; gaps are exponential: their deviation is 0.1 s."""
    assert len(drawn) == pytest.approx(36_000, abs=950)
    times = np.array([each.at for each in drawn])
    assert (np.diff(times) >= 0).all()
    assert 0 <= times[0] <= times[-1] <= 3600
    assert np.diff(times).std() == pytest.approx(0.1, rel=0.05)


def test_classes_come_as_the_mix_says(drawn):
    """Three quarters and one quarter, within five standard deviations."""
    names = [each.order_class for each in drawn]
    assert set(names) == {"control", "upload"}
    assert names.count("control") / len(names) == pytest.approx(0.75, abs=0.012)


@pytest.mark.parametrize("name", ["control", "upload"])
def test_an_order_is_like_its_class(drawn, name):
    """Uniform lengths, a deadline so many seconds after the arrival."""
    law = CLASSES[name]
    own = [each for each in drawn if each.order_class == name]
    lengths = np.array([each.length for each in own])
    assert law.shortest <= lengths.min()
    assert lengths.max() <= law.longest
    assert lengths.mean() == pytest.approx(law.mean, rel=0.02)
    assert all(each.deadline - each.at == pytest.approx(law.due) for each in own)
