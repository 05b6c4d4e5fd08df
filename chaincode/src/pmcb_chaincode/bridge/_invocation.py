# SPDX-License-Identifier: Apache-2.0
"""One chaincode calling another within the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from ._protos import (
    ChaincodeID,
    ChaincodeInput,
    ChaincodeMessage,
    ChaincodeSpec,
)
from ._protos import Response as ResponseMessage
from ._replies import Call, read_reply
from .errors import PeerError


@dataclass(frozen=True)
class Response:
    """What another chaincode answered; a ``status`` of 400 and above is its refusal."""

    status: int
    message: str
    payload: bytes


async def invoke(call: Call, name: str, args: Sequence[str | bytes], channel: str) -> Response:
    """Run a function of another chaincode; ``args`` begins with its name."""
    if not name or set(name + channel) & set(":/"):
        raise ValueError("a chaincode and a channel have names without ':' and '/'")
    if isinstance(args, str | bytes) or not args:
        raise ValueError("args is a list that begins with the function's name")
    spec = ChaincodeSpec(
        chaincode_id=ChaincodeID(name=f"{name}/{channel}" if channel else name),
        input=ChaincodeInput(args=[arg.encode() if isinstance(arg, str) else arg for arg in args]),
    )
    answer = await call(ChaincodeMessage.INVOKE_CHAINCODE, spec.SerializeToString())
    completed = read_reply(ChaincodeMessage, answer)
    if completed.type != ChaincodeMessage.COMPLETED:
        raise PeerError("the called chaincode ended without an answer")
    made = read_reply(ResponseMessage, completed.payload)
    return Response(made.status, made.message, made.payload)
