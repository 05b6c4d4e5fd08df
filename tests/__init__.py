# SPDX-License-Identifier: Apache-2.0
"""The tests of all distributions; a package, since others install a folder of this name."""
