# SPDX-License-Identifier: Apache-2.0
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from fabric_protos.msp.identities_pb2 import SerializedIdentity

from pmcb_client.gateway import Identity, P256Signer

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def test_a_key_of_another_curve_is_refused():
    """Only P-256 signs for Fabric here."""
    with pytest.raises(ValueError, match="P-256"):
        P256Signer(ec.generate_private_key(ec.SECP384R1()))


def test_signatures_verify_and_have_a_low_s():
    """Forty signatures: by chance all would have a low S once in 10^12 runs."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer = P256Signer(key)
    for number in range(40):
        message = b"%d" % number
        signature = signer(sha256(message).digest())
        key.public_key().verify(signature, message, ec.ECDSA(SHA256()))
        assert decode_dss_signature(signature)[1] <= ORDER // 2


def test_the_creator_is_the_serialised_identity():
    """MSP id and PEM, as every header carries them."""
    creator = SerializedIdentity.FromString(Identity("HospitalAMSP", b"PEM").creator)
    assert (creator.mspid, creator.id_bytes) == ("HospitalAMSP", b"PEM")
