# SPDX-License-Identifier: Apache-2.0
"""``python -m pmcb_client`` is ``pmcb``, for whoever starts it with this very interpreter."""

from .cli import main

main()
