# SPDX-License-Identifier: Apache-2.0
"""A set by its name: the published rows where they are at hand, a stand-in said loudly else."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pmcb_services.publishing import Schema

from . import _adl, _adult, _csm, _news
from ._clinic import make_clinic
from ._dataset import DataSet
from ._fetch import PUBLISHED, find_part
from ._standin import StandInWarning, stand_in


@dataclass(frozen=True)
class _Shape:
    read: Callable[..., DataSet]
    schema: Schema
    rows: int


_SHAPES = {
    "adult": _Shape(_adult.read_adult, _adult.SCHEMA, _adult.ROWS),
    "adl": _Shape(_adl.read_adl, _adl.SCHEMA, _adl.ROWS),
    "csm": _Shape(_csm.read_csm, _csm.SCHEMA, _csm.ROWS),
    "news": _Shape(_news.read_news, _news.SCHEMA, _news.ROWS),
}
NAMES = (*_SHAPES, "clinic")


def load(name: str, home: Path | None = None) -> DataSet:
    """The set of that name, looked for in ``PMCB_DATA`` and then in the home's data folder.

    Args:
        name: one of ``NAMES``; ``clinic`` is always generated.
        home: the user's folder.

    Raises:
        KeyError: there is no such set.
        OSError: a file of it cannot be read or unpacked.

    Warns:
        StandInWarning: a file is not at hand, so made-up rows of the same shape are given.
    """
    if name == "clinic":
        return make_clinic()
    shape = _SHAPES[name]
    published = next(one for one in PUBLISHED if one.name == name)
    paths = [path for part in published.parts if (path := find_part(part, home))]
    if len(paths) == len(published.parts):
        return shape.read(*paths)
    warnings.warn(
        f"STAND-IN: {name} is not at hand; {shape.rows:,} made-up rows take its place. "
        f"`pmcb data fetch {name}` brings it.",
        StandInWarning,
        stacklevel=2,
    )
    return stand_in(name, shape.schema, shape.rows)
