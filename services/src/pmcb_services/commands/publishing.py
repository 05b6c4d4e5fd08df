# SPDX-License-Identifier: Apache-2.0
"""``pmcb publishing``: releases under differential privacy.

Heavy libraries are imported inside the commands: ``pmcb --help`` imports this module.
"""

from __future__ import annotations

import click

from ._publishing_ask import approve, release
from ._publishing_audit import audit
from ._publishing_cohort import cohort
from ._publishing_dataset import add, list_, refresh
from ._publishing_fit import fit
from ._publishing_internal import check, evaluate
from ._publishing_release import clusters, medoids, rows, scores, show, verify
from ._publishing_serve import serve

__all__ = ["dataset", "group"]


@click.group()
def group() -> None:
    """Releases under differential privacy, and what follows from them."""


@group.group()
def dataset() -> None:
    """An institution's tables."""


for _command in (fit, show, clusters, medoids, rows, scores, verify, evaluate, audit):
    group.add_command(_command)
for _command in (serve, cohort, release, approve):
    group.add_command(_command)
for _command in (add, check, refresh, list_):
    dataset.add_command(_command)
