# SPDX-License-Identifier: Apache-2.0
"""What commands share that ask a publishing service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import click

from pmcb_client.commands.acting import choose_valid, run

if TYPE_CHECKING:
    from fractions import Fraction

    from pmcb_client.cli import Settings
    from pmcb_services.publishing import PublishingClient

T = TypeVar("T")

institution_option = click.option(
    "--institution", metavar="MSP", default="", help="Whose service; needed if there are several."
)


def called(
    settings: Settings,
    role: str,
    institution: str,
    work: Callable[[PublishingClient], Awaitable[T]],
) -> T:
    """The result of ``work`` with the service, as the identity with this role.

    Without a role as an institution, or else as an analyst: either may read.
    """
    from pmcb_client.network_file import load
    from pmcb_client.usage_errors import IdentityChoice
    from pmcb_services.publishing import PublishingClient

    network = load(settings.home / "network.json")
    try:
        identity = choose_valid(settings, network, role or "institution")
    except IdentityChoice:
        if role:
            raise
        identity = choose_valid(settings, network, "analyst")

    async def main() -> T:
        async with PublishingClient(network, identity, institution=institution) as service:
            return await work(service)

    return run(main())


def own(settings: Settings, work: Callable[[PublishingClient], Awaitable[T]]) -> T:
    """The same with the service of the identity's own organisation, as an institution."""
    from pmcb_client.network_file import load

    network = load(settings.home / "network.json")
    msp_id = choose_valid(settings, network, "institution").msp_id
    return called(settings, "institution", msp_id, work)


def epsilon_of(text: str | None) -> Fraction | None:
    """An epsilon of the command line; warnings go to stderr."""
    from pmcb_services.publishing import parse_epsilon

    from ._publishing_table import warned

    if text is None:
        return None
    with warned():
        return parse_epsilon(text)
