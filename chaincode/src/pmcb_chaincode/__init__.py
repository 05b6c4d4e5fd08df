# SPDX-License-Identifier: Apache-2.0
"""The contract, and the bridge that serves a Python contract to Fabric peers."""

from ._codes import Code

__all__ = ["Code"]
