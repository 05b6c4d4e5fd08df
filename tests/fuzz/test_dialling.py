# SPDX-License-Identifier: Apache-2.0
"""A chaincode server that sends bytes that are no message is dialled again."""

import asyncio

import grpc
from fabric_protos.peer.chaincode_pb2 import ChaincodeID
from fabric_protos.peer.chaincode_shim_pb2 import ChaincodeMessage as M
from tests.fuzz.checks import logged

from pmcb_network.embedded.chaincode import Dialled

REGISTER = M(type=M.REGISTER, payload=ChaincodeID(name="notes:1").SerializeToString())
GREETINGS = (b"\xff\xff\xff", M(type=99).SerializeToString(), REGISTER.SerializeToString())


class Server(grpc.GenericRpcHandler):  # type: ignore[type-arg]
    """Each stream begins with the next greeting, the last one again and again."""

    def __init__(self):
        self.left = list(GREETINGS)
        self.over = asyncio.Event()

    def service(self, handler_call_details):
        async def connect(_, context):
            await context.write(self.left.pop(0) if len(self.left) > 1 else self.left[0])
            await self.over.wait()

        return grpc.stream_stream_rpc_method_handler(connect)


async def _dialled():
    handler = Server()
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    host = Dialled(f"127.0.0.1:{port}", "notes")
    await host.start()
    try:
        async with asyncio.timeout(20):
            while not (host._peer and host._peer.is_ready):  # noqa: ASYNC110 - another task's state
                await asyncio.sleep(0.01)
        return host.session().package_id
    finally:
        handler.over.set()
        await host.close()
        await server.stop(None)


def test_garbage_ends_a_stream_and_not_the_dialling():
    """No message, then one of an unknown type, then a registration, which is taken."""
    with logged("grpc"), logged("pmcb_network") as lines:
        assert asyncio.run(_dialled()) == "notes:1"
    assert not any("failed" in line for line in lines)
