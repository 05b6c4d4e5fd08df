# SPDX-License-Identifier: Apache-2.0
"""Who else answers ranges; imports nothing, as commands must."""

DUCKDB = "DuckDB"
POSTGRESQL = "PostgreSQL"
MRSE = "MRSE scan"
