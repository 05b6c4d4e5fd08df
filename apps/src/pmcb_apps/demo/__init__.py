# SPDX-License-Identifier: Apache-2.0
"""``pmcb demo``: the story of crowdsensing on an embedded network, told with real data."""

from ._command import demo

__all__ = ["demo"]
