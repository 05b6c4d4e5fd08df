# SPDX-License-Identifier: Apache-2.0
import json

from tests.client.commands.conftest import LEVEL_OF, ROLES, A, B, Story

from pmcb_client._canonical import canonical
from pmcb_client.levels_registry import read_levels, register
from pmcb_client.people import read_people

AUTHORITIES = {name: ROLES[name] for name in ("authority-a", "authority-b")}


def test_the_acting_identity_is_never_guessed(story):
    """None, or several with the role: the user is told which, and how to choose."""
    args = story.levels(LEVEL_OF, 3)
    none = story.no("IdentityChoice", *args, exit_code=2)
    assert "no identity with the role authority" in none["message"]
    assert "--role authority" in none["next_step"]
    assert (
        "no identity with a role"
        in story.no("IdentityChoice", "levels", "show", exit_code=2)["message"]
    )
    story.enroll(AUTHORITIES)
    several = story.no("IdentityChoice", *args, exit_code=2)
    assert "authority-a, authority-b" in several["message"]
    assert "--as" in several["next_step"]
    story.no("IdentityNotFound", *args, label="gone", exit_code=2)


def test_only_authorities_publish(town):
    """The certificate's role decides, not the command."""
    args = town.levels({"low1": 1, "low2": 2}, 2)
    refused = town.no("ROLE_REQUIRED", *args, "--epoch", "2", label="releaser")
    assert "--as" in refused["next_step"]


def test_an_epoch_out_of_order_is_refused(town):
    """Numbers have no gaps; an active epoch keeps its content."""
    args = town.levels({"low1": 1, "low2": 2}, 2)
    town.no("EPOCH_ORDER", *args, "--epoch", "9", label="authority-a")
    town.no("EXISTS", *args, "--epoch", "1", label="authority-a")


def test_files_that_do_not_fit_are_bad_input(town):
    """The message names the file."""
    args = town.levels(LEVEL_OF, 3)
    bad = town.file("bad.csv", "node,msp\n")
    assert "bad.csv, line 1" in town.run(*args[:-1], str(bad), label="authority-a").stderr
    bad = town.file("bad.json", "{}")
    done = town.run(*args[:2], str(bad), *args[3:], label="authority-a")
    assert done.exit_code == 2
    assert "bad.json" in done.stderr


def test_nothing_can_be_approved_before_it_is_whole(story):
    """No epoch; an epoch without its batches; then the publication is taken up again."""
    story.enroll(AUTHORITIES)
    assert "No epoch was opened" in story.say("levels", "show")
    story.no("NOT_FOUND", "levels", "approve", label="authority-a")
    args = half_published(story)
    refused = story.no("EPOCH_INCOMPLETE", "levels", "approve", label="authority-b")
    assert "pmcb levels publish" in refused["next_step"]
    (pending,) = story.ok("levels", "show")["pending"]
    assert (pending["registered"], pending["batches"]) == ([0], 3)
    published = story.ok(*args, label="authority-a")
    assert (published["epoch"], published["registered"]) == (1, [0, 1, 2])
    assert (published["count"], published["dropped"]) == (1_100, 1)


def test_a_publication_repeated_is_the_same_epoch(story):
    """Before and after approval; other levels are the next epoch."""
    story.enroll(AUTHORITIES)
    args = story.levels(LEVEL_OF, 3)
    first = story.ok(*args, label="authority-a")
    assert first["per_level"] == [2, 2, 2]
    assert story.ok(*args, label="authority-a") == first
    assert "waits for approvals" in story.say(*args, label="authority-a")
    assert "waits for more" in story.say("levels", "approve", "1", label="authority-a")
    assert "It is active." in story.say("levels", "approve", label="authority-b")
    again = story.ok(*args, label="authority-a")
    assert (again["epoch"], again["active"]) == (1, True)
    story.ok("levels", "approve", "1", label="authority-b")
    second = story.ok(*story.levels(LEVEL_OF | {"low1": 2}, 3), label="authority-a")
    assert (second["epoch"], second["active"]) == (2, False)
    shown = story.ok("levels", "show")
    assert (shown["active"]["epoch"], [each["epoch"] for each in shown["pending"]]) == (1, [2])
    text = story.say("levels", "show")
    assert "active" in text
    assert "pending" in text
    story.no("EXISTS", *story.levels(LEVEL_OF, 4), "--epoch", "2", label="authority-a")


def half_published(story: Story) -> tuple[str, ...]:
    """How the levels of 1,100 people are published, after the first of three batches was."""
    args = story.levels({f"r{n:04}": 1 + n % 3 for n in range(1_100)}, 3)
    made = register(read_levels(story.folder / "levels.json"),
                    read_people(story.folder / "people.csv"))  # fmt: skip
    story.submit("authority-a", "open_epoch", "1", canonical(made.manifest).decode())
    batch = canonical(made.batches[0]).decode()
    story.submit("authority-a", "register_levels", "1", "0", batch)
    return args


