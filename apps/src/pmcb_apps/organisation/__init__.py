# SPDX-License-Identifier: Apache-2.0
"""``pmcb up``, ``down`` and ``status``: all services of one organisation, from one file."""

from ._command import down, status, up

__all__ = ["down", "status", "up"]
