# SPDX-License-Identifier: Apache-2.0
"""Fabric's messages, in the one file of this package that knows where they live.

The generated modules have no stubs; what comes from here is `Any` to the type checker.
"""

from typing import Any

from fabric_protos.common import common_pb2, configtx_pb2
from fabric_protos.msp import msp_config_pb2
from fabric_protos.peer import chaincode_pb2, chaincode_shim_pb2
from google.protobuf.message import DecodeError

common: Any = common_pb2
configtx: Any = configtx_pb2
msp_config: Any = msp_config_pb2
chaincode: Any = chaincode_pb2
shim: Any = chaincode_shim_pb2

__all__ = ["DecodeError", "chaincode", "common", "configtx", "msp_config", "shim"]
