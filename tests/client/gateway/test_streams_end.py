# SPDX-License-Identifier: Apache-2.0
"""``commit="blocks"``: the stream that several gateways share, and who leaves it."""

import pytest
from tests.client.gateway.fake_deliver import UNAVAILABLE, VALID, patient, told_at_once

from pmcb_client.gateway import Identity


@pytest.fixture
def deliver(fake, monkeypatch):
    """Each submitted transaction is valid in a block of its own; no pauses."""
    return told_at_once(fake, monkeypatch)


async def test_the_stream_ends_with_the_last_gateway(fake, deliver, channel, identity, signer):
    """Not with the first; and those who still wait ask the gateway."""
    async with patient(channel, identity, signer) as staying:
        async with patient(channel, identity, signer) as leaving:
            await leaving.submit("ping")
            await staying.submit("ping")
        await staying.submit("ping")
        assert (len(deliver.requests), deliver.running) == (1, 1)
        fake.on_submit = lambda tx_id: None
        pending = await staying.submit_async("ping")
    await deliver.until(lambda: deliver.running == 0)
    assert (await pending.status()).successful
    assert len(fake.requests["status"]) == 1
    fake.on_submit = lambda tx_id: deliver.write((tx_id, VALID))
    async with patient(channel, identity, signer) as again:
        await again.submit("ping")
    assert len(deliver.requests) == 2


async def test_whoever_is_left_signs_the_stream_anew(deliver, channel, signer):
    """The gateway that opened it is gone, and so is its right to sign."""
    first, second = (Identity(msp, b"certificate") for msp in ("HospitalAMSP", "HospitalBMSP"))
    async with patient(channel, second, signer) as staying:
        async with patient(channel, first, signer) as leaving:
            await leaving.submit("ping")
            await staying.submit("ping")
        deliver.cut(UNAVAILABLE)
        await deliver.until(lambda: len(deliver.requests) == 2)
        await staying.submit("ping")
    assert [b"HospitalAMSP" in asked.creator for asked in deliver.requests] == [True, False]
    assert [asked.start for asked in deliver.requests] == ["newest", 3]
