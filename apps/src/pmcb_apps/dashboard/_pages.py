# SPDX-License-Identifier: Apache-2.0
"""From facts to HTML: the templates, and how numbers, times and ids are written."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ._charts import HEIGHT, WIDTH, bars
from ._refusals import meaning

if TYPE_CHECKING:
    import jinja2

__all__ = ["age", "moment", "prepare", "render", "words"]

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def render(name: str, facts: dict[str, Any]) -> str:
    """The page ``name`` with these facts."""
    return _environment().get_template(f"{name}.html.j2").render(facts)


def prepare() -> None:
    """Read all templates, so that the first visitor does not wait for that."""
    environment = _environment()
    for name in environment.list_templates():
        environment.get_template(name)


def moment(at_ms: int) -> str:
    """A time, for people.

    >>> moment(0)
    '1970-01-01 00:00:00 UTC'
    """
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def machine(at_ms: int) -> str:
    """A time, for ``datetime`` attributes.

    >>> machine(0)
    '1970-01-01T00:00:00Z'
    """
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def age(span_ms: int) -> str:
    """A span, in its largest unit.

    >>> age(90_000), age(7_200_000), age(0)
    ('1 minute', '2 hours', '0 seconds')
    """
    seconds = max(0, span_ms) // 1000
    for size, unit in _UNITS:
        if seconds >= size:
            many = seconds // size
            return f"{many:,} {unit}{'' if many == 1 else 's'}"
    return "0 seconds"


def words(function: str) -> str:
    """The name of a function, as words.

    >>> words("accept_subtask")
    'accept subtask'
    """
    return function.replace("_", " ")


def query(**fields: object) -> str:
    """A query string; what is empty is left out.

    >>> query(q="", page=2)
    '?page=2'
    """
    kept = {name: value for name, value in fields.items() if value not in {"", None}}
    return f"?{urlencode(kept)}" if kept else "?"


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    made = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.PackageLoader(__package__),
        auto_reload=False,
    )
    made.filters.update(moment=moment, machine=machine, age=age, words=words, meaning=meaning)
    made.globals.update(query=query, bars=bars, WIDTH=WIDTH, HEIGHT=HEIGHT)
    return made
