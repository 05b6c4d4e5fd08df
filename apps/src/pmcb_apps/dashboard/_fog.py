# SPDX-License-Identifier: Apache-2.0
"""The order gateways that the network file names: servers, queues, energy."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from prometheus_client.core import Sample
from prometheus_client.parser import text_string_to_metric_families

from pmcb_services.fog.client import FogClient
from pmcb_services.fog.errors import FogError

if TYPE_CHECKING:
    from pmcb_client.network_file import FogGateway, NetworkFile
    from pmcb_client.wallet import WalletIdentity

__all__ = ["Fog", "Server", "fogs", "measured"]

_WITHIN_S = 3.0
_STATES = ("NEW", "QUEUED", "STARTED", "UNKNOWN", "DEAD")
_NUMBERS = ("queued_s", "speed_mips", "busy_w", "idle_w")
_POWERS = ("busy", "idle", "asleep")


@dataclass(frozen=True)
class Server:
    """A server of the fog, as operators see it.

    Attributes:
        id: its name.
        up: whether its worker is heard.
        draining: whether nothing more begins on it.
        running, queued: orders.
        queued_s: what is queued, seconds.
        speed_mips: how fast it is.
        busy_w, idle_w: power, watts.
    """

    id: str
    up: bool
    draining: bool
    running: int
    queued: int
    queued_s: float
    speed_mips: float
    busy_w: float
    idle_w: float

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Server:
        """From a gateway's answer.

        Raises:
            ValueError: it is none.
        """
        try:
            return cls(
                id=str(document["id"]),
                up=bool(document["up"]),
                draining=bool(document["draining"]),
                running=len(document["running"]),
                queued=int(document["queued"]),
                **{name: float(document[name]) for name in _NUMBERS},
            )
        except (KeyError, TypeError) as error:
            raise ValueError("no server of the fog") from error


@dataclass(frozen=True)
class Fog:
    """One gateway.

    Attributes:
        uid: who runs it.
        url: where.
        reason: why it does not answer; "" where it does.
        refused: why it does not show its servers to this identity.
        servers: as it shows them to operators.
        orders: how many are in each state that is not over.
        joules: by the model, since it started: busy, idle, asleep.
        late: orders that were over after their deadline.
        gap: the proven gap of the newest plan; None before the first.
    """

    uid: str
    url: str
    reason: str = ""
    refused: str = ""
    servers: Sequence[Server] = ()
    orders: Mapping[str, int] = field(default_factory=dict)
    joules: Mapping[str, float] = field(default_factory=dict)
    late: int = 0
    gap: float | None = None


async def fogs(
    network: NetworkFile,
    identity: WalletIdentity,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
) -> tuple[Fog, ...]:
    """All of them, asked at once.

    Args:
        network: names them.
        identity: as whom servers are asked for.
        transport: in place of the network, for tests.
    """
    asked = (_fog(network, each, identity, transport) for each in network.fog)
    return tuple(await asyncio.gather(*asked))


async def _fog(
    network: NetworkFile,
    gateway: FogGateway,
    identity: WalletIdentity,
    transport: httpx.AsyncBaseTransport | None,
) -> Fog:
    verify = ssl.create_default_context(cadata=gateway.tls_ca) if gateway.tls_ca else True
    try:
        async with asyncio.timeout(_WITHIN_S):
            async with httpx.AsyncClient(
                base_url=gateway.url, transport=transport, verify=verify, trust_env=False
            ) as plain:
                answer = await plain.get("/metrics")
                found = measured(answer.raise_for_status().text)
            servers, refused = await _servers(network, gateway, identity, transport)
    except (httpx.HTTPError, TimeoutError, ValueError):
        return Fog(gateway.uid, gateway.url, reason="It does not answer.")
    return Fog(gateway.uid, gateway.url, refused=refused, servers=servers, **found)


async def _servers(
    network: NetworkFile,
    gateway: FogGateway,
    identity: WalletIdentity,
    transport: httpx.AsyncBaseTransport | None,
) -> tuple[Sequence[Server], str]:
    """The servers, or why they are not shown.

    Raises:
        ValueError: the answer is none.
    """
    try:
        async with FogClient(
            network, identity, institution=gateway.msp, transport=transport
        ) as client:
            return [Server.of(each) for each in await client.servers()], ""
    except FogError as error:
        return (), str(error)
    except (KeyError, TypeError) as error:
        raise ValueError("no answer of an order gateway") from error


def measured(metrics: str) -> dict[str, Any]:
    r"""What a gateway's ``/metrics`` say of orders and energy.

    Raises:
        ValueError: they are not in Prometheus' format.

    >>> measured('pmcb_fog_orders{state="QUEUED",class="upload"} 2.0\n')["orders"]["QUEUED"]
    2
    """
    samples = [
        sample for family in text_string_to_metric_families(metrics) for sample in family.samples
    ]
    planned = _total(samples, "pmcb_fog_replans_total") > 0
    return {
        "orders": {
            state: int(_total(samples, "pmcb_fog_orders", state=state)) for state in _STATES
        },
        "joules": {
            state: _total(samples, "pmcb_fog_joules_total", state=state) for state in _POWERS
        },
        "late": int(_total(samples, "pmcb_fog_deadline_misses_total")),
        "gap": _total(samples, "pmcb_fog_plan_gap") if planned else None,
    }


def _total(samples: Iterable[Sample], name: str, **labels: str) -> float:
    """The sum over all samples of a name that carry these labels."""
    return sum(
        sample.value
        for sample in samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )
