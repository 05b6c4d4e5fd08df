# SPDX-License-Identifier: Apache-2.0
"""How long an order is its worker's."""

from tests.services.fog.online.hall import Clock

from pmcb_services.fog.online._lease import Leases


def test_a_lease_that_ran_out_is_not_renewed():
    """Even where nobody has looked at it since: its worker has given it up by its own clock."""
    clock = Clock()
    leases = Leases(clock=clock.monotonic, lease_s=3.0)
    leases.give("o", 1)
    clock.seconds = 2.9
    assert leases.renew("o", 1)
    clock.seconds = 5.9
    assert not leases.renew("o", 1)
    assert leases.ended() == [("o", 1)]
    assert not leases.renew("o", 1)


def test_an_order_that_is_over_has_no_lease():
    """Nor one of another epoch, nor one that nobody gave."""
    leases = Leases(clock=Clock().monotonic)
    leases.give("o", 2)
    assert not leases.renew("o", 1)
    assert not leases.renew("p", 1)
    leases.end("o")
    assert not leases.renew("o", 2)
    assert leases.ended() == []


async def test_what_is_lost_runs_again_where_a_server_is_free(hall):
    """Its own has another worker, which took another order meanwhile."""
    first = await hall.server("a")
    await hall.submit("lost", length=1000.0)
    await first.claim("lost")
    await hall.submit("long", length=60_000.0)
    second = await hall.server("a")
    await second.claim("long")
    other = await hall.server("b")
    await hall.pass_s(1.5)
    await second.beat(("long", 1))
    await other.beat()
    await hall.pass_s(1.6)
    found = await hall.becomes("lost", "QUEUED", epoch=3)
    assert found.server == "b"
    events = await hall.store.read(lambda session: session.events(0, 100))
    causes = [event.cause for _, event in events if event.order == "lost"]
    assert causes == ["admitted", "planned", "claimed", "lost", "replanned"]
    assert len(hall.gateway.core.board.place("b").queue) == 1


async def test_what_is_lost_stays_where_its_own_server_is_as_good(hall):
    """Another worker came in time."""
    first = await hall.server("a")
    await hall.submit("lost")
    await first.claim("lost")
    second = await hall.server("a")
    await hall.pass_s(1.5)
    await second.beat()
    await hall.pass_s(1.6)
    found = await hall.becomes("lost", "QUEUED")
    assert (found.server, found.epoch, found.cause) == ("a", 2, "lost")
    assert len(hall.gateway.core.board.place("a").queue) == 1


async def test_what_ended_as_its_lease_did_is_not_run_again(hall):
    """Its result is on disk, and the gateway has not heard of that yet."""
    first = await hall.server("a")
    await hall.submit("ends", length=1000.0)
    await first.claim("ends")
    await hall.submit("long", length=60_000.0)
    second = await hall.server("a")
    await second.claim("long")
    await hall.server("b")
    result = {"epoch": 1, "server": "a", "outcome": "done", "digest": "d", "at_ms": 5}
    await hall.store.run(lambda session: session.change("ends", lambda o: o.committed(**result)))
    await hall.gateway.core.give_up([("ends", 1)])
    found = await hall.store.read(lambda session: session.get("ends"))
    assert (found.state, found.epoch, found.server) == ("DONE", 1, "a")
