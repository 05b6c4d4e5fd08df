# SPDX-License-Identifier: Apache-2.0
"""What is measured, and which cost over that of k-means is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

from ._mpdp_names import NAMES as _NAMES
from ._mpdp_names import OURS, PUBLISHED

COUNTED = "mpdp-k-sizes"
DIFFPRIVLIB = "diffprivlib"
NAMES = {**_NAMES, COUNTED: "mpdp-k, sizes counted", DIFFPRIVLIB: "diffprivlib"}
"""How tables call them."""

PRIVATE = (DIFFPRIVLIB, "dp-kmeans", "idp-kmeans")
BESIDE = (*PRIVATE, PUBLISHED)
K = 5


@dataclass(frozen=True)
class Case:
    """Runs on one table at one epsilon.

    Attributes:
        data: the table's name.
        epsilon: of each run.
        runs: of each method.
        ks: of every method; those that spend anew for each k are run for each.
        free: more k, which follow from the same fits of ``mpdp-k``.
        methods: what is run.
        about: ``targets``, ``others``, ``epsilons`` or ``bounds``: where it is shown.
    """

    data: str
    epsilon: str
    runs: int
    ks: Sequence[int] = (K,)
    free: Sequence[int] = ()
    methods: Sequence[str] = (OURS, COUNTED, *BESIDE)
    about: str = "targets"


@dataclass(frozen=True)
class Target:
    """What ``mpdp-k`` is asked for, in costs over that of k-means.

    Attributes:
        data: the table.
        epsilon: of a run.
        k: clusters.
        required: the mean at most; None where every run is to be refused.
        stretch: the mean that would be as good as was ever hoped for.
        p95: the 95 % quantile at most.
        refused: the share of runs that may be refused; the mean is over the others.
        one_release: among the k that follow from the same fits.
    """

    data: str
    epsilon: str
    k: int
    required: float | None
    stretch: float | None = None
    p95: float | None = None
    refused: float = 0.0
    one_release: bool = False


TARGETS = (
    Target("adult", "1", 5, 1.02, 1.005, p95=1.03),
    Target("adult", "0.1", 5, 1.05, 1.025),
    Target("adult", "1", 8, 1.03, 1.01),
    Target("clinic", "1", 5, 1.01, 1.001),
    Target("clinic", "0.1", 5, 1.04, 1.01),
    Target("news", "1", 5, 1.25, 1.15),
    Target("news", "5", 5, 1.07, 1.04),
    Target("adl", "1", 5, 1.20, 1.12),
    Target("adl", "0.1", 5, 2.5, 1.9),
    Target("csm", "2", 5, 1.8, 1.4, refused=0.25),
    Target("csm", "1", 5, None),
    Target("adult", "1", 3, 1.01, 1.002, one_release=True),
    Target("adult", "1", 5, 1.02, 1.005, one_release=True),
    Target("adult", "1", 8, 1.03, 1.013, one_release=True),
    Target("adult", "1", 16, 1.05, 1.026, one_release=True),
)

EPSILONS = ("0.1", "0.2", "0.5", "1", "2", "5", "1000")

FULL = (
    Case("adult", "1", 30, ks=(5, 8), free=(3, 16)),
    Case("adult", "0.1", 30),
    Case("clinic", "1", 10),
    Case("clinic", "0.1", 10),
    Case("news", "1", 20),
    Case("news", "5", 20),
    Case("adl", "1", 30),
    Case("adl", "0.1", 30),
    Case("csm", "2", 30),
    Case("csm", "1", 30),
    *(Case("adult", at, 10, free=(8,), methods=(OURS,), about="epsilons") for at in EPSILONS),
)
QUICK = (
    Case("adl", "1", 2, free=(3,)),
    Case("csm", "1", 2, methods=(OURS,)),
    *(Case("adl", at, 2, methods=(OURS,), about="epsilons") for at in ("1", "1000")),
)


def others(names: Sequence[str], *, runs: int, epsilons: Sequence[str]) -> list[Case]:
    """Every table that no constant was chosen on, at each epsilon."""
    methods = (OURS, *PRIVATE)
    return [
        Case(name, at, runs, methods=methods, about="others") for name in names for at in epsilons
    ]


def bounds(data: str, changes: Sequence[str], *, runs: int) -> list[Case]:
    """The same rows in other bounds, and with their columns in another order."""
    names = (data, *(f"{data}:{change}" for change in changes))
    return [Case(name, "1", runs, methods=(OURS,), about="bounds") for name in names]
