# SPDX-License-Identifier: Apache-2.0
"""Published instances: LP bounds, classical heuristics and published plans have known values."""

import os
from pathlib import Path

import pytest
from tests.services.fog.solve.lp import optimum

from pmcb_services.fog.sim import read_hcsp_archive
from pmcb_services.fog.solve import braun, dual_bound, maxmin, minmin, sufferage

ARCHIVE = Path(os.environ.get("PMCB_DATA", "none")) / "hcsp/512x16.tar.xz"
KNOWN = {  # LP bound, best known, min-min, max-min, sufferage
    "u_c_hihi.0": (7346524.2, 7358942.8, 8460675.0, 12385671.8, 10249172.9),
    "u_c_hilo.0": (152700.37, 152812.2, 161805.4, 204054.6, 168982.6),
    "u_c_lohi.0": (238138.12, 238649.0, 275837.4, 392566.7, 337121.5),
    "u_c_lolo.0": (5132.829, 5135.7, 5441.4, 6945.4, 5658.5),
    "u_i_hihi.0": (2909326.6, 2924720.0, 3513919.3, 8018378.1, 3306818.9),
    "u_i_hilo.0": (73057.943, 73202.1, 80755.7, 151923.8, 77589.1),
    "u_i_lohi.0": (101063.39, 101527.0, 120517.7, 251528.8, 114578.9),
    "u_i_lolo.0": (2529.0256, 2533.4, 2785.6, 5177.7, 2639.3),
    "u_s_hihi.0": (4063563.7, 4080153.4, 5160342.8, 9208811.5, 5121953.6),
    "u_s_hilo.0": (95418.96, 95553.3, 104375.2, 172822.7, 102499.9),
    "u_s_lohi.0": (120452.28, 121000.9, 140284.5, 282085.7, 150297.1),
    "u_s_lolo.0": (3414.8091, 3419.4, 3806.8, 6232.2, 3846.5),
}


@pytest.fixture(scope="module")
def published():
    """All instances of the archive."""
    if not ARCHIVE.is_file():
        pytest.skip("hcsp/512x16.tar.xz is not in PMCB_DATA")
    return read_hcsp_archive(ARCHIVE)


def test_published_instances_have_their_known_values(published):
    """Heuristics to 0.1; published plans give the makespan of their name; no bound is too high."""
    assert set(published) == set(KNOWN)
    for name, (lp, best, *heuristics) in KNOWN.items():
        instance = published[name].instance()
        for heuristic, value in zip((minmin, maxmin, sufferage), heuristics, strict=True):
            assert instance.evaluate(heuristic(instance)).makespan == pytest.approx(value, abs=0.1)
        spans = [instance.evaluate(each.assignment).makespan for each in published[name].solutions]
        for span, each in zip(spans, published[name].solutions, strict=True):
            assert span == pytest.approx(each.makespan, abs=0.11)
        assert min(spans) == pytest.approx(best, abs=0.11)
        assert 0.9995 * lp <= dual_bound(instance).value <= lp * (1 + 1e-7)


def test_the_lp_of_published_instances_is_the_known_one(published):
    """HiGHS, to 1e-6: the oracle of all other tests of bounds."""
    for name, (lp, *_) in KNOWN.items():
        assert optimum(published[name].instance()) == pytest.approx(lp, rel=1e-6)


@pytest.mark.parametrize("consistency", ["c", "i", "s"])
def test_generated_instances_of_the_same_kind_are_bounded_as_well(consistency):
    """By HiGHS, on every machine."""
    instance = braun(consistency, "hi", "lo", 128, 8, seed=3)
    lp = optimum(instance)
    assert 0.9995 * lp <= dual_bound(instance).value <= lp * (1 + 1e-9)
