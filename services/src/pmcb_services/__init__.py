# SPDX-License-Identifier: Apache-2.0
"""HTTP services around the ledger; each will be usable as a library too."""
