# SPDX-License-Identifier: Apache-2.0
import errno
import json
import os
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from tests.client.made_up_commands import Point, command, run

from pmcb_client.cli import Settings
from pmcb_client.errors import LedgerUnavailable, LevelMismatch, OutcomeUnknown, Refused


def raising(error):
    def callback():
        raise error

    return callback


class OwnError(Exception):
    exit_code = 3
    next_step = None


@pytest.mark.parametrize(
    ("error", "exit_code", "name", "said"),
    [
        (LevelMismatch("LEVEL_MISMATCH", status=403, reason="Level 1 is not 2."), 1,
         "LEVEL_MISMATCH", "pmcb receiver tasks"),
        (Refused("NEW_RULE", reason="No."), 1, "NEW_RULE", "NEW_RULE: No."),
        (OutcomeUnknown("abc"), 3, "OutcomeUnknown", "Run the same again"),
        (LedgerUnavailable("Nothing answers."), 3, "LedgerUnavailable", "pmcb network status"),
        (OwnError("A plugin's words."), 3, "OwnError", "A plugin's words."),
        (click.UsageError("Wrong."), 2, "UsageError", "Wrong."),
        (click.FileError("x"), 2, "FileError", "x"),
        (OSError(errno.ENOSPC, "No space left"), 3, "DiskFull", "The disk is full."),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "a/b"), 2, "BadPath",
         "a/b cannot be used: not a directory."),
        (OSError(errno.EDQUOT, "Quota"), 3, "DiskFull", "Free some space"),
        (PermissionError(errno.EACCES, "denied", "/a/b"), 2, "PermissionDenied", "/a/b may not"),
        (OSError(errno.EIO, "I/O error"), 70, "OSError", "defect of pmcb: OSError"),
        (ZeroDivisionError("secret words"), 70, "ZeroDivisionError", "--debug"),
        (ExceptionGroup("many", [ZeroDivisionError(), LedgerUnavailable("Nothing answers.")]), 3,
         "LedgerUnavailable", "Nothing answers."),
        (KeyboardInterrupt(), 130, "Interrupted", "Interrupted."),
    ],
)  # fmt: skip
def test_every_error_has_an_exit_code_and_a_sentence(error, exit_code, name, said):
    """Refusals, input, absence, defects and interruption end differently, without traceback."""
    points = [Point("go", command("go", raising(error)))]
    plain = run(points, "go")
    assert plain.exit_code == exit_code
    assert said in plain.stderr
    assert plain.stdout == ""
    assert "Traceback" not in plain.stderr
    assert "secret words" not in plain.stderr
    shown = run(points, "--json", "go")
    assert shown.exit_code == exit_code
    document = json.loads(shown.stdout)
    assert document["error"] == name
    assert set(document) == {"error", "message", "next_step"}
    assert said in document["message"] + document["next_step"]


def test_a_traceback_needs_debug():
    """``--debug`` shows where, before the same sentence; it may stand after the command."""
    shown = run([Point("go", command("go", raising(ZeroDivisionError())))], "go", "--debug")
    assert shown.exit_code == 70
    assert "Traceback" in shown.stderr
    assert shown.stderr.count("Error: This is a defect") == 1


@pytest.mark.parametrize("args", [["gone"], ["go", "--gone"], ["go", "surplus"], ["--gone"]])
def test_wrong_usage_ends_with_2(args):
    """Unknown commands, options and arguments are bad input, under ``--json`` too."""
    points = [Point("go", command("go", lambda: None))]
    assert run(points, *args).exit_code == 2
    shown = run(points, *args, "--json")
    assert shown.exit_code == 2
    assert json.loads(shown.stdout)["message"]


def settings_command():
    @click.command(help="Show.")
    @click.pass_obj
    def show(settings):
        click.echo(f"{settings.home}|{settings.label}|{settings.json}|{settings.debug}")

    return [Point("levels", click.Group("levels", [show]))]


