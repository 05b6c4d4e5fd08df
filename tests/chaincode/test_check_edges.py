# SPDX-License-Identifier: Apache-2.0
"""The bridge's own checks at the very number, word or byte where an answer changes."""

import base64
from types import SimpleNamespace
from typing import Annotated

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.chaincode.identities import identity

from pmcb_chaincode.bridge import Contract, Int, Json
from pmcb_chaincode.bridge._caller import read_caller
from pmcb_chaincode.bridge._parameters import Bool, rule_of
from pmcb_chaincode.bridge._protos import SerializedIdentity


def test_an_integer_without_ends_is_a_natural_number_of_53_bits():
    """From nothing to the greatest integer that every JSON reader keeps."""
    for number, good in ((-1, False), (0, True), (2**53 - 1, True), (2**53, False)):
        if good:
            assert Int().parse(str(number)) == number
        else:
            with pytest.raises(ValueError, match="must be an integer"):
                Int().parse(str(number))


def test_a_truth_is_one_of_two_words():
    """Both of them, and no other."""
    assert (Bool().parse("true"), Bool().parse("false")) == (True, False)
    for word in ("", "True", "FALSE", "1", "null"):
        with pytest.raises(ValueError, match="must be true or false"):
            Bool().parse(word)


@pytest.mark.parametrize("nth", [1, 2])
def test_a_name_that_is_no_text_is_found_at_once(nth: int):
    """The library reads issuer and subject late; with a malformed one it is no identity."""
    made = identity("HospitalAMSP", "somebody").certificate.public_bytes(Encoding.DER)
    parts = made.split(b"somebody")
    damaged = b"somebody".join(parts[:nth]) + b"some\xffody" + b"somebody".join(parts[nth:])
    body = base64.encodebytes(damaged).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n".encode()
    creator = SerializedIdentity(mspid="HospitalAMSP", id_bytes=pem)
    with pytest.raises(ValueError, match="asn1"):
        read_caller(creator.SerializeToString())


PARTS = ("parse", "check", "schema")


@pytest.mark.parametrize(
    "hint",
    [
        dict[str, Int(0, 1)],  # type: ignore[misc]  # somewhere else than in Annotated
        Annotated[Int, "said"],  # the rule's class, where the type stands
        *(
            Annotated[int, SimpleNamespace(**{each: str for each in PARTS if each != left_out})]
            for left_out in PARTS
        ),
    ],
)
def test_what_only_looks_like_a_rule_is_none(hint: object):
    """It must stand behind the type, and be able to parse, to check and to describe itself."""
    with pytest.raises(TypeError, match="parameter x carries no rule"):
        rule_of("x", hint)


def test_what_is_no_dataclass_is_called_so():
    """Named when the rule is made, not when it is first called."""
    with pytest.raises(TypeError, match=r"^int is not a dataclass$"):
        Json(int)


def test_a_contract_takes_no_surplus_class_argument():
    """A misspelt one is no silent wish."""
    with pytest.raises(TypeError, match="takes no keyword arguments"):
        type("Surplus", (Contract,), {"name": "surplus"}, flavour="sweet")
