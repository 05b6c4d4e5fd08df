# SPDX-License-Identifier: Apache-2.0
"""Starts ``pmcb`` in processes whose leases run out in a second instead of ten.

Reads lines ``["", WORD, ...]`` as JSON, one command each. Tells the process id, then whatever the
command tells, and at last how it ended. What is imported is imported once: each process is a fork.
"""

import json
import os
import sys

import pmcb_client.gateway
from pmcb_client.cli import main
from pmcb_services.retrieval import institution, vitals, worker
from pmcb_services.retrieval.cloud import LmdbCloud
from pmcb_services.retrieval.cloud.server import cloud_application
from pmcb_services.retrieval.gateway import _gateway
from pmcb_services.retrieval.oblivious import _lease

HEAVY = (pmcb_client.gateway, institution, vitals, worker, LmdbCloud, cloud_application)


def tell(number: int) -> None:
    """A line to who started this."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    for line in sys.stdin:
        _, *words = json.loads(line)
        if not (child := os.fork()):
            os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
            tell(os.getpid())
            vars(_lease).update(LEASE_S=1.0, RENEW_S=0.3)
            vars(_gateway).update(AGAIN_S=0.05)
            sys.argv = ["pmcb", *words]
            main()
        _, status = os.waitpid(child, 0)
        tell(os.waitstatus_to_exitcode(status))
