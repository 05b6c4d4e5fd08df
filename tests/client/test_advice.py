# SPDX-License-Identifier: Apache-2.0
import re

import click

from pmcb_chaincode.contract import Code
from pmcb_client._advice import refusal_advice
from pmcb_client.cli import make_root


def test_every_code_of_the_contract_has_a_next_step():
    """The table names the contract's codes, all of them and no others."""
    assert set(refusal_advice) == set(Code)
    assert all(advice.endswith(".") for advice in refusal_advice.values())


def test_every_command_that_is_named_exists():
    """Whoever types what is advised is not told that there is no such command."""
    named = re.findall("`pmcb ([a-z ]+)`", " ".join(refusal_advice.values()))
    assert {"publishing cohort show", "publishing clusters", "task show"} <= set(named)
    for words in named:
        command: click.Command = make_root()
        for word in words.split():
            assert isinstance(command, click.Group), words
            found = command.get_command(click.Context(command), word)
            assert found is not None, words
            command = found
