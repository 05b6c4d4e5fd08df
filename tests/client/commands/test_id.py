# SPDX-License-Identifier: Apache-2.0
import json
import re

import pytest
from tests.client.commands.conftest import A, B

from pmcb_client.enrolment import CaClient
from pmcb_client.wallet import Wallet


def wallet_file(story, label):
    return story.home / "wallet" / f"{label}.id"


def test_without_a_network_nothing_is_enrolled(town, tmp_path):
    """A home without network.json is bad input, with the way out."""
    done = town.run("id", "enroll", "x", "--role", "receiver", "--home", str(tmp_path / "new"))
    assert done.exit_code == 2
    assert "There is no network file" in done.stderr
    assert "pmcb network up" in done.stderr
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "args",
    [
        ("x",),
        ("--role", "receiver"),
        ("x", "--role", "king"),
        ("x", "--role", "receiver", "--from", __file__),
    ],
)
def test_incomplete_calls_are_refused(town, args):
    """A role always, and either a name or a file."""
    assert town.run("id", "enroll", *args).exit_code == 2


def test_the_organisation_is_never_guessed(town):
    """With two registrars in the wallet the user chooses; unknown ones are named."""
    refused = town.no("InputError", "id", "enroll", "x", "--role", "receiver", exit_code=2)
    assert f"{A}, {B}" in refused["message"]
    assert "--org" in refused["next_step"]
    args = ("id", "enroll", "x", "--role", "receiver", "--org", "Gone")
    assert "Gone" in town.no("NetworkFileError", *args, exit_code=2)["message"]


def test_only_a_registrar_enrols(story):
    """Without the organisation's registrar in the wallet nobody is registered."""
    wallet_file(story, f"registrar.{A}").unlink()
    args = ("id", "enroll", "x", "--role", "receiver")
    story.no("IdentityNotFound", *args, "--org", A, exit_code=2)
    assert story.ok(*args)["enrolled"][0]["uid"] == f"{B}/x"  # the only one left
    wallet_file(story, f"registrar.{B}").unlink()
    assert "no organisation's" in story.no("InputError", *args, exit_code=2)["message"]


def test_a_label_in_use_is_never_overwritten(town):
    """Another role or organisation under the same label is refused; the file stays."""
    before = wallet_file(town, "low1").read_bytes()
    args = ("id", "enroll", "low1", "--org")
    town.no("IdentityChoice", *args, A, "--role", "releaser", exit_code=2)
    town.no("IdentityChoice", *args, B, "--role", "receiver", exit_code=2)
    assert wallet_file(town, "low1").read_bytes() == before


def test_a_name_the_ca_knows_is_refused_with_advice(town):
    """A lost wallet does not make a second certificate."""
    args = ("id", "enroll", "lost", "--role", "receiver", "--org", A)
    town.ok(*args)
    wallet_file(town, "lost").unlink()
    refused = town.no("CaRefused", *args)
    assert "lost" in refused["message"]
    assert "choose another name" in refused["next_step"]


@pytest.mark.parametrize("name", ["a b", "a/b", "", "x" * 65])
def test_a_name_of_other_characters_is_refused(town, name):
    """Names are labels, file names and enrolment ids."""
    args = ("id", "enroll", name, "--role", "receiver", "--org", A)
    assert town.run(*args).exit_code == 2


def test_an_absent_network_is_unavailable(town, tmp_path):
    """Nothing listens: exit code 3, and what to run."""
    document = json.loads((town.home / "network.json").read_text())
    for org in document["orgs"]:
        org["gateway"], org["ca_url"] = "localhost:1", "https://localhost:1"
    (tmp_path / "network.json").write_text(json.dumps(document))
    (tmp_path / "wallet").symlink_to(town.home / "wallet")
    here = ("--home", str(tmp_path))
    ca = town.no("CaUnavailable", "id", "enroll", "gone", "--role", "receiver", "--org", A, *here,
                 exit_code=3)  # fmt: skip
    assert "pmcb network status" in ca["next_step"]
    assert not wallet_file(town, "gone").exists()
    ledger = town.no("LedgerUnavailable", "levels", "show", *here, exit_code=3)
    assert "pmcb network status" in ledger["next_step"]


def test_enrolling_again_says_so_and_changes_nothing(town):
    """The identity keeps its key; the key is announced again, which the contract allows."""
    args = ("id", "enroll", "twice", "--role", "receiver", "--org", A)
    first = town.ok(*args)["enrolled"][0]
    assert (first["uid"], first["role"], first["existed"]) == (f"{A}/twice", "receiver", False)
    before = wallet_file(town, "twice").read_bytes()
    assert "is enrolled already" in town.say(*args)
    assert town.ok(*args)["enrolled"][0] == first | {"existed": True}
    assert wallet_file(town, "twice").read_bytes() == before
    assert wallet_file(town, "twice").stat().st_mode & 0o777 == 0o600


