# SPDX-License-Identifier: Apache-2.0
"""What becomes of orders when a fog worker comes back with other handlers."""

from tests.services.fog.online.hall import DEVICE

from pmcb_services.fog.online import Server

CONTROL = "device.control"
CHEAP = {"speed_mips": 900.0}


async def test_orders_of_a_kind_that_a_server_gave_up_go_elsewhere(hall):
    """Or wait without a server; what it still does stays."""
    await hall.server("a", kinds=[CONTROL, "compute.test"], **CHEAP)
    await hall.server("b", kinds=[CONTROL])
    for number in range(3):
        await hall.submit(f"c{number}", CONTROL, subject=f"{DEVICE}{number}")
    await hall.submit("o")
    assert await placed(hall, "c0", "o") == ["a", "a"]
    await hall.server("a", kinds=["compute.test"], **CHEAP)
    assert await placed(hall, "c0", "c1", "c2", "o") == ["b", "b", "b", "a"]
    await hall.server("b", kinds=["compute.test"])
    assert [await hall.state(f"c{number}") for number in range(3)] == ["NEW"] * 3
    assert await hall.state("o") == "QUEUED"


async def test_orders_of_a_kind_that_a_server_learnt_are_given_to_it(hall):
    """They waited for nothing else."""
    await hall.server("a", kinds=["compute.test"])
    await hall.submit("c", CONTROL)
    await hall.pass_s(0.0)
    assert await hall.state("c") == "NEW"
    await hall.server("a", kinds=[CONTROL])
    assert (await hall.becomes("c", "QUEUED")).server == "a"


async def test_an_order_that_its_server_cannot_run_does_not_begin_there(hall):
    """It is given to one that can, and no start of it is counted."""
    server = await hall.server("a", kinds=[CONTROL], **CHEAP)
    other = await hall.server("b", kinds=[CONTROL])
    await hall.submit("c", CONTROL)
    unable = Server(id="a", speed=900, busy_w=7, idle_w=4, kinds=frozenset({"compute.test"}))
    hall.gateway.core.board.serve(unable, draining=False, up=True)
    assert (await server.claim("c")).code == "STALE_EPOCH"
    moved = await hall.becomes("c", "QUEUED", epoch=2)
    assert (moved.server, moved.attempts) == ("b", 0)
    assert (await other.claim("c", 2)).attempt == 1


async def placed(hall, *names):
    """Where orders wait."""
    found = await hall.store.read(lambda session: [session.get(each) for each in names])
    return [each.server for each in found]
