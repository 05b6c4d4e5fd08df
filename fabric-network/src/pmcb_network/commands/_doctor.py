# SPDX-License-Identifier: Apache-2.0
"""`pmcb network doctor`: what is wrong with the network, and what to do."""

import click

from ._alone import places_of
from ._settings import Settings


@click.command()
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Look for what is wrong with the network, also with one that is down or half broken.

    Programs, ports, disk, clocks, file modes, certificates that end, the peers' builder, orderers,
    blocks, chaincode servers; on the embedded network those that apply. Changes nothing. Exit code
    1 when something is wrong.
    """
    from pmcb_client.terminal import emit, table
    from pmcb_network._doctor import examine
    from pmcb_network._findings import Grade

    settings: Settings = ctx.obj
    found = examine(places_of(settings))
    failed = sum(each.grade is Grade.FAIL for each in found)
    warned = sum(each.grade is Grade.WARN for each in found)
    rows = [
        [each.check, each.grade, each.what + (f". {each.next_step}" if each.next_step else "")]
        for each in found
    ]
    document = {
        "healthy": not failed,
        "findings": [
            {
                "check": each.check,
                "grade": each.grade,
                "what": each.what,
                "next_step": each.next_step,
            }
            for each in found
        ],
    }
    verdict = f"{failed} wrong, {warned} to heed." if failed or warned else "Nothing is wrong."
    emit(settings, document, table(["check", "", "what was found"], rows), verdict)
    if failed:
        ctx.exit(1)
