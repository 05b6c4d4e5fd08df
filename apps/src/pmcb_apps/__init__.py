# SPDX-License-Identifier: Apache-2.0
"""What brings all of PMCB together."""
