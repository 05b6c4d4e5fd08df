# SPDX-License-Identifier: Apache-2.0
"""Who may do what, and what malformed requests are answered."""

import httpx
import pytest
from tests.scenarios.world import ORG_A, ORG_B, new_id
from tests.services.publishing.service.house import ROWS, schema, write_table

from pmcb_client.usage_errors import InputError
from pmcb_services.publishing import Numeric, Schema

pytestmark = pytest.mark.anyio

NOBODY = "0" * 64
INSTITUTIONS = [
    ("POST", "/cohorts"),
    ("PUT", "/cohorts/{cohort}/budget"),
    ("PUT", "/cohorts/{cohort}/policy"),
    ("POST", "/datasets"),
    ("POST", "/datasets/any/versions"),
    ("POST", f"/releases/{NOBODY}/approve"),
]
ANALYSTS = [("POST", "/releases"), ("POST", f"/releases/{NOBODY}/metrics")]
READERS = [
    ("GET", "/datasets"),
    ("GET", "/cohorts/{cohort}"),
    ("GET", f"/releases/{NOBODY}"),
    ("GET", f"/releases/{NOBODY}/files/release.json"),
    ("GET", f"/releases/{NOBODY}/clusters?k=2"),
]


async def test_nobody_gets_in_unsigned(house):
    """Every route but health asks for a signature, also those that are not there."""
    transport = httpx.ASGITransport(house.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(base_url="http://service", transport=transport) as http:
        for method, path in INSTITUTIONS + ANALYSTS + READERS:
            answered = await http.request(method, f"/v1{path.format(cohort=new_id())}")
            assert answered.status_code == 401, path
            assert answered.json()["error"] == "UNAUTHENTICATED"
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).text == "ok\n"
        paths = (await http.get("/openapi.json")).json()["paths"]
    assert {method.upper() for each in paths.values() for method in each} == {"GET", "POST", "PUT"}
    assert len(paths) == 15


async def test_roles_are_kept_apart_and_foreign_cohorts_too(house):
    """The same words, whether the cohort is there or not."""
    cohort = await house.cohort()
    receiver = await house.world.person("ann", "receiver")
    stranger = await house.world.person("stranger", "institution", ORG_A)
    for who, routes in [
        (receiver, INSTITUTIONS + ANALYSTS + READERS),
        (house.analyst, INSTITUTIONS),
        (house.institution, ANALYSTS),
        (stranger, INSTITUTIONS),
    ]:
        for method, path in routes:
            said = set()
            for named in (cohort, new_id()):
                answered = await house.call(who, method, path.format(cohort=named))
                assert answered.status_code == 403, (who.role, path)
                said.add(answered.text)
            assert len(said) == 1
    for method, path in [*INSTITUTIONS[1:3], ("GET", "/cohorts/{cohort}")]:
        body = {"total": "1"} if path.endswith("budget") else {"rules": ()}
        answered = await house.call(
            house.institution,
            method,
            path.format(cohort=new_id()),
            body if method == "PUT" else None,
        )
        assert (answered.status_code, answered.json()["error"]) == (403, "FORBIDDEN")


MALFORMED: list[tuple[dict[str, object], str]] = [
    ({"epsilon": "0"}, "epsilon"),
    ({"epsilon": "-1"}, "epsilon"),
    ({"epsilon": "NaN"}, "epsilon"),
    ({"epsilon": "abc"}, "epsilon"),
    ({"epsilon": "1/1000000007"}, "epsilon"),
    ({"epsilon": "1001"}, "epsilon"),
    ({"epsilon": True}, "epsilon"),
    ({"epsilon": None}, "epsilon"),
    ({"k": 0}, "k"),
    ({"k": 65}, "k"),
    ({"k": 2.5}, "k"),
    ({"algorithm": "k-means"}, "algorithm"),
    ({"algorithm": "dp-kmeans"}, "k"),
    ({"algorithm": "idp-kmeans", "k": 3, "rows": True}, "rows"),
    ({"attempt": -1}, "attempt"),
    ({"attempt": 10**9}, "attempt"),
    ({"dataset": "nothing"}, "dataset"),
    ({"dataset": 7}, "dataset"),
    ({"version": 2}, "version"),
    ({"rows": "yes"}, "rows"),
    ({"noise": False}, ""),
]
NO_DOCUMENTS = [b"{", b"[]", b"7", b'{"epsilon":1,"epsilon":2}', b"\xff", b""]


