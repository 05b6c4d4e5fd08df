# SPDX-License-Identifier: Apache-2.0
"""The networks that PMCB runs on."""
