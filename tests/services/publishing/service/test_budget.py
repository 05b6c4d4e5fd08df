# SPDX-License-Identifier: Apache-2.0
"""What is spent, what is free, and what waits."""

import asyncio
from fractions import Fraction
from typing import Any

import pytest
from tests.scenarios.world import ORG_A, Person
from tests.services.publishing.service.house import ROWS, schema, write_table

from pmcb_client.errors import OutcomeUnknown

pytestmark = pytest.mark.anyio


async def test_an_exhausted_budget_says_what_is_left(house):
    """And nothing is spent or kept of what was refused."""
    cohort = await house.cohort("1")
    name = await house.dataset(cohort)
    await house.settled(await house.ask(name, "0.5"))
    answered = await house.ask(name, "0.6")
    found = answered.json()
    assert (answered.status_code, found["error"]) == (409, "BUDGET_EXHAUSTED")
    assert "12/25 left; 3/5 was asked for" in found["message"]
    assert await house.budget(cohort) == ("13/25", "12/25")
    assert (await house.ask(name, "12/25", fresh=True)).status_code == 202
    assert (await house.budget(cohort))[1] == "0"


async def test_what_stands_is_free_for_everybody(house):
    """An identical request, and one that a release covers; not where a fresh one is asked for."""
    cohort = await house.cohort()
    name = await house.dataset(cohort)
    first = await house.settled(await house.ask(name, "0.5", k=3))
    spent = await house.budget(cohort)
    other = await house.world.person("other", "analyst", "HospitalBMSP")
    asked: list[tuple[Person, dict[str, object]]] = [
        (other, {"epsilon": "0.5", "k": 3}),
        (other, {"epsilon": "1/2", "k": 3, "fresh": True}),
        (house.analyst, {"epsilon": 0.5, "k": 3, "attempt": 5}),
        (house.analyst, {"epsilon": "0.5", "k": 8}),
        (house.analyst, {"epsilon": "0.2", "version": 1}),
    ]
    for who, more in asked:
        answered = await house.call(who, "POST", "/releases", {"dataset": name, **more})
        assert (answered.status_code, answered.json()["id"]) == (200, first["id"])
    assert await house.budget(cohort) == spent
    fresh: dict[str, Any] = {"k": 8, "fresh": True}
    for epsilon, more in [("0.5", fresh), ("0.5", {"rows": True}), ("0.6", {})]:
        answered = await house.ask(name, epsilon, **more)
        assert (answered.status_code, answered.json()["state"]) == (202, "running")
        assert answered.json()["id"] != first["id"]


async def test_answers_appear_on_whole_ticks(house):
    """However soon a release is there."""
    name = await house.dataset(await house.cohort())
    answered = await house.ask(name)
    entry = house.service.entries.find(answered.json()["id"])
    entry = await house.service.publisher.finished(entry)
    path = f"/releases/{entry.id}"
    now_ms = entry.published_ms
    house.service.now_ms = lambda: now_ms // 5000 * 5000 + 4999
    if now_ms % 5000:
        assert (await house.done(house.analyst, "GET", path))["state"] == "running"
        answered = await house.call(house.analyst, "GET", f"{path}/scores")
        assert answered.status_code == 404
        assert (await house.ask(name)).status_code == 202
    house.service.now_ms = lambda: now_ms // 5000 * 5000 + 5000
    assert (await house.done(house.analyst, "GET", path))["state"] == "published"
    assert (await house.ask(name)).status_code == 200


