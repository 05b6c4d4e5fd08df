# SPDX-License-Identifier: Apache-2.0
"""``pmcb dashboard``: what the ledger and this home say, on a page that acts on nothing."""

from ._command import dashboard

__all__ = ["dashboard"]
