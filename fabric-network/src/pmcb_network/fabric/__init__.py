# SPDX-License-Identifier: Apache-2.0
"""Native Fabric: peers, orderers and CAs of a topology, as processes of this machine."""
