# SPDX-License-Identifier: Apache-2.0
"""A contract in the network's own process, when either end leaves the protocol."""

import asyncio

import pytest
from fabric_protos.peer import chaincode_shim_pb2
from tests.network.contracts import Notes
from tests.network.shim import ALICE
from tests.network.wire import propose

from pmcb_network.embedded._envelopes import open_proposal
from pmcb_network.embedded._simulator import Simulator
from pmcb_network.embedded._state import Store
from pmcb_network.embedded.chaincode import ExecutionFailed, InProcess

M = chaincode_shim_pb2.ChaincodeMessage


@pytest.mark.parametrize("end", ["_to_peer", "_to_contract"])
async def test_a_broken_stream_in_process_is_opened_anew(end, caplog):
    """Either end may leave the protocol: what runs fails, and the next proposal finds a new one."""
    host = InProcess(Notes(), "notes:1")
    await host.start()
    first = host.session()
    assert first.is_ready
    kind = M.REGISTER if end == "_to_peer" else M.REGISTERED
    getattr(host, end)(M(type=kind))
    assert not first.is_ready
    assert host.session().is_ready
    assert "Broken" in caplog.text or "ProtocolError" in caplog.text
    await host.close()


@pytest.mark.parametrize("end", ["_to_peer", "_to_contract"])
async def test_a_broken_stream_in_process_leaves_nothing_running(end, tmp_path):
    """Transactions of the broken stream end with it, not with their time-outs."""
    contract = Notes()
    host = InProcess(contract, "notes:1")
    await host.start()
    ended = asyncio.Event()
    contract.blocked.wait = _until_cancelled(ended)  # type: ignore[method-assign]
    store = Store(tmp_path)
    signed, tx_id = propose(ALICE, "wait")
    simulator = Simulator(store.current, tx_id)
    task = asyncio.create_task(
        host.session().execute(open_proposal(signed), simulator, timeout_s=60)
    )
    await contract.entered.wait()
    getattr(host, end)(M(type=M.REGISTER if end == "_to_peer" else M.REGISTERED))
    with pytest.raises(ExecutionFailed, match="chaincode stream terminated"):
        await task
    assert host.session().is_ready
    await asyncio.wait_for(ended.wait(), 5)
    await host.close()
    simulator.done()
    store.close()


def _until_cancelled(ended):
    async def wait():
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    return wait
