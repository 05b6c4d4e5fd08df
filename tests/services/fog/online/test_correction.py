# SPDX-License-Identifier: Apache-2.0
"""What orders really take, against what was expected."""

import numpy as np
import pytest

from pmcb_services.fog.online import Correction

ONE = np.ones(2)


def test_what_was_never_seen_is_believed():
    """Of another class, of another server."""
    learnt = Correction(2)
    learnt.observe("upload", 0, expected=1.0, actual=3.0)
    assert learnt.applied("control", ONE).tolist() == [1, 1]
    assert learnt.applied("upload", ONE)[1] == 1
    assert learnt.error("control") == 0


@pytest.mark.parametrize(("actual", "factor"), [(100.0, 5.0), (0.001, 0.2)])
def test_a_correction_stays_within_bounds(actual, factor):
    """However wrong predictions were."""
    learnt = Correction(2)
    for _ in range(100):
        learnt.observe("upload", 0, expected=1.0, actual=actual)
    assert learnt.applied("upload", ONE)[0] == factor


def test_a_server_that_became_slow_is_found_out():
    """After fifty orders old ones fade: the mean of 1, 1, ..., 3, 3 approaches 3."""
    learnt = Correction(1)
    for actual in [1.0] * 1000 + [3.0] * 200:
        learnt.observe("upload", 0, expected=1.0, actual=actual)
    assert learnt.applied("upload", np.ones(1))[0] == pytest.approx(3.0, abs=0.1)


def test_the_error_is_the_spread_of_what_is_left():
    """Log-normal factors of sigma 0.2 are off by about that, once their mean is known (seed 0)."""
    learnt = Correction(1)
    for factor in np.exp(0.2 * np.random.default_rng(0).standard_normal(2000)):
        learnt.observe("upload", 0, expected=2.0, actual=2.0 * factor)
    assert learnt.error("upload") == pytest.approx(0.2, abs=0.05)
