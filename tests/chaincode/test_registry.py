# SPDX-License-Identifier: Apache-2.0
"""What can be called of a contract, and what cannot even be defined."""

from enum import Enum
from typing import Annotated

import pytest
from tests.chaincode.fake_peer import FakePeer, connect
from tests.chaincode.identities import identity
from tests.chaincode.notes import Notes

from pmcb_chaincode.bridge import (
    Context,
    Contract,
    ContractError,
    Int,
    JsonObject,
    Refusal,
    query,
    transaction,
)

NUMBER = Annotated[int, Int()]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "nothing",
        "unmarked",
        "notes:unmarked",
        "Other:who",
        ":who",
        "who:",
        "notes:",
        "notes:notes:who",
        "Notes:who",
        "WHO",
        " who",
        "who ",
        "who\x00",
        "call",
        "find",
        "authorise",
        "metadata",
        "__init__",
        "name",
        "functions",
        "org.hyperledger.fabric:who",
        "notes:org.hyperledger.fabric:GetMetadata",
        b"\xff",
    ],
)
async def test_nothing_unmarked_can_be_called(peer, name):
    """Only marked methods, as fn or contract:fn; whatever else a name says is refused."""
    answer = await peer.call(name)
    assert (answer.status, answer.code) == (400, "UNKNOWN_FUNCTION")
    assert not peer.calls


async def test_call_without_a_function_is_refused(peer):
    """No argument at all names nothing."""
    answer = await peer.call()
    assert answer.message == "UNKNOWN_FUNCTION: The call names no function."


@pytest.mark.parametrize("name", ["who", "notes:who"])
async def test_function_is_found_under_both_names(peer, name):
    """With and without the contract's name."""
    assert (await peer.call(name)).json()["uid"] == "HospitalAMSP/rel1"


@pytest.mark.parametrize("role", ["", "receiver", "Releaser", "releaser ", "releaser,receiver"])
async def test_caller_without_the_role_is_refused(peer, role):
    """A role is one exact word of the certificate."""
    caller = identity("HospitalAMSP", "ann", role=role)
    answer = await peer.call("put_note", "0" * 32, "x", caller=caller)
    assert answer.message == "ROLE_REQUIRED: This call needs the role releaser."
    assert not peer.calls


class Shelf(Enum):
    """Codes of another contract, a plain enum: one that fits, one that Fabric would endorse."""

    status: int

    def __new__(cls, value, status):
        code = object.__new__(cls)
        code._value_ = value
        code.status = status
        return code

    WORN = "WORN", 451
    FINE = "FINE", 200


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [
        (Shelf.WORN, 451, "WORN: It is worn."),
        (Shelf.FINE, 500, "INTERNAL: tx 1a2b3c4d, see the server log"),
    ],
)
async def test_contract_refuses_with_codes_of_its_own(serve, code, status, message):
    """An enum's member with a text and a status; one below 400 would count as a success."""

    class Books(Notes):
        async def call(self, function, ctx, texts):
            ctx.ledger.put("k", b"v")
            raise Refusal(code, "It is worn.")

    peer = serve(FakePeer(), Books())
    answer = await peer.call("fill", "0", tx_id="1a2b3c4d" * 8)
    assert (answer.status, answer.message, dict(answer.writes)) == (status, message, {})


def test_method_without_async_is_refused():
    """A function that cannot be awaited is found when the class is made."""
    with pytest.raises(ContractError, match="fn must be an async method"):

        class Bad(Contract):
            @query()  # type: ignore[type-var]  # the defect under test
            def fn(self, ctx: Context) -> JsonObject:
                return {}


def test_default_is_refused():
    """Nothing has a default on the wire."""
    with pytest.raises(ContractError, match="fn: nothing has a default on the wire"):

        class Bad(Contract):
            @query()
            async def fn(self, ctx: Context, number: NUMBER = 1) -> JsonObject:
                return {}


def test_variable_parameters_are_refused():
    """Neither *args nor **kwargs nor keyword-only parameters can be checked one by one."""
    with pytest.raises(ContractError, match="numbers must be an ordinary parameter"):

        class Many(Contract):
            @query()
            async def fn(self, ctx: Context, *numbers: NUMBER) -> JsonObject:
                return {}

    with pytest.raises(ContractError, match="number must be an ordinary parameter"):

        class Named(Contract):
            @query()
            async def fn(self, ctx: Context, *, number: NUMBER) -> JsonObject:
                return {}


def test_parameter_without_a_rule_is_refused():
    """A plain type says nothing about what passes; no annotation says even less."""
    with pytest.raises(ContractError, match="fn: parameter number carries no rule"):

        class Plain(Contract):
            @query()
            async def fn(self, ctx: Context, number: int) -> JsonObject:
                return {}

    with pytest.raises(ContractError, match="fn: parameter number carries no rule"):

        class Bare(Contract):
            @query()
            async def fn(self, ctx: Context, number) -> JsonObject:
                return {}


async def test_inherited_functions_are_served_and_overridden_ones_need_their_mark():
    """A part's functions are its heirs'; an override without a mark takes its function away."""

    class Heir(Notes):
        async def who(self, ctx: Context) -> JsonObject:
            return {}

        @transaction()
        async def more(self, ctx: Context) -> JsonObject:
            return {"more": True}

    peer = FakePeer()
    session = connect(peer, Heir())
    assert (await peer.call("who")).code == "UNKNOWN_FUNCTION"
    assert (await peer.call("more")).json() == {"more": True}
    assert (await peer.call("read", "k")).status == 200
    await session.close()
    assert "who" in Notes.functions
    assert "more" not in Notes.functions
