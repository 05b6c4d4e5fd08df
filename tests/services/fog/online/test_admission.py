# SPDX-License-Identifier: Apache-2.0
"""Who may submit what, and what is refused, by name."""

import json

import pytest
from tests.client.http_identity.people import NOW_MS
from tests.services.fog.online.hall import DATASET, DEVICE, PEOPLE, Hall, inner, order, plan_nothing

from pmcb_client.http_identity import SignedRequests
from pmcb_services.fog.errors import (
    Conflict,
    Draining,
    DuplicateId,
    Forbidden,
    InvalidInput,
    LedgerUnavailable,
    Overloaded,
    TooLarge,
    Unavailable,
)
from pmcb_services.fog.online import GatewaySettings, SqliteDatabase

MIB = 2**20


@pytest.fixture(scope="module")
def anyio_backend():
    """For all tests of the module."""
    return "asyncio"


@pytest.fixture(scope="module")
async def strict(tmp_path_factory, anyio_backend):
    """A gateway of which nothing is taken."""
    made = Hall(SqliteDatabase(tmp_path_factory.mktemp("store") / "o.sqlite3"))
    with pytest.MonkeyPatch.context() as patched:
        plan_nothing(patched)
        async with made.serving() as hall:
            yield hall


@pytest.mark.parametrize(
    ("fields", "kind", "field"),
    [
        ({"kind": "compute.mine"}, InvalidInput, "kind"),
        ({"id": "a b"}, InvalidInput, "id"),
        ({"id": ""}, InvalidInput, "id"),
        ({"id": "x" * 65}, InvalidInput, "id"),
        ({"payload": "?"}, InvalidInput, "payload"),
        ({"length": 0.0}, InvalidInput, "length"),
        ({"length": float("nan")}, InvalidInput, "length"),
        ({"length": float("inf")}, InvalidInput, "length"),
        ({"length": "long"}, InvalidInput, "length"),
        ({"sha256": "0" * 64}, InvalidInput, "sha256"),
        ({"subject": DATASET}, InvalidInput, "subject"),
        ({"command": "start"}, InvalidInput, "command"),
        ({"class": "urgent"}, InvalidInput, "class"),
        ({"deadline_ms": -1}, InvalidInput, "deadline_ms"),
        ({"if_late": "never"}, InvalidInput, "if_late"),
        ({"colour": "red"}, InvalidInput, ""),
        ({"payload": "A" * 4 * (8 * MIB // 3 + 8)}, TooLarge, "payload"),
    ],
)
async def test_what_cannot_be_is_named(strict, fields, kind, field):
    """The part that is to blame, and nothing is taken."""
    with pytest.raises(kind) as caught:
        await strict.client("operator").submit({**order("o"), **fields})
    assert caught.value.field == field
    assert not strict.gateway.core.board.orders


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("retrieval.query", {"subject": "icu"}, "subject"),
        ("retrieval.query", {"payload": b"no request"}, "payload"),
        ("retrieval.query", {"class": "control"}, "class"),
        ("device.control", {"subject": "pump1"}, "subject"),
        ("device.control", {"command": ""}, "command"),
        ("device.control", {"command": "add"}, "command"),
        ("device.add", {"subject": "pump1"}, "subject"),
        ("device.add", {"command": "start"}, "command"),
        ("device.remove", {"command": "remove"}, "command"),
    ],
)
async def test_each_kind_says_what_it_is_about(strict, kind, fields, field):
    """A data set, a device with a command, a signed request."""
    with pytest.raises(InvalidInput) as caught:
        await strict.submit("o", kind, **fields)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("who", "kind"),
    [
        ("receiver", "compute.test"),
        ("worker", "compute.test"),
        ("operator", "retrieval.query"),
        ("receiver", "device.control"),
        ("worker", "upload.submission"),
        ("receiver", "upload.observation"),
        ("other", "retrieval.query"),
        ("other", "device.control"),
        ("receiver", "device.add"),
        ("other", "device.remove"),
    ],
)
async def test_without_role_or_grant_nothing_is_taken(strict, who, kind):
    """Those of the other worker have the role only."""
    with pytest.raises(Forbidden):
        await strict.submit("o", kind, who=who)


@pytest.mark.parametrize("word", ["add", "remove"])
async def test_a_device_comes_and_goes_by_a_grant_of_its_own(hall, word):
    """The ledger is asked for that word, when it is taken and when it begins; it is held."""
    server = await hall.server("ward-1")
    taken = await hall.submit("o", f"device.{word}")
    assert taken["on_unknown"] == "hold"
    asked = ("check_device", *PEOPLE["worker"].uid.split("/"), DEVICE, word)
    assert hall.ledger.question == asked
    hall.ledger.question = ()
    claimed = await server.claim("o")
    assert (hall.ledger.question, claimed.command) == (asked, word)


async def test_an_upload_has_the_hash_that_it_is_sent_under(hall):
    """Another one, or none, is refused."""
    payload = inner().encode()
    for sha256 in ("0" * 64, ""):
        with pytest.raises(InvalidInput) as caught:
            await hall.submit(
                "o", "upload.submission", who="receiver", payload=payload, sha256=sha256
            )
        assert caught.value.field == "sha256"
    assert (await hall.submit("o", "upload.submission", who="receiver"))["state"] == "NEW"


async def test_without_the_ledger_no_grant_is_believed(hall):
    """The order is not taken; the same may come again."""
    hall.ledger.is_away = True
    with pytest.raises(LedgerUnavailable):
        await hall.submit("o", "retrieval.query")
    hall.ledger.is_away = False
    assert (await hall.submit("o", "retrieval.query"))["state"] == "NEW"