async def test_the_same_at_once_is_paid_once(house):
    """Whoever comes first pays; all are told the same id."""
    cohort = await house.cohort()
    name = await house.dataset(cohort)
    answers = await asyncio.gather(*(house.ask(name, "1", k=3) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (await house.budget(cohort))[0] == "51/50"


async def test_what_the_policy_does_not_allow_waits(house):
    """Until the institution approves; nobody spends by asking."""
    rules = [
        {"who": "*", "at_once": "1/10", "in_all": "1/10"},
        {"who": ORG_A, "at_once": "1/2", "in_all": "3/4"},
    ]
    cohort = await house.cohort(rules=rules)
    name = await house.dataset(cohort)
    assert (await house.ask(name, "0.5")).json()["state"] == "running"
    for answered in [await house.ask(name, "0.6"), await house.ask(name, "0.3", fresh=True)]:
        assert (answered.status_code, answered.json()["state"]) == (202, "pending")
    assert (await house.budget(cohort))[0] == "13/25"
    big = (await house.ask(name, "0.6")).json()["id"]
    shown = await house.done(house.institution, "GET", f"/cohorts/{cohort}")
    assert [(each["epsilon"], each["who"]) for each in shown["pending"]] == [
        ("3/5", house.analyst.uid),
        ("3/10", house.analyst.uid),
    ]
    assert shown["rules"] == rules
    assert "pending" not in await house.done(house.analyst, "GET", f"/cohorts/{cohort}")
    answered = await house.call(house.institution, "POST", f"/releases/{big}/approve")
    assert (answered.status_code, answered.json()["state"]) == (202, "running")
    assert (await house.settled(answered))["state"] == "published"
    assert (await house.budget(cohort))[0] == "28/25"
    for wrong in (big, "0" * 64):
        answered = await house.call(house.institution, "POST", f"/releases/{wrong}/approve")
        assert (answered.status_code, answered.json()["field"]) == (400, "id")


async def test_what_cannot_be_paid_still_waits(house):
    """An approval that the ledger refuses changes nothing."""
    cohort = await house.cohort("1", rules=[])
    name = await house.dataset(cohort)
    waiting = (await house.ask(name, "2")).json()
    path = f"/releases/{waiting['id']}"
    answered = await house.call(house.institution, "POST", f"{path}/approve")
    assert (answered.status_code, answered.json()["error"]) == (409, "BUDGET_EXHAUSTED")
    assert (await house.done(house.analyst, "GET", path))["state"] == "pending"


async def test_what_is_approved_without_the_ledger_still_waits(mortal):
    """Whether it was asked or not, and whatever it did; the next approval pays once."""
    house, ledger = mortal.house, mortal.ledger
    async with house.started(ledger):
        policy = f"/cohorts/{mortal.cohort}/policy"
        await house.done(house.institution, "PUT", policy, {"rules": []})
        path = f"/releases/{(await house.ask(mortal.name)).json()['id']}"
        submit = ledger.submit

        async def silent(function, *args):
            await submit(function, *args)
            ledger.is_away = True
            raise OutcomeUnknown("tx")

        ledger.is_away = True
        for _ in range(2):
            answered = await house.call(house.institution, "POST", f"{path}/approve")
            assert answered.status_code == 503
            assert (await house.done(house.analyst, "GET", path))["state"] == "pending"
            ledger.submit, ledger.is_away = silent, False
        ledger.submit = submit
        answered = await house.call(house.institution, "POST", f"{path}/approve")
        assert (await house.settled(answered))["state"] == "published"
        assert (await house.budget(mortal.cohort))[0] == "51/50"


async def test_requests_that_wait_have_an_end(house, monkeypatch):
    """Nobody fills the institution's desk."""
    monkeypatch.setattr("pmcb_services.publishing._desk.MOST_PENDING", 2)
    name = await house.dataset(await house.cohort(rules=[]))
    codes = [(await house.ask(name, str(epsilon))).status_code for epsilon in (1, 2, 3, 1)]
    assert codes == [202, 202, 400, 202]


async def test_a_new_version_returns_no_epsilon(house):
    """Nor does it cover what was asked of the old one: the same people, the same budget."""
    persons = [f"p{n}" for n in range(ROWS)]
    cohort = await house.cohort("2", made=schema(subject="who"))
    tables = house.folder / "tables"
    name = await house.dataset(cohort, write_table(tables / "1.csv", persons=persons))
    first = await house.settled(await house.ask(name, "0.5"))
    mostly = [*persons[200:], *(f"new{n}" for n in range(200))]
    version = await house.refresh(name, write_table(tables / "2.csv", persons=mostly))
    assert version["number"] == 2
    assert await house.budget(cohort) == ("27/50", "73/50")
    again = await house.settled(await house.ask(name, "0.5"))
    assert (again["version"], first["version"]) == (2, 1)
    assert again["id"] != first["id"]
    assert await house.budget(cohort) == ("26/25", "24/25")
    old = await house.ask(name, "0.5", version=1)
    assert (old.status_code, old.json()["id"]) == (200, first["id"])


async def test_one_person_in_two_cohorts_is_refused(house):
    """To the institution alone, and nothing is kept or spent by it."""
    tables = house.folder / "tables"
    made = schema(subject="who")
    await house.dataset(
        await house.cohort(made=made), write_table(tables / "1.csv", persons=["ann", "bob"])
    )
    other = await house.cohort(made=made)
    await house.done(house.institution, "POST", "/datasets", {"name": "b", "cohort": other})
    body = {"path": str(write_table(tables / "2.csv", persons=["bob ", "cat"]))}
    answered = await house.call(house.institution, "POST", "/datasets/b/versions", body)
    assert (answered.status_code, answered.json()["error"]) == (409, "SUBJECTS_OVERLAP")
    assert "bob" not in answered.text
    assert await house.budget(other) == ("0", "10")
    await house.refresh("b", write_table(tables / "3.csv", persons=["cat", "dan"]))
    with house.service.store.reading() as database:
        (kept,) = database.execute("SELECT COUNT(*) FROM subjects").fetchone()
    assert kept == 4


async def test_metrics_are_bought_once(house):
    """Cost and CH of a release's clusters, for an epsilon of their own."""
    cohort = await house.cohort("20")
    name = await house.dataset(cohort)
    released = await house.settled(await house.ask(name, "1", k=2))
    path = f"/releases/{released['id']}/metrics"
    answered = await house.call(house.analyst, "POST", path, {"epsilon": "19/2"})
    assert answered.status_code == 202
    found = await house.settled(answered)
    assert (found["kind"], found["k"], found["release"]) == ("metrics", 2, released["id"])
    assert 0 < found["cost"] < found["total"]
    again = await house.call(house.analyst, "POST", path, {"epsilon": 9.5})
    assert (again.status_code, again.json()["id"]) == (200, found["id"])
    assert Fraction((await house.budget(cohort))[0]) == Fraction(1, 50) + 1 + Fraction(19, 2)
    entry = await house.analyst.ask("get_release", cohort, found["id"])
    assert entry["release_hash"] == found["release_hash"]
    nested = f"/releases/{found['id']}/metrics"
    assert (await house.call(house.analyst, "POST", nested, {"epsilon": "1"})).status_code == 404


async def test_no_cell_leaves_the_table(house):
    """Unique values are in no release, no answer and no file of the service's but the table."""
    canary, person = "7313893217650421", "9918237465501928"
    path = house.folder / "tables" / "canary.csv"
    persons = [f"{person}{n}" for n in range(ROWS)]
    write_table(path, persons=persons)
    header, _, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, f"{canary},40,{person}", *rows]))
    name = await house.dataset(await house.cohort(made=schema(subject="who")), path)
    released = await house.settled(await house.ask(name, "1", k=2, rows=True))
    archive = f"/releases/{released['id']}/files/release.zip"
    assert (await house.call(house.analyst, "GET", archive)).is_success
    files = [each for each in (house.folder / "publishing").rglob("*") if each.is_file()]
    assert len(files) > 5
    for file in files:
        data = file.read_bytes()
        assert canary.encode() not in data
        assert person.encode() not in data