async def test_a_malformed_request_names_its_part(house):
    """400 and the field; nothing is spent, nothing kept."""
    cohort = await house.cohort()
    name = await house.dataset(cohort)
    for changes, field in MALFORMED:
        body = {"dataset": name, "epsilon": "1"} | changes
        answered = await house.call(house.analyst, "POST", "/releases", body)
        assert (answered.status_code, answered.json()["error"]) == (400, "BAD_REQUEST"), changes
        assert answered.json()["field"] == field, changes
    for content in NO_DOCUMENTS:
        answered = await house.call(house.analyst, "POST", "/releases", content=content)
        assert (answered.status_code, answered.json()["error"]) == (400, "BAD_REQUEST"), content
    assert await house.budget(cohort) == ("1/50", "499/50")
    assert [each.request.kind for each in house.service.entries.of_cohort(cohort)] == ["probe"]


async def test_what_is_not_private_publishes_nothing(house):
    """The algorithms that can only be reproduced are refused by name."""
    name = await house.dataset(await house.cohort())
    answered = await house.ask(name, algorithm="mpdp-k-medoids")
    assert (answered.status_code, answered.json()["error"]) == (409, "NOT_PRIVATE")


async def test_what_is_not_there_is_not_found(house):
    """Data sets, requests and files; malformed ids are malformed."""
    for path in ("/datasets/nothing", f"/releases/{NOBODY}", f"/releases/{NOBODY}/scores"):
        assert (await house.call(house.analyst, "GET", path)).status_code == 404
    for path in ("/releases/xyz", "/cohorts/xyz"):
        assert (await house.call(house.analyst, "GET", path)).status_code == 400
    name = await house.dataset(await house.cohort())
    released = await house.settled(await house.ask(name))
    path = f"/releases/{released['id']}"
    for wrong in ("nothing.txt", "..%2Frelease.json", "%2Fetc%2Fpasswd", "subjects.key"):
        answered = await house.call(house.analyst, "GET", f"{path}/files/{wrong}")
        assert answered.status_code == 404
    assert (await house.call(house.analyst, "GET", f"{path}/clusters?k=65")).status_code == 400


NO_SCHEMAS = [
    ({"columns": []}, "at least one column"),
    ({"columns": [{"kind": "numeric", "name": "a", "lower": "9", "upper": "1"}]}, "'a'"),
    ({"columns": [{"kind": "picture", "name": "a"}]}, "numeric, ordinal or nominal"),
    (Schema([Numeric("age", 0, 100)]).document(), "expected_size"),
    ({}, "columns"),
    ([], "schema"),
]


async def test_a_schema_that_is_none_opens_nothing(house):
    """Nor does one that says nothing of how many there are."""
    for made, complaint in NO_SCHEMAS:
        body = {"cohort": new_id(), "total": "1", "schema": made}
        answered = await house.call(house.institution, "POST", "/cohorts", body)
        assert (answered.status_code, answered.json()["error"]) == (400, "BAD_REQUEST")
        assert complaint in answered.json()["message"]
        assert house.service.catalogue.cohort(body["cohort"]) is None


async def test_a_cohort_is_opened_once(house):
    """The same again is the same; other content is refused, and the first stays."""
    cohort, document = new_id(), schema().document()
    body = {"cohort": cohort, "total": "2", "schema": document}
    first = await house.done(house.institution, "POST", "/cohorts", body)
    assert await house.done(house.institution, "POST", "/cohorts", body) == first
    for key, value in [("total", "3"), ("schema", schema(size=ROWS + 1).document())]:
        other = {**body, key: value}
        answered = await house.call(house.institution, "POST", "/cohorts", other)
        assert answered.status_code in {400, 409}
    assert await house.budget(cohort) == ("0", "2")


async def test_a_total_falls_and_never_rises(house):
    """Not below what is spent either; the ledger's own sentence says so."""
    cohort = await house.cohort("2")
    await house.dataset(cohort)
    path = f"/cohorts/{cohort}/budget"
    lowered = await house.done(house.institution, "PUT", path, {"total": "1/2"})
    assert lowered["left"] == "12/25"
    for total in ("1", "1/100"):
        answered = await house.call(house.institution, "PUT", path, {"total": total})
        found = answered.json()
        assert (answered.status_code, found["error"]) == (409, "LEDGER_REFUSED")
        assert found["field"] == "total"
        assert "which is spent" in found["message"]


