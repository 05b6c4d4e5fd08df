# SPDX-License-Identifier: Apache-2.0
"""The tree of errors says what the service and the command answer."""

import pytest

from pmcb_services.fog import errors

CLASSES = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_every_error_has_code_status_and_place_in_the_tree(error):
    """Codes are names in capitals; the drawing at the top leaves nobody out."""
    assert issubclass(error, errors.FogError)
    assert error.exit_code in {1, 2, 3}
    assert error.status in {403, 404, 409, 413, 422, 429, 503}
    assert error.code == error.code.upper()
    assert f"{error.__name__} " in " ".join((errors.__doc__ or "").split("\n"))
    assert (error.status in {429, 503}) == (error.exit_code == 3)


def test_codes_are_written_in_words():
    """As they travel."""
    assert errors.StaleEpoch.code == "STALE_EPOCH"
    assert len({error.code for error in CLASSES}) == len(CLASSES)


def test_an_infeasible_batch_names_a_few_of_its_orders():
    """All are in ``order_ids``; a message of a thousand ids would help nobody."""
    error = errors.Infeasible([f"o{i}" for i in range(1000)])
    assert str(error) == "No server can run o0, o1, o2, o3, o4 and 995 more."
    assert len(error.order_ids) == 1000


def test_errors_carry_what_the_next_step_needs():
    """The place in a scenario, the counts of a file, the seconds to wait."""
    assert errors.ScenarioError("is no number.", pointer="/servers/0/speed").pointer
    found = errors.HcspError(path="/somewhere/u_c_hihi.0", expected=8192, found=8000)
    assert str(found) == "u_c_hihi.0 holds 8000 numbers where 8192 are due."
    busy = errors.Overloaded("1000 orders wait.", retry_after_s=1.5)
    assert busy.next_step == "Try again in 1.5 seconds."
