# SPDX-License-Identifier: Apache-2.0
"""``pmcb retrieval``: range search over encrypted records.

Heavy libraries are imported inside the commands: ``pmcb --help`` imports this module.
"""

from __future__ import annotations

import click

from ._retrieval_cloud import cloud
from ._retrieval_gateway import build, gateway, schema
from ._retrieval_look import audit, leakage, status
from ._retrieval_owner import colour, delete, grant, insert, revoke, share_keys
from ._retrieval_paper import attack, paper
from ._retrieval_search import analyse, patient, profile, query

__all__ = ["group"]


@click.group()
def group() -> None:
    """Search encrypted records by ranges; the cloud that keeps them learns nothing."""


for _command in (cloud, gateway, schema, build, insert, delete, colour, grant, revoke, share_keys):
    group.add_command(_command)
for _command in (query, patient, analyse, profile, status, leakage, audit, attack, paper):
    group.add_command(_command)
