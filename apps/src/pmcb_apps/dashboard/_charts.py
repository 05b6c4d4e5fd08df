# SPDX-License-Identifier: Apache-2.0
"""Bars, laid out on the server: templates draw them as SVG, with their numbers beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Bar", "Bars", "activity", "bars"]

WIDTH, HEIGHT = 640, 160
_SECOND = 1000
_WINDOWS = (  # milliseconds of a bar, and what that is called
    (_SECOND, "second"),
    (10 * _SECOND, "10 seconds"),
    (60 * _SECOND, "minute"),
    (600 * _SECOND, "10 minutes"),
    (3_600 * _SECOND, "hour"),
    (86_400 * _SECOND, "day"),
    (30 * 86_400 * _SECOND, "30 days"),
)
_MOST = 60


@dataclass(frozen=True)
class Bar:
    """A bar: its place in the drawing, and the number that it stands for."""

    x: float
    y: float
    width: float
    height: float
    value: float


@dataclass(frozen=True)
class Bars:
    """A row of bars.

    Attributes:
        bars: from left to right.
        most: the number of the highest.
        step: what one bar covers, in words.
        from_ms, until_ms: the time that all cover; 0 where they cover none.
    """

    bars: tuple[Bar, ...]
    most: float
    step: str = ""
    from_ms: int = 0
    until_ms: int = 0


def bars(values: Sequence[float], *, gap: float = 0.2) -> tuple[Bar, ...]:
    """Bars of these heights, side by side; the highest is as high as the drawing.

    Args:
        values: from left to right, at least 0.
        gap: the part of a bar's place that is left free, 0 to 1.

    >>> [(bar.x, bar.height) for bar in bars([1, 2], gap=0)]
    [(0.0, 80.0), (320.0, 160.0)]
    """
    most = max(values, default=0) or 1
    place = WIDTH / max(1, len(values))
    return tuple(
        Bar(
            x=round(index * place + place * gap / 2, 1),
            y=round(HEIGHT * (1 - value / most), 1),
            width=round(place * (1 - gap), 1),
            height=round(HEIGHT * value / most, 1),
            value=value,
        )
        for index, value in enumerate(values)
    )


def activity(times_ms: Sequence[int]) -> Bars | None:
    """How many fell into each second, minute, ...: the finest of which at most sixty cover all.

    >>> found = activity([0, 1_500, 1_900])
    >>> found.step, [bar.value for bar in found.bars]
    ('second', [1, 2])
    """
    if not times_ms:
        return None
    first, last = min(times_ms), max(times_ms)
    step, name = next(
        (one for one in _WINDOWS if last // one[0] - first // one[0] < _MOST), _WINDOWS[-1]
    )
    start, end = max(first // step, last // step - _MOST + 1), last // step
    counts = Counter(at_ms // step for at_ms in times_ms)
    values = [counts[place] for place in range(start, end + 1)]
    return Bars(bars(values), max(values), name, start * step, (end + 1) * step)
