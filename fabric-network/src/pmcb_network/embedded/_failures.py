# SPDX-License-Identifier: Apache-2.0
"""How the gateway says no: a gRPC status with Fabric's `ErrorDetail`s in the trailer."""

from dataclasses import dataclass, replace

from grpc import StatusCode

from ._protos import gateway, rpc

_ANY = "type.googleapis.com/gateway.ErrorDetail"


@dataclass(frozen=True, slots=True)
class Detail:
    """One node's part in a failure: its address, organisation and words."""

    address: str
    msp_id: str
    message: str = ""
    addresses: tuple[tuple[str, str], ...] = ()

    def of(self, msp_id: str) -> "Detail":
        """The same for another organisation's node."""
        return replace(self, msp_id=msp_id, address=dict(self.addresses).get(msp_id, ""))

    def saying(self, message: str) -> "Detail":
        """The same node with its words."""
        return replace(self, message=message)


class GatewayError(Exception):
    """A call fails with this status; `details` go into the trailer."""

    def __init__(self, code: StatusCode, message: str, *details: Detail) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details

    def trailer(self) -> tuple[tuple[str, bytes], ...]:
        """`grpc-status-details-bin` with a `google.rpc.Status` of `ErrorDetail`s only."""
        if not self.details:
            return ()
        status = rpc.Status(code=self.code.value[0], message=self.message)
        for detail in self.details:
            value = gateway.ErrorDetail(
                address=detail.address, msp_id=detail.msp_id, message=detail.message
            )
            status.details.add(type_url=_ANY, value=value.SerializeToString())
        return (("grpc-status-details-bin", status.SerializeToString()),)


__all__ = ["Detail", "GatewayError", "StatusCode"]
