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
