# SPDX-License-Identifier: Apache-2.0
"""What commands share that ask a query gateway."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pmcb_client.commands.acting import choose_valid, run
from pmcb_client.terminal import table

if TYPE_CHECKING:
    from pathlib import Path

    from pmcb_client.cli import Settings
    from pmcb_client.wallet import WalletIdentity
    from pmcb_services.retrieval.gateway import Folder
    from pmcb_services.retrieval.vitals import Vitals
    from pmcb_services.retrieval.worker import RetrievalClient

__all__ = [
    "called",
    "counted",
    "exact",
    "folder_of",
    "institution_option",
    "own",
    "ranges_of",
    "search_options",
    "shown_rows",
    "store_option",
    "vitals_at_hand",
]

T = TypeVar("T")
Command = TypeVar("Command", bound=Callable[..., object])
Ranges = dict[str, tuple[float | None, float | None]]
Work = Callable[["RetrievalClient", str], Awaitable[T]]

MOST_SHOWN = 20

institution_option = click.option(
    "--institution", metavar="MSP", default="", help="Whose gateway; needed if there are several."
)
store_option = click.option("--store", metavar="NAME", help="Needed if there are several.")

_SEARCH = (
    click.option(
        "--range",
        "ranges",
        metavar="NAME=LOW:HIGH",
        multiple=True,
        help="Both ends included; leave one out to open it. Repeat it.",
    ),
    click.option(
        "--disease",
        metavar="FILE",
        help="Its ranges, too: a YAML file, or covid-19, sepsis, shock, uraemia (examples).",
    ),
)


def search_options(command: Command) -> Command:
    """``--range`` and ``--disease``; `ranges_of` reads them."""
    for option in reversed(_SEARCH):
        command = option(command)
    return command


def ranges_of(texts: tuple[str, ...], disease: str | None) -> Ranges:
    """The ranges of a command line.

    Raises:
        NotANumber, UnknownAttribute, SchemaError: names the attribute.
    """
    from pmcb_services.retrieval._disease import Disease
    from pmcb_services.retrieval.errors import UnknownAttribute

    found: Ranges = {} if disease is None else dict(Disease.load(disease).ranges)
    for text in texts:
        name, bounds = _range(text)
        if name in found:
            raise UnknownAttribute(f"'{name}' is named twice.", field=name)
        found[name] = bounds
    return found


def called(
    settings: Settings, work: Work[T], *, store: str | None, institution: str = "", role: str = ""
) -> T:
    """The result of ``work`` with the gateway and the store's name, as the identity with this role.

    Without a role as the first identity: any may search that has a grant.
    """
    from pmcb_client.network_file import load
    from pmcb_services.retrieval.worker import RetrievalClient

    network = load(settings.home / "network.json")
    identity = choose_valid(settings, network, role)

    async def main() -> T:
        async with RetrievalClient(network, identity, institution=institution) as gateway:
            return await work(gateway, store or await _only(gateway))

    return run(main())


def own(settings: Settings, work: Work[T], *, store: str | None) -> T:
    """The same with the gateway of the identity's own organisation, as an institution."""
    from pmcb_client.network_file import load

    network = load(settings.home / "network.json")
    msp_id = choose_valid(settings, network, "institution").msp_id
    return called(settings, work, store=store, institution=msp_id, role="institution")


def folder_of(settings: Settings, identity: WalletIdentity) -> Folder:
    """Where an institution keeps its keys and stores."""
    from pmcb_services.retrieval.gateway import Folder

    owner = f"{identity.msp_id}.{identity.enrollment_id}"
    path: Path = settings.home / "retrieval" / owner
    return Folder(path)


def vitals_at_hand(rows: int | None = None) -> Vitals:
    """Vital signs, all or the first; that made-up ones stand in is said on stderr."""
    from structlog.testing import capture_logs

    from pmcb_services.retrieval import vitals

    with capture_logs():  # said here
        found = vitals.load(rows)
    if found.source == vitals.STAND_IN:
        click.echo("STAND-IN: the vitals are not at hand; made-up ones take their place.", err=True)
    return found


def shown_rows(found: dict[str, Any]) -> list[Any]:
    """The first rows of an answer as a table, and how many there are."""
    rows = found["rows"]
    if not rows:
        return [f"0 hits; {counted(found['rounds'], 'round')}."]
    fillers = len(rows) - found["hits"]
    said = counted(found["hits"], "hit")
    if fillers:
        nearest = "the nearest" if found["certified"] else "near"
        said += f" and {fillers:,} of {nearest} others, marked false"
    said += f"; {counted(found['rounds'], 'round')}."
    if len(rows) > MOST_SHOWN:
        said += f" The first {MOST_SHOWN} are shown; --json shows all."
    names, *cells = _written(found["columns"], rows[:MOST_SHOWN])
    return [table(names, cells), said]


def exact(value: float) -> str:
    """A value with all the digits that it has, for tables, which show three.

    >>> exact(36.85), exact(120)
    ('36.85', '120')
    """
    return f"{value:.10g}"


def counted(number: int, noun: str) -> str:
    """A number of something.

    >>> counted(1, "round"), counted(2_000, "record")
    ('1 round', '2,000 records')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _written(names: list[str], rows: list[list[Any]]) -> list[list[str]]:
    """Columns' names and rows: ids as `delete` takes them, values as they are; set to the right."""
    cells = [names, *([_cell(*each) for each in zip(names, row, strict=True)] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [[text.rjust(w) for text, w in zip(row, widths, strict=True)] for row in cells]


def _cell(name: str, value: Any) -> str:
    if not isinstance(value, float):
        return "-" if value is None else str(value)
    return f"{value:.3g}" if name == "gap" else exact(value)


async def _only(gateway: RetrievalClient) -> str:
    from pmcb_services.retrieval.errors import InputError

    names = [each["name"] for each in await gateway.stores()]
    if len(names) != 1:
        known = f"There are the stores {', '.join(names)}." if names else "There is no store."
        step = "Choose one with --store NAME." if names else "`pmcb retrieval build` makes one."
        raise InputError(known, field="store", next_step=step)
    return str(names[0])


def _range(text: str) -> tuple[str, tuple[float | None, float | None]]:
    from pmcb_services.retrieval.errors import NotANumber

    name, equals, bounds = text.rpartition("=")
    low, colon, high = bounds.partition(":")
    if not equals or not name or not bounds.strip():
        raise NotANumber("A range is written NAME=LOW:HIGH.", field=name)
    first = _bound(low, name)
    return name, (first, _bound(high, name) if colon else first)


def _bound(text: str, name: str) -> float | None:
    from pmcb_services.retrieval.errors import NotANumber

    if not text.strip():
        return None
    try:
        number = float(text)
    except ValueError:
        raise NotANumber(f"A bound of '{name}' is no number.", field=name) from None
    return int(number) if number.is_integer() else number
