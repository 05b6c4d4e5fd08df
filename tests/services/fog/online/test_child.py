# SPDX-License-Identifier: Apache-2.0
"""How an order ends, whatever its handler does."""

import io

import pytest

from pmcb_services.fog.online._child import Ended, run
from pmcb_services.fog.online._frames import pack, read
from pmcb_services.fog.online._handler import (
    LeaseShort,
    OrderFailed,
    OutcomeUnknown,
    Task,
    Tenure,
    boot_s,
)


def task(on_unknown="rerun", *, left_s=10.0):
    """An order."""
    return Task(
        order="o",
        epoch=1,
        kind="k",
        subject="",
        command="",
        payload=b"",
        predicted_s=0.0,
        deadline_ms=0,
        attempt=1,
        on_unknown=on_unknown,
        tenure=Tenure(boot_s() + left_s),
    )


class Handler:
    """Begins, and then does what it is told."""

    def __init__(self, error=None):
        self.error = error

    def run(self, task):
        """An effect."""
        task.begin()
        if self.error:
            raise self.error
        return b"result"


@pytest.mark.parametrize(
    ("error", "rerun", "hold"),
    [
        (None, Ended("done", b"result"), Ended("done", b"result")),
        (OrderFailed("GONE"), Ended("failed", b"GONE"), Ended("failed", b"GONE")),
        (OutcomeUnknown(), Ended("unknown"), Ended("unknown")),
    ],
)
def test_what_a_handler_says_is_how_it_ends(error, rerun, hold):
    """Done, failed with a code, or unknown."""
    assert run(Handler(error), task()) == rerun
    assert run(Handler(error), task("hold")) == hold


def test_a_defect_is_unknown_only_where_a_repeat_would_harm():
    """Elsewhere it would come again; its place is told, and nothing of its words."""
    failed, unknown = (run(Handler(KeyError("patient")), task(how)) for how in ("rerun", "hold"))
    assert (failed.outcome, failed.data) == ("failed", b"DEFECT")
    assert (unknown.outcome, unknown.data) == ("unknown", b"")
    for ended in (failed, unknown):
        assert ended.defect.startswith("KeyError at run:")
        assert "patient" not in ended.defect


def test_nothing_begins_shortly_before_a_lease_ends():
    """It waits for the next attempt, or is known not to have happened."""
    assert run(Handler(), task(left_s=0.4)) == Ended("unknown")
    assert run(Handler(), task("hold", left_s=0.4)) == Ended("failed", b"LEASE_SHORT")
    with pytest.raises(LeaseShort):
        task(left_s=-1).begin()


def test_a_kind_that_nobody_handles_fails():
    """It would fail again."""
    assert run(None, task()) == Ended("failed", b"UNKNOWN_KIND")


def test_a_tenure_is_extended_and_never_shortened():
    """Beats may be answered out of order."""
    tenure = Tenure(boot_s() + 1)
    tenure.extend(boot_s() + 5)
    tenure.extend(boot_s() + 2)
    assert 4 < tenure.left_s <= 5
    tenure.end()
    assert not tenure.outlived()
    assert Tenure(boot_s() - 1).outlived()


def test_frames_carry_bytes_as_they_are():
    """And end where the other side does."""
    body = bytes(range(256)) * 300
    file = io.BytesIO(pack({"order": "ö"}, body) + pack({}) + pack({"cut": 1}, b"1234")[:-1])
    assert read(file) == ({"order": "ö"}, body)
    assert read(file) == ({}, b"")
    with pytest.raises(EOFError):
        read(file)
