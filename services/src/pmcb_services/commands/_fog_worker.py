# SPDX-License-Identifier: Apache-2.0
"""``pmcb fog worker`` and ``pmcb fog calibrate``: what runs orders."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pmcb_client.terminal import emit

from ._fog_broker import broker_options
from ._served import FILE

if TYPE_CHECKING:
    from pmcb_client.cli import Settings
    from pmcb_services.fog.online import Address
    from pmcb_services.fog.online._messages import Register
    from pmcb_services.fog.online._places import Places
    from pmcb_services.fog.online._worker import Worker

__all__ = ["calibrate", "worker"]

F = TypeVar("F", bound=Callable[..., Any])


def _table(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    """The ``[worker]`` table of a fog.toml stands for options that are not given."""
    import tomllib

    from pmcb_client.usage_errors import InputError

    if value is None:
        return
    try:
        table = tomllib.loads(value.read_text()).get("worker", {})
    except (OSError, ValueError) as error:
        raise InputError(f"{value.name} is no TOML file that can be read.") from error
    known = {each.name for each in context.command.params} - {"config"}
    unknown = sorted(set(table) - known) if isinstance(table, dict) else ["worker"]
    if unknown:
        raise InputError(f"'{unknown[0]}' is no entry of [worker] in {value.name}.")
    context.default_map = {**table, **(context.default_map or {})}


def _server(_: click.Context, __: click.Parameter, value: str) -> str:
    if not re.fullmatch("[a-z0-9-]{1,32}", value):
        raise click.BadParameter("up to 32 of a-z, 0-9 and the hyphen.")
    return value


def _positive(name: str, unit: str, text: str) -> Callable[[F], F]:
    return click.option(
        f"--{name}",
        type=click.FloatRange(0, min_open=True),
        metavar=unit,
        envvar=f"PMCB_FOG_{name.upper().replace('-', '_')}",
        help=text,
    )


def _from_zero(name: str, unit: str, text: str, default: float | None = None) -> Callable[[F], F]:
    return click.option(
        f"--{name}",
        type=click.FloatRange(0),
        metavar=unit,
        default=default,
        envvar=f"PMCB_FOG_{name.upper().replace('-', '_')}",
        help=text,
    )


@click.command()
@click.option(
    "--config",
    type=FILE,
    envvar="PMCB_FOG_CONFIG",
    is_eager=True,
    expose_value=False,
    callback=_table,
    help="fog.toml; its table [worker] stands for options that are not given.",
)
@click.option(
    "--server",
    required=True,
    metavar="ID",
    callback=_server,
    envvar="PMCB_FOG_SERVER",
    help="The server that it serves.",
)
@_positive("speed", "MIPS", "How fast it is; else it is measured now.")
@_positive("bandwidth", "MB/S", "How fast a payload reaches it.")
@_positive("memory", "MB", "A payload that exceeds it is not for this server.")
@_positive("storage", "GB", "The same.")
@_from_zero("busy-w", "W", "Power while it works; else by the model's law.")
@_from_zero("idle-w", "W", "Power while it does not.")
@_from_zero("sleep-w", "W", "Power asleep; else it never sleeps.")
@_from_zero("sleep-after", "SECONDS", "Idle, until it sleeps.", 0.0)
@_from_zero("wake", "SECONDS", "Until it runs what it was woken for.", 0.0)
@click.option("--devices", type=FILE, envvar="PMCB_FOG_DEVICES", help="Adapters of devices (TOML).")
@broker_options
@click.pass_obj
def worker(
    settings: Settings,
    /,
    server: str,
    devices: Path | None,
    cluster: Address | None,
    **numbers: float | None,
) -> None:
    """Run the orders of one server until Ctrl-C; what it has begun it ends first.

    It runs the kinds of orders for which it knows where to turn: query gateways, content store and
    intakes stand in network.json, devices are given. A second worker of a server takes over from
    the first. Killed and started again it goes on; an effect that it may have had is not repeated.
    """
    from pmcb_services.common import log_to_stderr
    from pmcb_services.fog.online._address import Address
    from pmcb_services.fog.online._broker import ADDRESS
    from pmcb_services.fog.online._handlers import handlers
    from pmcb_services.fog.online._places import Places

    network = settings.home / "network.json"
    places = Places(
        network=str(network) if network.exists() else "",
        devices="" if devices is None else str(devices),
    )
    register = _register(server, tuple(sorted(handlers(places))), numbers)
    address = cluster or Address.read(settings.home / "fog" / "broker" / ADDRESS)
    log_to_stderr()
    asyncio.run(_serve(settings, register, places, address))


@click.command()
@click.option("--seconds", type=click.FloatRange(0.1, 60), default=1.0, show_default=True)
@click.pass_obj
def calibrate(settings: Settings, seconds: float) -> None:
    """Measure this machine's speed in MIPS, as `pmcb fog worker --speed` takes it."""
    from pmcb_services.fog.online._calibrate import mips

    speed = round(mips(seconds=seconds), 1)
    emit(settings, {"mips": speed}, f"This machine does {speed:g} MIPS on one core.")


def _register(server: str, kinds: tuple[str, ...], numbers: dict[str, float | None]) -> Register:
    import secrets

    from pmcb_services.fog.online._messages import Register

    if not numbers["speed"]:
        numbers = {**numbers, "speed": _measured_mips()}

    return Register(
        server=server,
        token=secrets.token_hex(16),
        kinds=kinds,
        speed_mips=numbers["speed"] or 0.0,
        bandwidth=numbers["bandwidth"],
        memory=numbers["memory"],
        storage=numbers["storage"],
        busy_w=numbers["busy_w"],
        idle_w=numbers["idle_w"],
        sleep_w=numbers["sleep_w"],
        sleep_after_s=numbers["sleep_after"] or 0.0,
        wake_s=numbers["wake"] or 0.0,
    )


def _measured_mips() -> float:
    """In a process of its own, since the compiler that it needs would stay: 130 MiB."""
    import subprocess
    import sys

    program = "from pmcb_services.fog.online._calibrate import mips; print(mips())"
    command = [sys.executable, "-P", "-c", program]
    # Ctrl-C is for us: the child would tell of it with a traceback.
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, start_new_session=True)
    return float(said.stdout)


async def _serve(settings: Settings, register: Register, places: Places, address: Address) -> None:
    from contextlib import closing

    from pmcb_client.files import private_folder
    from pmcb_services.common._alone import alone
    from pmcb_services.fog.online._connection import Connection
    from pmcb_services.fog.online._runner import Runner
    from pmcb_services.fog.online._spool import Spool
    from pmcb_services.fog.online._worker import Worker

    folder = private_folder(settings.home / "fog-workers" / register.server)
    busy = f"Another worker of {register.server} runs in this home."
    name = f"worker {register.server}"
    with closing(alone(folder, busy)):
        async with Connection(address, name=name) as connection, Runner(places) as runner:
            await _until_stopped(
                settings, register.server, Worker(register, connection, runner, Spool(folder))
            )


async def _until_stopped(settings: Settings, server: str, made: Worker) -> None:
    """Ctrl-C once: the order at hand is ended first; twice, or before it serves: at once."""
    at_once = True

    async def serve() -> None:
        nonlocal at_once
        await made.register()
        at_once = False
        emit(settings, {"server": server}, f"{server} runs orders.")
        await made.run()

    task = asyncio.ensure_future(serve())

    def stop() -> None:
        nonlocal at_once
        if at_once:
            task.cancel()
        at_once = True
        made.stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()
