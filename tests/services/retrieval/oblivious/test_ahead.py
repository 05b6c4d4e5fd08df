# SPDX-License-Identifier: Apache-2.0
"""Slices of a pool go to the cloud, and come from it, beside the fog's own work: in order."""

import threading
from contextlib import suppress

import pytest

from pmcb_services.retrieval.errors import CloudUnavailable
from pmcb_services.retrieval.oblivious._ahead import asked_ahead, sent_behind


def test_after_a_refusal_nothing_more_is_asked_or_sent():
    """It is raised where the answer would have come, or by what is sent next, or at the end."""
    asked: list[int] = []

    def refusing(number):
        asked.append(number)
        if number == 2:
            raise CloudUnavailable("away")
        return number

    with asked_ahead(refusing, range(9)) as found:
        assert [next(found), next(found)] == [0, 1]
        with pytest.raises(CloudUnavailable):
            next(found)
    assert asked == [0, 1, 2]
    asked.clear()
    with pytest.raises(CloudUnavailable):
        send_all(refusing, range(9))
    assert asked == [0, 1, 2]
    with pytest.raises(CloudUnavailable):
        send_all(refusing, [2])


def test_what_is_not_wanted_any_more_is_waited_for():
    """No thread outlives whoever reads, and at most one question was asked in vain."""
    asked: list[int] = []
    before = {*threading.enumerate()}
    with asked_ahead(asked.append, range(9)) as found:
        next(found)
    assert {*threading.enumerate()} <= before
    assert asked == [0, 1]
    with suppress(KeyError), sent_behind(asked.append) as send:
        send(7)
        raise KeyError
    assert asked[-1] == 7


def test_one_is_under_way_while_another_is_dealt_with():
    """Each waits for the other, which no order one after the other would survive."""
    both = threading.Barrier(2, timeout=10)

    def meeting(number):
        if number:
            both.wait()
        return number

    with asked_ahead(meeting, range(3)) as answers:
        for number in answers:
            if number < 2:
                both.wait()
    sent: list[int] = []

    def sending(number):
        sent.append(meeting(number))

    with sent_behind(sending) as send:
        for number in range(3):
            send(number)
            if number:
                both.wait()
    assert sent == [0, 1, 2]


def send_all(send_one, numbers):
    """Behind one another."""
    with sent_behind(send_one) as send:
        for number in numbers:
            send(number)


def test_nothing_is_asked_where_there_is_nothing_to_ask():
    """Nor sent."""
    with asked_ahead(str, ()) as answers:
        assert list(answers) == []
    with sent_behind(pytest.fail):
        pass
