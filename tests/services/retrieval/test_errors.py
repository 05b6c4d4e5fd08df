# SPDX-License-Identifier: Apache-2.0
"""The tree of errors says what the service and the command answer."""

import pytest

from pmcb_services.retrieval import errors

CLASSES = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_every_error_has_code_status_and_place_in_the_tree(error):
    """Codes are names in capitals; the drawing at the top leaves nobody out."""
    assert issubclass(error, errors.RetrievalError)
    assert error.exit_code in {1, 2, 3}
    assert error.status in {403, 404, 409, 413, 422, 502, 503}
    assert error.code == error.code.upper()
    assert f"{error.__name__} " in " ".join((errors.__doc__ or "").split("\n"))
    assert (error.status == 503) == (error.exit_code == 3)


def test_codes_are_written_in_words():
    """As they travel."""
    assert errors.NotANumber.code == "NOT_A_NUMBER"
    assert errors.QueryTooWide(rounds_needed=4, allowed=2).code == "QUERY_TOO_WIDE"
    assert len({error.code for error in CLASSES}) == len(CLASSES)