def test_an_epoch_of_another_organisation_is_not_continued(story):
    """Who opened it registers its levels; what is whole, others find to be what they have."""
    story.enroll(AUTHORITIES)
    args = half_published(story)
    refused = story.no("NOT_OWNER", *args, label="authority-b")
    assert "--as" in refused["next_step"]
    assert story.ok("levels", "show")["pending"][0]["registered"] == [0]
    published = story.ok(*args, label="authority-a")
    assert story.ok(*args, label="authority-b") == published


def test_a_colleague_goes_on_where_a_publication_stopped(story):
    """Another authority of the same organisation, with the same files."""
    story.enroll(AUTHORITIES | {"colleague": (A, "authority")})
    args = half_published(story)
    published = story.ok(*args, label="colleague")
    assert (published["registered"], published["by"]) == ([0, 1, 2], f"{A}/authority-a")


def test_of_several_epochs_one_is_named(story):
    """An organisation never approves of levels that it did not mean."""
    story.enroll(AUTHORITIES)
    story.ok(*story.levels(LEVEL_OF, 3), label="authority-a")
    story.ok(*story.levels(LEVEL_OF | {"low1": 2}, 3), label="authority-b")
    refused = story.no("EpochChoice", "levels", "approve", label="authority-a", exit_code=2)
    assert f"1 of {A}/authority-a, 2 of {B}/authority-b" in refused["message"]
    text = story.say("levels", "show")
    assert f"{A}/authority-a" in text
    assert f"{B}/authority-b" in text
    story.ok("levels", "approve", "2", label="authority-a")
    assert story.ok("levels", "approve", "2", label="authority-b")["active"]
    shown = story.ok("levels", "show")
    assert (shown["active"]["epoch"], shown["pending"]) == (2, [])
    story.no("EPOCH_ACTIVE", "levels", "approve", "1", label="authority-a")
    assert story.ok("levels", "approve", label="authority-a")["epoch"] == 2


def test_a_publication_that_was_not_finished_is_in_nobodys_way(story):
    """Only epochs that can be approved are asked about."""
    story.enroll(AUTHORITIES)
    half_published(story)
    story.ok(*story.levels(LEVEL_OF, 3), label="authority-a")
    assert story.ok("levels", "approve", label="authority-a")["epoch"] == 2


def test_a_level_only_falls(story):
    """Raising is refused; lowering may be repeated; newcomers enter through the other side."""
    story.enroll(AUTHORITIES | dict.fromkeys(LEVEL_OF, (A, "receiver")))
    story.activate(LEVEL_OF, 3)
    args = ("levels", "set", f"{A}/mid1")
    refused = story.no("LEVEL_RAISE", *args, "3", "--reason", "request", label="authority-a")
    assert "new epoch" in refused["next_step"]
    story.no("BAD_ARGUMENT", *args, "4", "--reason", "error", label="authority-a")
    for _ in range(2):
        done = story.ok(*args, "1", "--reason", "misconduct", label="authority-a")
        assert done["level"] == 1
    assert story.ok("levels", "show", f"{A}/mid1")["level"] == 1
    assert "level 1" in story.say("levels", "set", f"{A}/mid1", "1", "--reason", "error",
                                  label="authority-a")  # fmt: skip
    assert (
        story.ok("levels", "set", f"{A}/low2", "1", "--reason", "error", label="authority-a")[
            "ordinal"
        ]
        == 1
    )  # what stands is the answer
    newcomer = ("levels", "set", f"{A}/new", "1", "--reason", "newcomer")
    story.no("MSP_NOT_ALLOWED", *newcomer, label="authority-a")
    assert story.ok(*newcomer, label="authority-b")["ordinal"] == 2
    story.no("NOT_FOUND", "levels", "show", f"{A}/gone")


def test_before_an_epoch_no_level_is_set(story):
    """There is no registry to write to."""
    story.enroll(AUTHORITIES)
    args = ("levels", "set", f"{A}/new", "1", "--reason", "newcomer")
    story.no("NOT_FOUND", *args, label="authority-b")


def test_the_other_organisation_lifts_a_suspension(story):
    """Suspended at once; reinstated by another organisation's authority only."""
    story.enroll(AUTHORITIES | {"low1": (A, "receiver")})
    story.activate(LEVEL_OF, 3)
    uid = f"{A}/low1"
    suspend = ("levels", "suspend", uid, "--reason", "investigation")
    story.no("ROLE_REQUIRED", *suspend, label="low1")
    assert story.ok(*suspend, label="authority-a")["suspended"]
    assert "is suspended" in story.say(*suspend, label="authority-a")
    assert "and is suspended" in story.say("levels", "show", uid)
    reinstate = ("levels", "reinstate", uid, "--reason", "cleared")
    refused = story.no("MSP_NOT_ALLOWED", *reinstate, label="authority-a")
    assert "another organisation" in refused["next_step"]
    assert "is not suspended" in story.say(*reinstate, label="authority-b")
    assert not story.ok("levels", "show", uid)["suspended"]


def test_persons_are_written_as_uids(town):
    """MSP/NAME, or usage."""
    for args in (("show", "low1"), ("suspend", "a b/c", "--reason", "request")):
        done = town.run("levels", *args)
        assert done.exit_code == 2
        assert "MSP/NAME" in done.stderr
    shown = json.loads(town.run("levels", "show", f"{B}/x", "--json").stdout)
    assert shown["error"] == "NOT_FOUND"
