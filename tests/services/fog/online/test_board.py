# SPDX-License-Identifier: Apache-2.0
"""What a gateway knows of orders and servers, in whatever order it hears of them."""

from dataclasses import replace

import pytest
from tests.services.fog.online.hall import Clock

from pmcb_services.fog.online import Order, Server, State
from pmcb_services.fog.online._board import Board
from pmcb_services.fog.online._state import Cause


@pytest.fixture
def clock():
    """A test moves it."""
    return Clock()


@pytest.fixture
def board(clock):
    """Of one server."""
    made = Board(penalty=0.5, clock=clock.monotonic)
    serve(made, "a")
    return made


def serve(board, name):
    """One more server."""
    board.serve(Server(id=name, speed=1000, busy_w=10, idle_w=6), draining=False, up=True)


def queued(id, server="a", **how):
    """An order that waits."""
    made = Order(
        id=id, kind="compute.test", order_class="upload", submitter="A/b", body_sha256="", length=1
    )
    return replace(made, **how).placed(server, 1.0, 1)


def test_an_order_that_is_over_and_was_never_open_is_no_news(board):
    """Whoever counts ends counts each once, however often it is told."""
    order = queued("o")
    over = order.step(Cause.CANCELLED, 2)
    assert [board.apply(each) for each in (order, over, over)] == [True, True, False]
    assert not board.apply(queued("p").step(Cause.CANCELLED, 2))
    assert not board.open["upload"]


def test_an_order_that_was_heard_of_before_its_server_waits_there(board):
    """It is the first once the server is known, and leaves as any other."""
    board.apply(queued("o", "b"))
    serve(board, "b")
    assert board.first("b").id == "o"
    assert board.apply(queued("o", "b").step(Cause.CANCELLED, 2))
    assert not board.place("b").queue


def test_what_waits_for_a_server_is_read_off_its_queue(board):
    """Not what others have, what has started, and what the store has not got yet."""
    serve(board, "b")
    started = queued("s").claimed(epoch=1, server="a", incarnation=1, token="t", at_ms=2)
    for order in (queued("o"), queued("urgent", weight=10.0), queued("p", "b"), started):
        board.apply(order)
    board.reserve(queued("q"))
    assert [each.id for each in board.waiting("a")] == ["urgent", "o"]
    assert [each.id for each in board.waiting("b")] == ["p"]


def test_what_cannot_begin_yet_lets_others_pass(board, clock):
    """And all of its kind that waits there; what comes later is asked for by itself."""
    for order in (queued("o", weight=9.0, kind="k"), queued("p", weight=8.0, kind="k")):
        board.apply(order)
    board.apply(queued("upload"))
    board.defer(board.orders["o"], 5.0)
    assert board.first("a").id == "upload"
    board.apply(queued("new", weight=2.0, kind="k"))
    assert board.first("a").id == "new"
    clock.seconds = 5.0
    assert board.first("a").id == "o"
    assert board.orders["o"].state is State.QUEUED


def test_a_choice_is_counted_until_its_owner_or_the_store_ends_it(board):
    """An older record of the store does not."""
    order = queued("o")
    board.apply(order)
    after = order.placed("a", 2.0, 2)
    board.reserve(after)
    assert not board.apply(order)
    assert board.release("o") == "a"
    assert board.release("o") == ""
    board.reserve(after)
    assert board.apply(after)
    assert board.release("o") == ""
