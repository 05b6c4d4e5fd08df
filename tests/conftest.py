# SPDX-License-Identifier: Apache-2.0
"""What every test may rely on."""

import signal

# A shell that runs the tests in the background ignores SIGINT, and processes inherit that. Those
# that tests interrupt must hear it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
