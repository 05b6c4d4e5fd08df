# SPDX-License-Identifier: Apache-2.0
"""The one list of refusals."""

import re

import pytest

from pmcb_chaincode.bridge import Code, Refusal

FORBIDDEN = {"LEVEL_MISMATCH", "MSP_NOT_ALLOWED", "NOT_HOLDER", "NOT_LEVELED", "NOT_OWNER"}
FORBIDDEN |= {"NOT_VERIFIER", "ROLE_REQUIRED", "SELF_VERDICT", "SUSPENDED"}


@pytest.mark.parametrize("code", Code)
def test_code_has_a_status_and_a_sentence(code):
    """Below 400 a refusal would count as success; the sentence feeds the documentation."""
    assert 400 <= code.status <= 500
    assert re.fullmatch(r"[A-Z][^.]*\.", code.meaning), code.meaning
    assert code.isascii()
    assert code.name == code.value == str(code)
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", code)


@pytest.mark.parametrize(
    ("status", "codes"),
    [
        (400, {"BAD_ARGUMENT", "KEY_UNSUPPORTED", "UNKNOWN_FUNCTION"}),
        (403, FORBIDDEN),
        (404, {"NOT_FOUND"}),
        (410, {"DEADLINE_PASSED"}),
        (413, {"TOO_LARGE"}),
        (500, {"INTERNAL", "PEER_ERROR"}),
    ],
)
def test_statuses_are_the_specified_ones(status, codes):
    """Clients tell kinds of refusals apart by their status."""
    assert {code for code in Code if code.status == status} == codes


def test_sentences_tell_codes_apart():
    """No two codes mean the same."""
    assert len({code.meaning for code in Code}) == len(Code)


def test_refusal_says_code_and_sentence():
    """What travels is ``CODE: sentence``."""
    refusal = Refusal(Code.NOT_FOUND, "There is no such note.")
    assert (str(refusal), refusal.code) == ("NOT_FOUND: There is no such note.", Code.NOT_FOUND)
    assert refusal.sentence == "There is no such note."