async def test_nobody_who_did_not_sign_is_heard(hall):
    """Neither without a signature nor with one for another gateway."""
    client = hall.client("operator")
    client._http.auth = SignedRequests(
        PEOPLE["operator"], audience="fog/HospitalBMSP/rival", clock=hall.clock.now_ms
    )
    with pytest.raises(Forbidden):
        await client.submit(order("o"))


async def test_the_same_order_again_is_the_same_order(hall):
    """A repeat is answered as it stands; another body, or somebody else's, is a conflict."""
    first = await hall.submit("o", length=500.0)
    assert await hall.submit("o", length=500.0) == first
    with pytest.raises(Conflict):
        await hall.submit("o", length=501.0)
    with pytest.raises(Conflict):
        await hall.submit("o", length=500.0, who="authority")
    with pytest.raises(Conflict):
        await hall.submit("o", length=500.0, payload=b"other")


async def test_a_batch_is_answered_order_by_order(hall):
    """What is refused takes nothing else with it; a malformed order takes the whole batch."""
    await hall.submit("known")
    client = hall.client("operator")
    batch = [order("a"), order("known", length=1.0), order("a"), order("b", kind="retrieval.query")]
    found = await client.submit_many(batch)
    assert [each.get("error", each.get("state")) for each in found] == [
        "NEW",
        Conflict.code,
        DuplicateId.code,
        Forbidden.code,
    ]
    with pytest.raises(InvalidInput) as caught:
        await client.submit_many([order("c"), {**order("d"), "length": "long"}])
    assert caught.value.field == "orders/1/length"
    with pytest.raises(InvalidInput):
        await client.submit_many([order(f"e{n}") for n in range(1001)])
    assert set(hall.gateway.core.board.orders) == {"known", "a"}


async def test_too_many_open_orders_are_told_to_come_again(tmp_path, without_plans):
    """By class and in all; a repeat of one that is there is answered."""
    most = {"control": 2, "retrieval": 2, "upload": 2}
    made = Hall(
        SqliteDatabase(tmp_path / "store" / "o.sqlite3"), settings=GatewaySettings(most=most)
    )
    async with made.serving() as hall:
        await hall.submit("a")
        await hall.submit("b")
        with pytest.raises(Overloaded) as caught:
            await hall.submit("c")
        assert caught.value.retry_after_s == 1.0
        await hall.submit("b")
        await hall.submit("d", "device.control")
        await hall.submit("e", "device.control")
        with pytest.raises(Overloaded):  # four are three quarters of six, rounded down, and more
            await hall.submit("f", "retrieval.query")
        await hall.client("operator").cancel("a")
        found = await hall.client("operator").submit_many([order(f"g{n}") for n in range(3)])
        assert [each.get("error") for each in found].count("OVERLOADED") >= 2


async def test_a_deadline_in_the_past_is_told_or_refused(hall):
    """As the submitter wants it."""
    await hall.server("a")
    late = {"deadline_ms": NOW_MS - 1}
    assert (await hall.submit("o", **late))["deadline_feasible"] is False
    with pytest.raises(InvalidInput) as caught:
        await hall.submit("p", **late, if_late="reject")
    assert caught.value.field == "deadline_ms"
    soon = {"deadline_ms": NOW_MS + 1500, "length": 1000.0}
    assert (await hall.submit("q", **soon))["deadline_feasible"] is False  # o is before it
    assert (await hall.submit("r", deadline_ms=0))["deadline_ms"] is None


async def test_a_forwarded_request_is_due_when_it_expires(hall):
    """After that the service would refuse it."""
    found = await hall.submit("o", "retrieval.query")
    assert found["deadline_ms"] == NOW_MS + 600_000
    found = await hall.submit("p", "retrieval.query", deadline_ms=NOW_MS + 700_000)
    assert found["deadline_ms"] == NOW_MS + 600_000
    found = await hall.submit("q", "retrieval.query", deadline_ms=NOW_MS + 1000)
    assert found["deadline_ms"] == NOW_MS + 1000


async def test_a_draining_gateway_takes_nothing(hall):
    """Until it is told to begin again."""
    client = hall.client("operator")
    await client.drain()
    with pytest.raises(Draining):
        await hall.submit("o")
    await client.drain(draining=False)
    assert (await hall.submit("o"))["state"] == "NEW"


async def test_what_cannot_be_written_is_not_taken(hall, monkeypatch):
    """A full disk is told; nothing of it stays in memory either."""
    await hall.server("a")

    async def full(_):
        raise Unavailable("The order store fails (OperationalError).")

    with monkeypatch.context() as patched:
        patched.setattr(hall.store, "run", full)
        with pytest.raises(Unavailable):
            await hall.submit("o")
    board = hall.gateway.core.board
    assert not board.orders
    assert len(board.place("a").queue) == 0
    assert (await hall.submit("o"))["server"] == "a"


def test_settings_name_what_cannot_be(tmp_path):
    """Entries out of range, unknown ones, and files that are no TOML."""
    path = tmp_path / "fog.toml"
    for text, field in (
        ("[gateway]\npenalty = 2", "penalty"),
        ("[gateway]\nlease_s = 'long'", "lease_s"),
        ("[gateway]\nbeat_s = 2.0", "beat_s"),
        ("[gateway]\ncolour = 1", "colour"),
        ("[gateway.most]\ncontrol = 1", "most"),
        ("gateway = 1", "gateway"),
        ("[", "config"),
    ):
        path.write_text(text)
        with pytest.raises(InvalidInput) as caught:
            GatewaySettings.read(path)
        assert caught.value.field == field
    path.write_text("[gateway]\nlease_s = 5\n[other]\nx = 1")
    assert GatewaySettings.read(path).lease_s == 5.0
    assert json.dumps(GatewaySettings().most)
