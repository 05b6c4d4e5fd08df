# SPDX-License-Identifier: Apache-2.0
"""What every test may rely on."""

import signal

from hypothesis import settings

# A shell that runs the tests in the background ignores SIGINT, and processes inherit that. Those
# that tests interrupt must hear it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# For hours without a hurry: `pytest tests/fuzz --hypothesis-profile=long --timeout=0`.
settings.register_profile("long", max_examples=5000, deadline=None)
