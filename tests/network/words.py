# SPDX-License-Identifier: Apache-2.0
"""Fabric's own words for what goes wrong, and how a test reads them."""

import grpc
import pytest
from tests.network.wire import failure

A, B = "HospitalAMSP", "HospitalBMSP"
CODES = grpc.StatusCode
ENDORSE_FAILED = "failed to endorse transaction, see attached details for more info"
TOO_FEW = "failed to collect enough transaction endorsements, see attached details for more info"


async def refusal(call):
    """What a refused call was told."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return failure(caught.value)


def denied(org):
    """How a peer refuses a creator of this organisation."""
    return f"error validating proposal: access denied: channel [pmcb] creator org [{org}]"
