# SPDX-License-Identifier: Apache-2.0
"""The sampler has exactly the law it claims.

Chi-square tests use a fixed seed and fail below p = 10^-4: one wrong alarm in 10^4 seeds each.
"""

import itertools
import math
from collections import Counter
from fractions import Fraction
from random import Random, SystemRandom

import numpy as np
import pytest
from scipy.stats import chisquare

from pmcb_services.publishing._lattice import UNIT
from pmcb_services.publishing._noise import sample
from pmcb_services.publishing._noise_law import quantile, sd, tail

DRAWS = 6_000
LEAST_EXPECTED = 8
ALARM = 1e-4


def weights_of(dimension, rate, radius):
    """Pr of each point up to a radius, from the definition: exp(-rate·max|z|), normalised."""
    shells = [
        ((2 * r + 1) ** dimension - max(2 * r - 1, 0) ** dimension) * math.exp(-rate * r)
        for r in range(400)
    ]
    whole = math.fsum(shells)
    points = itertools.product(range(-radius, radius + 1), repeat=dimension)
    alone = {z: math.exp(-rate * max(map(abs, z))) / whole for z in points}
    return [shell / whole for shell in shells], alone


def fits(observed, expected):
    """The p-value of counts against probabilities; rare outcomes are one."""
    often = [key for key, p in expected.items() if p * DRAWS >= LEAST_EXPECTED]
    counts = [observed[key] for key in often]
    chances = [expected[key] for key in often]
    counts.append(DRAWS - sum(counts))
    chances.append(1 - math.fsum(chances))
    return chisquare(counts, np.array(chances) * DRAWS).pvalue


@pytest.mark.parametrize("rate", [Fraction(3, 7), Fraction(5, 4)])
@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_shells_and_points_have_their_probabilities(dimension, rate):
    """Shells of equal max-norm, and single points near the middle, by chi-square."""
    bits = Random(100 * dimension + rate.denominator)
    drawn = [tuple(sample(dimension, rate * UNIT, bits)) for _ in range(DRAWS)]
    shells, points = weights_of(dimension, rate, 2)
    norms = Counter(max(map(abs, z)) for z in drawn)
    assert fits(norms, dict(enumerate(shells))) > ALARM
    assert fits(Counter(drawn), points) > ALARM


def test_the_moments_of_sixty_coordinates():
    """Mean 0, variance (D+1)(D+2)/3, no correlation, norm D: each within 4 standard errors.

    A wrong alarm has probability below 4·6.4·10^-5.
    """
    dimension, epsilon, draws = 60, Fraction(1, 2), 1200
    bits = Random(60)
    z = np.array([sample(dimension, epsilon, bits) for _ in range(draws)]) / UNIT * float(epsilon)
    variance = (dimension + 1) * (dimension + 2) / 3
    assert variance == pytest.approx(sd(dimension, 1) ** 2)
    for values, expected in (
        (z.mean(axis=1), 0.0),
        ((z**2).mean(axis=1), variance),
        (z[:, 0] * z[:, 1], 0.0),
        (np.abs(z).max(axis=1), float(dimension)),
    ):
        error = values.std() / math.sqrt(draws)
        assert abs(values.mean() - expected) < 4 * error


@pytest.mark.parametrize("dimension", [1, 7])
def test_intervals_cover_what_they_say(dimension):
    """Of 2,000 errors 95 ± 2 % lie within the 95 % half-width (2 % is 4.1 standard errors)."""
    epsilon, draws = Fraction(1, 3), 2000
    bits = Random(dimension)
    half = quantile(dimension, epsilon, 0.95)
    errors = [abs(sample(dimension, epsilon, bits)[0]) / UNIT for _ in range(draws)]
    assert abs(sum(error <= half for error in errors) / draws - 0.95) <= 0.02


@pytest.mark.parametrize("dimension", [1, 2, 7, 59, 257])
def test_tails_are_those_of_the_formula(dimension):
    """Against scipy's incomplete gamma functions, and against the density's own integral."""
    from scipy.integrate import quad
    from scipy.special import gammaincc

    for x in (0.1, 1.0, dimension / 2, 1.0 * dimension, 2.0 * dimension):
        formula = gammaincc(dimension + 1, x) - x / dimension * gammaincc(dimension, x)
        assert tail(dimension, 0.5, 2 * x) == pytest.approx(formula, abs=1e-12)
    # radius r ~ Gamma(D+1), coordinate uniform in [-r, r]: Pr[|z| > x] = E[(1 - x/r)+]
    x = 0.4 * dimension

    def integrand(r):
        log = dimension * math.log(r) - r - math.lgamma(dimension + 1)
        return (1 - x / r) * math.exp(log)

    expected, _ = quad(integrand, x, 4 * dimension + 60, limit=200)
    assert tail(dimension, 1, x) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("probability", [0.0, 0.5, 0.95, 0.999999])
def test_quantiles_undo_tails(probability):
    """The tail at the quantile is what is left of the probability."""
    for dimension in (1, 12, 130):
        half = quantile(dimension, Fraction(1, 7), probability)
        assert tail(dimension, Fraction(1, 7), half) == pytest.approx(1 - probability, abs=1e-9)


def test_half_widths_as_published():
    """95 %: 3.00/epsilon for one count, 9.29 for seven coordinates."""
    assert round(quantile(1, 1, 0.95), 2) == 3.00
    assert round(quantile(7, 1, 0.95), 2) == 9.29
    assert [round(sd(d + 1, 1), 1) for d in (3, 6, 11, 30, 58)] == [3.2, 4.9, 7.8, 18.8, 34.9]


@pytest.mark.parametrize("probability", [-0.1, 1.0, math.nan])
def test_a_quantile_of_no_probability_is_refused(probability):
    """1 would be infinite."""
    with pytest.raises(ValueError, match="probability"):
        quantile(1, 1, probability)


@pytest.mark.parametrize(("dimension", "epsilon"), [(0, 1), (1, 0), (1, -1)])
def test_no_noise_without_dimension_or_epsilon(dimension, epsilon):
    """A vector has at least one coordinate, and its epsilon is above 0."""
    with pytest.raises(ValueError, match="dimension"):
        sample(dimension, Fraction(epsilon), Random(1))


def test_noise_is_whole_numbers_from_the_operating_system():
    """Without a source the system's is used: vectors never repeat, and are plain integers."""
    first, second = sample(4, Fraction(1)), sample(4, Fraction(1), SystemRandom())
    assert first != second
    assert {type(each) for each in first + second} == {int}
