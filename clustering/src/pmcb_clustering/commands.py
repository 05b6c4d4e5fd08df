# SPDX-License-Identifier: Apache-2.0
"""The commands of this package, by the names under which the command line finds them."""

from pmcb_clustering._classify_command import classify
from pmcb_clustering._leakage_command import leakage
from pmcb_clustering._report_command import report

__all__ = ["classify", "leakage", "report"]
