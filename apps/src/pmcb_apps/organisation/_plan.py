# SPDX-License-Identifier: Apache-2.0
"""``organisation.toml``: which services, as whom, with which options.

Options are those of the commands themselves, so that they are described in one place; a service
that asks for what its command does not take is refused before anything starts.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from pmcb_client.cli import Settings, make_root

from ._kinds import KINDS, Kind
from .errors import PlanError

__all__ = ["Plan", "Service"]

_NAME = re.compile("[a-z][a-z0-9-]{0,31}")
_OWN = {"kind", "as"}
_GLOBAL = {"home", "json", "debug", "help"}
_NETWORK = ("network", "up")
_ADVICE = "`pmcb up --print example` shows a whole file."


@dataclass(frozen=True)
class Service:
    """One service.

    Attributes:
        name: in the file.
        kind: what it is.
        label: the wallet identity it runs as.
        options: words after the command, as its command line takes them.
        takes_port: whether ``--port`` is left to be chosen.
    """

    name: str
    kind: Kind
    label: str
    options: tuple[str, ...]
    takes_port: bool

    def words(self, *, port: int | None = None) -> list[str]:
        """What to write after ``pmcb``; with the port it had before, where it may choose one."""
        words = ["--json", "--as", self.label, *self.kind.words, *self.options]
        return [*words, "--port", str(port)] if port and self.takes_port else words


@dataclass(frozen=True)
class Plan:
    """The whole file.

    Attributes:
        path: where it is.
        organisation: MSP id of those who run the services; "" for the only one.
        network: options of ``pmcb network up``; None where the network runs elsewhere.
        services: in the order in which they are started.
    """

    path: Path
    organisation: str
    network: tuple[str, ...] | None
    services: tuple[Service, ...]

    @classmethod
    def load(cls, path: Path) -> Plan:
        """Read and check the file.

        Raises:
            PlanError: it cannot be read, or names what does not exist.
        """
        try:
            document = tomllib.loads(path.read_text())
        except FileNotFoundError as error:
            raise PlanError(f"There is no {path}.", next_step=_ADVICE) from error
        except OSError as error:
            raise PlanError(f"{path} cannot be read: {error.strerror}.") from error
        except ValueError as error:  # also of bytes that are no text
            raise PlanError(f"{path.name} is no TOML: {error}.", next_step=_ADVICE) from error
        return _Reader(path.resolve()).plan(document)

    def needed_by(self, service: Service) -> tuple[Service, ...]:
        """The services that are started before it."""
        return tuple(each for each in self.services if each.kind.name in service.kind.needs)


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._root = make_root()

    def plan(self, document: Mapping[str, object]) -> Plan:
        unknown = sorted(set(document) - {"organisation", "network", "services"})
        if unknown:
            raise PlanError("There is no such key.", key=unknown[0], next_step=_ADVICE)
        organisation = document.get("organisation", "")
        if not isinstance(organisation, str):
            raise PlanError("An MSP id is a text.", key="organisation")
        network = document.get("network")
        services = [self._service(*each) for each in _tables(document.get("services"))]
        if not services:
            raise PlanError("No service is named.", key="services", next_step=_ADVICE)
        return Plan(
            self._path,
            organisation,
            None if network is None else self._options("network", _NETWORK, network),
            tuple(_in_order(services)),
        )

    def _service(self, name: str, table: Mapping[str, object]) -> Service:
        key = f"services.{name}"
        if not _NAME.fullmatch(name):
            raise PlanError("A name is lower-case letters, digits and hyphens.", key=key)
        kind = KINDS.get(str(table.get("kind", name)))
        if kind is None:
            known = ", ".join(KINDS)
            raise PlanError(
                "There is no such kind.", key=key, next_step=f"Give kind = one of {known}."
            )
        label = table.get("as", kind.role)
        if not isinstance(label, str) or not label:
            raise PlanError("A label of the wallet is a text.", key=f"{key}.as")
        given = {word: value for word, value in table.items() if word not in _OWN}
        options = self._options(key, kind.words, given)
        ports = "--port" in _known(self._command(kind.words)) and "port" not in given
        return Service(name, kind, label, options, ports)

    def _options(self, key: str, words: tuple[str, ...], given: object) -> tuple[str, ...]:
        if not isinstance(given, Mapping):
            raise PlanError("This is a table.", key=key, next_step=_ADVICE)
        command = self._command(words)
        known = _known(command)
        made: list[str] = []
        for name, value in given.items():
            option = known.get(f"--{name.replace('_', '-')}")
            if option is None or option.name in _GLOBAL:
                takes = ", ".join(sorted(word[2:] for word in known))
                said = f"`pmcb {' '.join(words)}` has no such option."
                raise PlanError(said, key=f"{key}.{name}", next_step=f"It takes {takes}.")
            made += self._words(f"{key}.{name}", option, value)
        self._check(key, command, words, made)
        return tuple(made)

    def _command(self, words: tuple[str, ...]) -> click.Command:
        found: click.Command = self._root
        context = click.Context(found, obj=Settings(self._path.parent))
        for word in words:
            child = found.get_command(context, word) if isinstance(found, click.Group) else None
            if child is None:
                raise PlanError(f"`pmcb {' '.join(words)}` is not installed here.")
            found = child
        return found

    def _words(self, key: str, option: click.Option, value: object) -> Iterator[str]:
        word = option.opts[0]
        values = value if isinstance(value, list) else [value]
        if len(values) > 1 and not option.multiple:
            raise PlanError("This takes one value.", key=key)
        for each in values:
            if option.is_flag:
                if not isinstance(each, bool):
                    raise PlanError("This is true or false.", key=key)
                yield from [word] if each else []
            elif isinstance(each, bool) or not isinstance(each, str | int | float):
                raise PlanError("This is a text or a number.", key=key)
            else:
                yield from (word, self._resolved(option, str(each)))

    def _resolved(self, option: click.Option, value: str) -> str:
        """Paths are relative to the file, wherever the command is typed."""
        return str(self._path.parent / value) if isinstance(option.type, click.Path) else value

    def _check(
        self, key: str, command: click.Command, words: tuple[str, ...], options: list[str]
    ) -> None:
        """Let the command itself look at its options; it does not run."""
        try:
            command.make_context(words[-1], list(options), obj=Settings(self._path.parent))
        except click.ClickException as error:
            raise PlanError(error.format_message(), key=key) from error


def _known(command: click.Command) -> dict[str, click.Option]:
    options = [each for each in command.params if isinstance(each, click.Option)]
    return {
        word: each
        for each in options
        for word in each.opts
        if word.startswith("--") and each.expose_value
    }


def _tables(services: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    if not isinstance(services, Mapping):
        raise PlanError("Services are tables [services.NAME].", key="services", next_step=_ADVICE)
    for name, table in services.items():
        if not isinstance(table, Mapping):
            raise PlanError("A service is a table.", key=f"services.{name}", next_step=_ADVICE)
        yield name, table


def _in_order(services: list[Service]) -> Iterator[Service]:
    """What others need first, else as in the file."""
    left = list(services)
    while left:
        waiting = {each.kind.name for each in left}
        ready = [each for each in left if not waiting & set(each.kind.needs)]
        yield from ready
        left = [each for each in left if each not in ready]
