# SPDX-License-Identifier: Apache-2.0
"""As what a chaincode server would register with a peer that dials it."""

import queue
from collections.abc import Iterator
from typing import Any

import grpc

from pmcb_network.errors import ContractRefused, NodeFailed

from ._protos import DecodeError, chaincode, shim

_ASK_S = 5.0
_OPTIONS = [
    ("grpc.enable_http_proxy", 0),  # a proxy's localhost is another machine
    ("grpc.use_local_subchannel_pool", 1),  # nobody's earlier failure makes this one wait
]


def registered_id(address: str) -> str:
    """The package id that the server says first on every stream.

    Raises:
        NodeFailed: nothing there answers, or not in time.
        ContractRefused: what answers is no chaincode server.
    """
    asking: queue.SimpleQueue[Any] = queue.SimpleQueue()
    nothing: Iterator[Any] = iter(asking.get, None)  # open, and silent, until the end
    with grpc.insecure_channel(address, options=_OPTIONS) as channel:
        connect: Any = channel.stream_stream(
            "/protos.Chaincode/Connect",
            request_serializer=shim.ChaincodeMessage.SerializeToString,
            response_deserializer=bytes,
        )
        call = connect(nothing, timeout=_ASK_S)
        try:
            first = next(call)
        except (grpc.RpcError, StopIteration) as error:
            raise NodeFailed(
                f"no chaincode server answers at {address}",
                next_step="start it first, in clear, with CHAINCODE_ID set to the package id",
            ) from error
        finally:
            call.cancel()
            asking.put(None)
    return _name_in(first, address)


def _name_in(message: bytes, address: str) -> str:
    try:
        said = shim.ChaincodeMessage.FromString(message)
        if said.type == shim.ChaincodeMessage.REGISTER:
            return str(chaincode.ChaincodeID.FromString(said.payload).name)
    except DecodeError:
        pass
    raise ContractRefused(f"what answers at {address} is no chaincode server")