async def test_a_table_that_does_not_fit_is_refused(house):
    """Before the ledger hears of it, and without a word about its cells."""
    cohort = await house.cohort()
    await house.done(house.institution, "POST", "/datasets", {"name": "t", "cohort": cohort})
    path = house.folder / "tables" / "t.csv"
    unfit = {"cannot be read": None, "no header": "", "hours": "age,weight\n1,2\n"}
    for complaint, written in unfit.items():
        if written is not None:
            path.write_text(written)
        body = {"path": str(path)}
        answered = await house.call(house.institution, "POST", "/datasets/t/versions", body)
        assert (answered.status_code, answered.json()["error"]) == (400, "BAD_REQUEST")
        assert complaint in answered.json()["message"]
    assert await house.budget(cohort) == ("0", "10")


async def test_only_tables_of_the_named_folders_are_read(house):
    """Whatever way leads out of them."""
    cohort = await house.cohort()
    await house.done(house.institution, "POST", "/datasets", {"name": "t", "cohort": cohort})
    outside = write_table(house.folder / "outside.csv")
    link = house.folder / "tables" / "link.csv"
    link.symlink_to(outside)
    for path in (
        outside,
        link,
        house.folder / "tables" / ".." / "outside.csv",
        "/etc/passwd",
        "\0",
    ):
        body = {"path": str(path)}
        answered = await house.call(house.institution, "POST", "/datasets/t/versions", body)
        assert answered.status_code == 400
        assert "not in a folder" in answered.json()["message"]
    for body in ({}, {"path": "x", "intake": "all"}, {"intake": "some"}, {"intake": "all"}):
        answered = await house.call(house.institution, "POST", "/datasets/t/versions", body)
        assert answered.status_code == 400


async def test_names_are_kept_apart(house):
    """A data set's name is a word, and belongs to one cohort."""
    cohort = await house.cohort()
    body = {"name": "visits", "cohort": cohort}
    first = await house.done(house.institution, "POST", "/datasets", body)
    assert await house.done(house.institution, "POST", "/datasets", body) == first
    other = {"name": "visits", "cohort": await house.cohort()}
    for wrong in (other, {"name": "../x", "cohort": cohort}, {"name": "", "cohort": cohort}):
        answered = await house.call(house.institution, "POST", "/datasets", wrong)
        assert (answered.status_code, answered.json()["field"]) == (400, "name")
    unknown = {"name": "x", "cohort": new_id()}
    assert (await house.call(house.institution, "POST", "/datasets", unknown)).status_code == 403


async def test_a_changed_table_is_not_published(house):
    """What was registered is what is read: a change is a new version."""
    cohort = await house.cohort()
    path = write_table(house.folder / "tables" / "t.csv")
    name = await house.dataset(cohort, path)
    path.write_text(path.read_text() + "1,2\n")
    answered = await house.ask(name)
    assert answered.status_code == 400
    assert "changed after it was registered" in answered.json()["message"]
    assert (await house.budget(cohort))[0] == "1/50"
    await house.refresh(name, path)
    assert (await house.ask(name)).status_code == 202


async def test_too_few_persons_cost_nothing(house):
    """The least epsilon that would do is named, and does."""
    made = schema(size=40)
    cohort = await house.cohort(made=made)
    name = await house.dataset(cohort, write_table(house.folder / "tables" / "few.csv", 40))
    spent = await house.budget(cohort)
    answered = await house.ask(name, "1/1000")
    found = answered.json()
    assert (answered.status_code, found["error"]) == (409, "NOT_ENOUGH_DATA")
    assert await house.budget(cohort) == spent
    least = found["message"].split("epsilon ")[-1].split(" or more")[0]
    assert (await house.ask(name, least)).status_code == 202


async def test_bodies_have_an_end(house):
    """A quarter of a MiB, whoever sends them."""
    answered = await house.call(house.analyst, "POST", "/releases", content=b" " * (2**18 + 1))
    assert (answered.status_code, answered.json()["error"]) == (413, "TOO_LARGE")


async def test_a_folder_serves_one_process(house):
    """A second service on it is refused."""
    with pytest.raises(InputError, match="Another service"):
        house.make()


async def test_another_institution_of_the_same_organisation_may_act(house):
    """A cohort belongs to the organisation."""
    colleague = await house.world.person("colleague", "institution", ORG_B)
    cohort = await house.cohort()
    await house.done(colleague, "PUT", f"/cohorts/{cohort}/policy", {"rules": []})
