# SPDX-License-Identifier: Apache-2.0
"""Commands of installed packages, from the entry points of ``pmcb.commands``.

An entry point is named ``GROUP`` (a group, or a command of its own) or ``GROUP.COMMAND``; several
packages may fill one group, and a group that nobody defines is made. The objects found are copied
before anything is added to them, so a package's own tests see them unchanged.
"""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points

import click

from .usage_errors import PluginError

Decorate = Callable[[click.Command], click.Command]


@cache
def installed_commands() -> Sequence[EntryPoint]:
    """The entry points of the environment that this process runs in."""
    return tuple(entry_points(group="pmcb.commands"))


class PluginGroup(click.Group):
    """A group whose commands are loaded when somebody asks for them."""

    def __init__(
        self,
        name: str | None = None,
        *,
        find: Callable[[], Iterable[EntryPoint]] = installed_commands,
        decorate: Decorate = lambda command: command,
        **attributes: object,
    ) -> None:
        super().__init__(name, **attributes)  # type: ignore[arg-type]  # click's own keywords
        self._find = find
        self._decorate = decorate
        self._points: Mapping[str, Sequence[EntryPoint]] | None = None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, built in or not, in order."""
        return sorted({*super().list_commands(ctx), *self._by_word()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, loaded now."""
        known = super().get_command(ctx, cmd_name)
        if known is None and cmd_name in self._by_word():
            known = self._decorate(load(cmd_name, self._by_word()[cmd_name]))
            self.add_command(known, cmd_name)
        return known

    def _by_word(self) -> Mapping[str, Sequence[EntryPoint]]:
        if self._points is None:
            points: dict[str, list[EntryPoint]] = {}
            for point in sorted(self._find(), key=lambda point: point.name):
                points.setdefault(point.name.split(".")[0], []).append(point)
            self._points = points
        return self._points


def load(word: str, points: Sequence[EntryPoint]) -> click.Command:
    """The command or group ``word``, put together from its entry points.

    What cannot be loaded is replaced by a command that says so.
    """
    own = [point for point in points if point.name == word]
    parts = [point for point in points if point.name != word]
    top: click.Command | None = None
    if own:
        top = _loaded(word, own)
        if not isinstance(top, click.Group) and not parts:
            return top
    group = _group(word, top)
    names: dict[str, list[EntryPoint]] = {}
    for point in parts:
        names.setdefault(point.name.partition(".")[2], []).append(point)
    for name, found in names.items():
        if name in group.commands:
            group.add_command(_broken(name, found, "the command is already there"), name)
        else:
            group.add_command(_loaded(name, found), name)
    if not group.help:
        group.help = f"Commands: {', '.join(sorted(group.commands))}."
    return group


def _group(word: str, top: click.Command | None) -> click.Group:
    if isinstance(top, click.Group):
        group = copy.copy(top)
        group.commands = dict(top.commands)
        return group
    group = click.Group(word)
    if top is not None:  # broken: what other packages add still works, the rest says what is wrong
        group.help = top.short_help
        group.invoke_without_command = True
        group.no_args_is_help = False
        group.callback = _unless_subcommand(top.callback)
    return group


def _unless_subcommand(complain: Callable[..., object] | None) -> Callable[[], None]:
    def callback() -> None:
        if complain is not None and click.get_current_context().invoked_subcommand is None:
            complain()

    return callback


def _loaded(name: str, points: Sequence[EntryPoint]) -> click.Command:
    if len(points) > 1:
        return _broken(name, points, "several packages define it")
    try:
        command = points[0].load()
    except Exception as error:  # noqa: BLE001 - whatever a package's import raises
        return _broken(name, points, f"{type(error).__name__} while loading", error)
    if not isinstance(command, click.Command):
        return _broken(name, points, "it is not a click command")
    return command


def _broken(
    name: str, points: Sequence[EntryPoint], reason: str, cause: Exception | None = None
) -> click.Command:
    packages = sorted({point.dist.name if point.dist else "a package" for point in points})
    package = " and ".join(packages)

    def complain() -> None:
        raise PluginError(
            f"The command '{name}' of {package} cannot be used: {reason}.",
            next_step=f"Install {package} again, or see the cause with --debug.",
        ) from cause

    return click.Command(
        name,
        callback=complain,
        short_help=f"Cannot be used: {reason}.",
        help=f"Cannot be used: {reason} ({package}).",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )
