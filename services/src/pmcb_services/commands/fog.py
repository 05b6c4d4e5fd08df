# SPDX-License-Identifier: Apache-2.0
"""``pmcb fog``: orders of medical workers and devices on a group of fog servers.

Heavy libraries are imported inside the commands: ``pmcb --help`` imports this module.
"""

from __future__ import annotations

import click

from ._fog_adapter import adapter
from ._fog_collector import collector
from ._fog_devices import grant, qr
from ._fog_gateway import serve
from ._fog_orders import audit, cancel, dead, drain, resolve, status, submit
from ._fog_plan import check, front, import_hcsp, plan, simulate
from ._fog_worker import calibrate, worker

__all__ = ["group"]


@click.group()
def group() -> None:
    """Plan orders with a proof of how good the plan is, simulate them, and run them."""


for _command in (plan, check, front, simulate, import_hcsp):
    group.add_command(_command)
for _command in (serve, submit, status, cancel, resolve, drain, dead, audit):
    group.add_command(_command)
for _command in (worker, collector, adapter, calibrate, grant, qr):
    group.add_command(_command)