def test_many_are_enrolled_from_a_file(town):
    """``--from`` goes on where it stopped, and ``--org`` takes one organisation's rows."""
    rows = [*(f"{n},{A},many{n}" for n in range(5)), f"9,{B},other"]
    people = town.file("many.csv", "\n".join(["node,msp,enrollment_id", *rows, ""]))
    args = ("id", "enroll", "--from", str(people), "--role", "receiver")
    assert "Enrolled 5; 0 were" in town.say(*args, "--org", A)
    done = town.ok(*args)["enrolled"]
    assert [one["uid"] for one in done] == [*(f"{A}/many{n}" for n in range(5)), f"{B}/other"]
    assert [one["existed"] for one in done] == [True] * 5 + [False]
    refused = town.no("InputError", *args, "--org", "Gone", exit_code=2)
    assert "nobody of Gone" in refused["message"]


def test_one_bad_name_stops_nobody_else(town, tmp_path):
    """A name that another wallet holds is refused; all others of the file are enrolled."""
    known = Wallet(town.home / "wallet")
    town.ok("id", "enroll", "taken", "--role", "receiver", "--org", A)
    known.remove("taken")
    names = [f"bulk{n}" for n in range(6)]
    rows = [f"{n},{A},{name}" for n, name in enumerate([*names[:3], "taken", *names[3:]])]
    people = town.file("bulk.csv", "\n".join(["node,msp,enrollment_id", *rows, ""]))
    args = ("id", "enroll", "--from", str(people), "--role", "receiver")
    refused = town.no("CaRefused", *args)
    assert "taken" in refused["message"]
    assert set(names) <= set(known.list())
    assert not list((town.home / "wallet").glob(".bulk*.secret"))


@pytest.mark.parametrize("moment", ["register", "enroll", "put"])
def test_an_enrolment_that_was_cut_off_goes_on(town, moment, monkeypatch):
    """Killed before the CA heard of it, before the certificate, before it was kept."""
    name, args = f"cut-{moment}", ("--role", "receiver", "--org", A)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    owner = Wallet if moment == "put" else CaClient
    with monkeypatch.context() as patched:
        patched.setattr(owner, moment, die)
        assert town.run("id", "enroll", name, *args).exit_code == 130
    assert town.ok("id", "enroll", name, *args)["enrolled"][0]["uid"] == f"{A}/{name}"
    assert not (town.home / "wallet" / f".{name}.secret").exists()


def test_two_persons_never_share_a_label(town):
    """Equal enrolment ids of two organisations need two homes."""
    people = town.file("same.csv", f"node,msp,enrollment_id\n1,{A},same\n2,{B},same\n")
    args = ("id", "enroll", "--from", str(people), "--role", "receiver")
    refused = town.no("IdentityChoice", *args, exit_code=2)
    assert f"{A}/same and {B}/same" in refused["message"]
    assert not wallet_file(town, "same").exists()


def test_the_wallet_is_listed_with_its_troubles(story):
    """A damaged file is named; the others are shown."""
    story.enroll({"ann": (A, "receiver")})
    wallet_file(story, "bad").write_text("{}")
    wallet_file(story, "bad").chmod(0o600)
    rows = {row["label"]: row for row in story.ok("id", "list")["identities"]}
    assert rows["ann"]["role"] == "receiver"
    assert "problem" in rows["bad"]
    assert f"{A}/ann" in story.say("id", "list")
    assert story.ok("levels", "show")["active"] is None  # the damaged one is passed over


def test_one_identity_is_shown(town):
    """By name, or the one of ``--as``; a wallet of several is not guessed in."""
    shown = town.ok("id", "show", "releaser")
    assert (shown["uid"], shown["role"]) == (f"{A}/releaser", "releaser")
    assert re.fullmatch("0[23][0-9a-f]{64}", shown["key"])
    assert town.ok("id", "show", label="releaser") == shown
    assert f"{A}/releaser" in town.say("id", "show", "releaser")
    town.no("IdentityNotFound", "id", "show", "gone", exit_code=2)
    assert town.run("id", "show").exit_code == 2


def test_an_empty_wallet_says_so(tmp_path, story):
    """Nothing is made by looking."""
    assert "The wallet is empty." in story.say("id", "list", "--home", str(tmp_path / "none"))
    assert story.run("id", "show", "--home", str(tmp_path / "none")).exit_code == 2
    assert not (tmp_path / "none").exists()
