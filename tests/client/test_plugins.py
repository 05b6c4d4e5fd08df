# SPDX-License-Identifier: Apache-2.0
from dataclasses import dataclass
from importlib.metadata import entry_points

import click
import pytest
from tests.client.made_up_commands import Point, command, run


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (ImportError("no such module"), "ImportError while loading"),
        (RuntimeError("import-time defect"), "RuntimeError while loading"),
        ("no command", "it is not a click command"),
    ],
)
def test_a_broken_plugin_says_so_and_the_rest_works(broken, reason):
    """One clear sentence names the package; other commands run; --help lists both."""
    points = [
        Point("fog", broken, package="pmcb-fog"),
        Point("levels", click.Group("levels", [command("show", lambda: click.echo("shown"))])),
        Point("levels.classify", broken, package="pmcb-clustering"),
    ]
    used = run(points, "fog", "serve", "--port", "1")
    assert used.exit_code == 3
    assert f"The command 'fog' of pmcb-fog cannot be used: {reason}." in used.stderr
    assert run(points, "levels", "classify", "x").exit_code == 3
    assert run(points, "levels", "show").output == "shown\n"
    listed = run(points, "--help")
    assert listed.exit_code == 0
    assert "Cannot be used" in listed.output
    assert "levels" in listed.output


def test_a_broken_group_leaves_what_others_add_to_it():
    """A group that cannot be loaded still holds the commands of other packages."""
    points = [
        Point("levels", ImportError("gone"), package="pmcb-client"),
        Point("levels.classify", command("classify", lambda: click.echo("classified"))),
    ]
    assert run(points, "levels", "classify").output == "classified\n"
    used = run(points, "levels")
    assert used.exit_code == 3
    assert "pmcb-client" in used.stderr


def test_a_command_defined_twice_is_not_guessed():
    """Two packages that define one command are both named, and none is run."""
    points = [
        Point("go", command("go", lambda: None), package="one"),
        Point("go", command("go", lambda: None), package="two"),
    ]
    used = run(points, "go")
    assert used.exit_code == 3
    assert "one and two" in used.stderr
    assert "several packages" in used.stderr
    group = click.Group("levels", [command("show", lambda: None)])
    points = [Point("levels", group), Point("levels.show", command("show", lambda: None), "other")]
    assert "already there" in run(points, "levels", "show").stderr


def test_several_packages_fill_a_group_and_their_own_objects_stay_unchanged():
    """``GROUP.COMMAND`` joins ``GROUP``, or a group made for it, in copies."""
    group = click.Group("levels", [command("show", lambda: click.echo("shown"))], help="Levels.")
    points = [
        Point("levels.classify", command("classify", lambda: click.echo("classified"))),
        Point("levels", group),
        Point("bench.ledger", command("ledger", lambda: click.echo("ledger"))),
        Point("bench.levels", command("levels", lambda: click.echo("levels"))),
    ]
    assert run(points, "levels", "classify").output == "classified\n"
    assert run(points, "levels", "show").output == "shown\n"
    assert run(points, "bench", "ledger").output == "ledger\n"
    assert "Commands: ledger, levels." in run(points, "--help").output
    assert list(group.commands) == ["show"]
    assert group.commands["show"].params == []


def test_only_the_group_in_use_is_loaded():
    """The modules of other groups stay unimported."""
    loaded = []

    @dataclass
    class Noting(Point):
        def load(self):
            loaded.append(self.name)
            return super().load()

    points = [
        Noting("go", command("go", lambda: None)),
        Noting("bench.ledger", command("ledger", lambda: None)),
    ]
    assert run(points, "go").exit_code == 0
    assert loaded == ["go"]


def test_completion_knows_the_plugins():
    """Shell completion is click's own, plugins included."""
    points = [Point("levels", click.Group("levels", [command("show", lambda: None)]))]
    env = {"_PMCB_COMPLETE": "bash_complete", "COMP_WORDS": "pmcb levels sh", "COMP_CWORD": "2"}
    found = run(points, prog_name="pmcb", env=env)
    assert found.output == "plain,show\n"


def test_our_own_groups_load():
    """Every command of this distribution is there, with help on itself and its options."""
    ours = [
        p for p in entry_points(group="pmcb.commands") if p.dist and p.dist.name == "pmcb-client"
    ]
    names = "credit id levels me receiver task verifier"
    assert sorted(point.name for point in ours) == names.split()
    for point in ours:
        group = point.load()
        assert group.help
        commands = getattr(group, "commands", {})
        assert commands or point.name == "me"
        for child in commands.values():
            assert child.help
            for param in child.params:
                assert isinstance(param, click.Argument) or param.help, (child.name, param.name)
