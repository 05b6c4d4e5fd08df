# SPDX-License-Identifier: Apache-2.0
"""Load and measurements; figures land in docs/performance.md."""
