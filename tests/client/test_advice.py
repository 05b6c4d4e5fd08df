# SPDX-License-Identifier: Apache-2.0
from pmcb_chaincode.contract import Code
from pmcb_client._advice import refusal_advice


def test_every_code_of_the_contract_has_a_next_step():
    """The table names the contract's codes, all of them and no others."""
    assert set(refusal_advice) == set(Code)
    assert all(advice.endswith(".") for advice in refusal_advice.values())
