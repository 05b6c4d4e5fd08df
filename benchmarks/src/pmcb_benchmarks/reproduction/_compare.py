# SPDX-License-Identifier: Apache-2.0
"""The regression gate: counts, ratios, bytes, verdicts beside the last accepted run; no times."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

TOLERANCE = 0.01
"""How far a ratio may differ from the accepted one, relative; counts and bytes not at all."""

SAME = ("seed", "runs", "data")
"""Where these differ, other things were measured, and only verdicts are compared."""

_TIMES = frozenset({"ms", "seconds", "timing", "achieved", "asked_s", "cpu_s"})
_TIME_ENDS = ("_ms", "_s", "_seconds", "per_second")
_PASSED_OVER = frozenset({"machine", "key", "reason", "answer", "question", "network"})


@dataclass(frozen=True)
class Difference:
    """Something that is not as it was accepted.

    Attributes:
        paper: of the item.
        name: of the item.
        place: in the document, as ``rows[3].tests``.
        accepted: what stood there.
        found: what stands there now.
    """

    paper: str
    name: str
    place: str
    accepted: str
    found: str

    @property
    def sentence(self) -> str:
        """In words."""
        item = f"{self.paper} {self.name}"
        return f"{item}: {self.place} was {self.accepted}, and is {self.found}."


def without_times(value: object) -> object:
    """The same without what a clock decides: times, rates, sentences on them, and the machine.

    >>> without_times({"tests": 5, "ms": 0.2, "rows": [{"cpu_s": 1.0, "n": 3}]})
    {'tests': 5, 'rows': [{'n': 3}]}
    """
    if isinstance(value, Mapping):
        return {
            name: without_times(each)
            for name, each in value.items()
            if name != "machine" and not _is_time(name)
        }
    if isinstance(value, list | tuple):
        return [without_times(each) for each in value]
    return value


def differences(accepted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Difference]:
    """Where a document differs from the accepted one of the same item."""
    paper, name = found["reproduction"], found["target"]
    alike = all(accepted.get(each) == found.get(each) for each in SAME)
    before, now = (dict(_values(each, "", whole=alike)) for each in (accepted, found))
    for place in dict.fromkeys((*before, *now)):
        old, new = before.get(place), now.get(place)
        if not _close(old, new):
            yield Difference(paper, name, place, _told(old), _told(new))


def _values(value: object, place: str, *, whole: bool) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            if name in _PASSED_OVER or _is_time(name) or not (whole or place or name == "claims"):
                continue
            yield from _values(each, f"{place}.{name}" if place else name, whole=whole)
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from _values(each, f"{place}[{number}]", whole=whole)
    else:
        yield place, value


def _is_time(name: str) -> bool:
    return name in _TIMES or name.endswith(_TIME_ENDS)


def _close(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float | int):
        return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=1e-12)
    return one == other


def _told(value: object) -> str:
    if value is None:
        return "not there"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
