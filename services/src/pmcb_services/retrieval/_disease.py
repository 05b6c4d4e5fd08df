# SPDX-License-Identifier: Apache-2.0
"""Diseases as sets of ranges, in files; those that come with this package are examples.

::

    name: shock
    about: Low pressure with a fast heart.
    ranges:                    # both ends included; null opens an end
      MAP: [null, 65]
      HR: [100, null]
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ._schema_file import mapping, read
from .errors import SchemaError

__all__ = ["SHIPPED", "Disease"]

_FOLDER = Path(__file__).parent / "diseases"
SHIPPED = ("covid-19", "sepsis", "shock", "uraemia")
"""Examples, no advice: cut-offs differ between clinics and patients."""


@dataclass(frozen=True)
class Disease:
    """A disease.

    Attributes:
        name: of it.
        about: one sentence, where the ranges come from.
        ranges: (low, high) by attribute; None opens an end.

    >>> Disease.load("shock").ranges["MAP"]
    (None, 65)
    """

    name: str
    about: str
    ranges: dict[str, tuple[float | None, float | None]]

    @classmethod
    def load(cls, name: str) -> Disease:
        """The disease of a file, or of a name in `SHIPPED`.

        Raises:
            SchemaError: there is none, or it is no disease.
        """
        path = _FOLDER / f"{name}.yaml" if name in SHIPPED else Path(name)
        if path.suffix not in {".yaml", ".yml"}:
            raise SchemaError(
                f"There is no disease '{name}'.",
                field="disease",
                next_step=f"Name a YAML file, or one of {', '.join(SHIPPED)}.",
            )
        try:
            parts = mapping(read(path), "a disease")
        except SchemaError as error:
            raise SchemaError(str(error), field="disease", next_step="") from None
        if set(parts) != {"name", "about", "ranges"}:
            raise SchemaError(
                "A disease has name, about and ranges.", field="disease", next_step=""
            )
        ranges = mapping(parts["ranges"], "the ranges of a disease")
        return cls(
            str(parts["name"]),
            " ".join(str(parts["about"]).split()),
            {each: _pair(each, bounds) for each, bounds in ranges.items()},
        )


def _pair(name: str, bounds: object) -> tuple[float | None, float | None]:
    if isinstance(bounds, list) and len(bounds) == 2 and all(map(_is_bound, bounds)):
        return bounds[0], bounds[1]
    raise SchemaError(f"The range of '{name}' must be [low, high].", field=name, next_step="")


def _is_bound(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