@pytest.mark.parametrize(
    "order",
    [
        ("{g}", "levels", "show"),
        ("levels", "{g}", "show"),
        ("levels", "show", "{g}"),
    ],
)
def test_global_options_stand_before_or_after_the_command(order, tmp_path):
    """``pmcb levels show --json`` is ``pmcb --json levels show``."""
    given = ["--home", str(tmp_path), "--as", "me", "--json", "--debug"]
    args = [word for part in order for word in (given if part == "{g}" else [part])]
    assert run(settings_command(), *args).output == f"{tmp_path.resolve()}|me|True|True\n"


def test_the_home_comes_from_the_option_the_environment_or_the_platform(tmp_path, monkeypatch):
    """In this order; the last is the platform's data folder."""
    env = {"PMCB_HOME": str(tmp_path / "env")}
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("PMCB_HOME", raising=False)
    option = ("--home", str(tmp_path / "opt"))
    assert "/opt|" in run(settings_command(), *option, "levels", "show", env=env).output
    assert "/opt|" in run(settings_command(), "levels", "show", *option, env=env).output
    assert "/env|" in run(settings_command(), "levels", "show", env=env).output
    shown = run(settings_command(), "levels", "show").output
    assert "/env|" not in shown
    assert "pmcb|None|False|False" in shown


def test_a_command_keeps_its_own_option_of_the_same_name():
    """A plugin's own ``--as`` is not taken from it."""
    own = click.Command("go", params=[click.Option(["--as", "what"])], callback=click.echo)
    own.callback = lambda what: click.echo(f"own {what}")
    assert run([Point("go", own)], "go", "--as", "x", "--json").output == "own x\n"


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives away")
def test_a_home_of_another_user_is_refused(tmp_path):
    """What belongs to somebody else is neither read nor written."""
    home = tmp_path / "theirs"
    home.mkdir()
    os.chown(home, 65534, 65534)
    refused = run(settings_command(), "levels", "show", "--home", str(home))
    assert refused.exit_code == 2
    assert "belongs to another user" in refused.stderr
    assert "--home" in refused.stderr
    assert run(settings_command(), "levels", "show", "--help", "--home", str(home)).exit_code == 0


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives away")
def test_a_home_may_be_made_in_a_folder_of_another_user(tmp_path):
    """Where it may be written: the platform's own folders often belong to somebody else."""
    os.chown(tmp_path, 65534, 65534)
    done = run(settings_command(), "levels", "show", "--home", str(tmp_path / "mine"))
    assert done.exit_code == 0


@pytest.mark.parametrize("missing", ["", "a/b"])
def test_a_home_that_cannot_be_written_is_refused(tmp_path, monkeypatch, missing):
    """Also when it would have to be made inside such a folder."""
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    refused = run(settings_command(), "levels", "show", "--home", str(tmp_path / missing))
    assert refused.exit_code == 2
    assert "cannot be written" in refused.stderr


def test_a_home_below_a_file_is_refused(tmp_path):
    """A file is no folder."""
    (tmp_path / "file").touch()
    refused = run(settings_command(), "levels", "show", "--home", str(tmp_path / "file" / "home"))
    assert refused.exit_code == 2
    assert "not a folder" in refused.stderr


def test_an_exit_of_a_command_is_kept():
    """``ctx.exit(4)`` ends with 4, and a returned value with 0."""
    points = [
        Point("leave", command("leave", lambda: click.get_current_context().exit(4))),
        Point("say", command("say", lambda: "anything")),
    ]
    assert run(points, "leave").exit_code == 4
    assert run(points, "say").exit_code == 0


def test_the_version_is_the_distribution_s():
    """``--version`` says what is installed."""
    assert run([], "--version").output == f"pmcb {version('pmcb-client')}\n"


def test_settings_have_defaults(tmp_path):
    """Only the home is needed, for those who call commands from code."""
    assert Settings(home=tmp_path) == Settings(tmp_path, label=None, json=False, debug=False)
