# SPDX-License-Identifier: Apache-2.0
"""The ``pmcb`` command: global options, commands of all packages, one way to fail."""

import copy
import functools
import importlib.metadata
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, NoReturn

import click

from ._failure import Failure, explain
from ._home import check_home
from ._plugins import PluginGroup, installed_commands
from ._spared import spare_httpx_its_command

_EPILOG = "The options of pmcb itself (--home, --as, --json, --debug) may stand here, too."


@dataclass(frozen=True)
class Settings:
    """The global options; every command finds them in ``ctx.obj``.

    Attributes:
        home: this user's folder; it may not exist yet.
        label: wallet identity to act as (``--as``), or None.
        json: print one JSON document instead of text.
        debug: show tracebacks.
    """

    home: Path
    label: str | None = None
    json: bool = False
    debug: bool = False


def make_root(find: Callable[[], Iterable[EntryPoint]] = installed_commands) -> click.Group:
    """The ``pmcb`` command over the given entry points."""
    return _Root(
        "pmcb",
        find=find,
        decorate=_with_global_options,
        callback=_settings_exist,
        help=(
            "Privacy-enhanced mobile crowdsensing on a permissioned ledger.\n\n"
            "Exit codes: 0 done, 1 refused by a rule, 2 bad input, 3 unavailable, "
            "70 a defect of ours."
        ),
        params=[*_global_options(top=True), _version_option()],
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )


class _Root(PluginGroup):
    """Ends the process itself: every exception becomes an exit code and a sentence."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        given = list(sys.argv[1:] if args is None else args)
        run = functools.partial(
            super().main,
            given,
            prog_name,
            complete_var,
            standalone_mode=False,
            windows_expand_args=windows_expand_args,
            **extra,
        )
        if not standalone_mode:
            return run()
        try:
            result: object = run()
        except Exception as error:  # noqa: BLE001 - the last place: all become a sentence
            if "--debug" in given:
                _show_traceback(error)
            failure = explain(error)
            _show(failure, as_json="--json" in given)
            sys.exit(failure.exit_code)
        sys.exit(result if isinstance(result, int) else 0)


def _show_traceback(error: Exception) -> None:
    import traceback

    click.echo("".join(traceback.format_exception(error)), err=True, nl=False)


def _show(failure: Failure, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(failure.as_document(), ensure_ascii=False))
        return
    if failure.usage:
        click.echo(failure.usage, err=True)
    click.echo(f"Error: {failure.message}", err=True)
    if failure.next_step:
        click.echo(failure.next_step, err=True)


def _with_global_options(command: click.Command) -> click.Command:
    """A copy that takes the global options too, and looks at the home before it runs."""
    changed = copy.copy(command)
    taken = {text for param in command.params for text in (*param.opts, *param.secondary_opts)}
    added = [param for param in _global_options(top=False) if not taken & set(param.opts)]
    changed.params = [*command.params, *added]
    changed.epilog = command.epilog or _EPILOG
    if isinstance(command, click.Group) and isinstance(changed, click.Group):
        changed.commands = {
            name: _with_global_options(child) for name, child in command.commands.items()
        }
    elif command.callback is not None:
        changed.callback = _checking_home(command.callback)
    return changed


def _checking_home(callback: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(callback)
    def checked(*args: Any, **kwargs: Any) -> Any:
        check_home(_settings(click.get_current_context()).home)
        return callback(*args, **kwargs)

    return checked


def _settings_exist() -> None:
    _settings(click.get_current_context())


def _settings(ctx: click.Context) -> Settings:
    if not isinstance(ctx.obj, Settings):
        import platformdirs

        ctx.obj = Settings(home=platformdirs.user_data_path("pmcb", appauthor=False))
    return ctx.obj


def _remember(name: str) -> Callable[[click.Context, click.Parameter, object], object]:
    def callback(ctx: click.Context, _: click.Parameter, value: object) -> object:
        if value is not None and value is not False:
            ctx.obj = replace(_settings(ctx), **{name: value})  # type: ignore[arg-type]
        return value

    return callback


def _global_options(*, top: bool) -> list[click.Option]:
    common: dict[str, Any] = {"expose_value": False, "hidden": not top}
    folder = click.Path(file_okay=False, readable=False, resolve_path=True, path_type=Path)
    return [
        click.Option(
            ["--home"],
            type=folder,
            envvar="PMCB_HOME" if top else None,
            show_envvar=top,
            help="Folder of this user's state; else the platform's data folder.",
            callback=_remember("home"),
            **common,
        ),
        click.Option(
            ["--as"],
            metavar="LABEL",
            help="Act as this identity of the wallet.",
            callback=_remember("label"),
            **common,
        ),
        click.Option(
            ["--json"],
            is_flag=True,
            help="Print one JSON document, errors too.",
            callback=_remember("json"),
            **common,
        ),
        click.Option(
            ["--debug"],
            is_flag=True,
            help="Show tracebacks.",
            callback=_remember("debug"),
            **common,
        ),
    ]


def _version_option() -> click.Option:
    def show(ctx: click.Context, _: click.Parameter, value: object) -> None:
        if value and not ctx.resilient_parsing:
            click.echo(f"pmcb {importlib.metadata.version('pmcb-client')}")
            ctx.exit()

    return click.Option(
        ["--version"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        help="Show the version.",
        callback=show,
    )


def main() -> NoReturn:
    """Run ``pmcb`` with the process's arguments; never returns."""
    spare_httpx_its_command()
    make_root()(prog_name="pmcb")
    raise AssertionError("the command ends the process")
