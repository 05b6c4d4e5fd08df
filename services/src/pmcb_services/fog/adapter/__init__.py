# SPDX-License-Identifier: Apache-2.0
"""Beside a device: commands of orders in, each carried out at most once."""
