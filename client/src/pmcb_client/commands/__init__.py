# SPDX-License-Identifier: Apache-2.0
"""The client's own commands, one file for each group."""
