# SPDX-License-Identifier: Apache-2.0
"""The file of an adapter: its token, and the programs that speak to its devices."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pmcb_services.common._bearer import TOKEN_CHARACTERS, is_token
from pmcb_services.fog.errors import InvalidInput

__all__ = ["NAME", "Device", "Devices"]

NAME = "[A-Za-z0-9._-]{1,64}"
_KEYS = {"run", "commands"}
_RESERVED = {"add", "remove"}


@dataclass(frozen=True)
class Device:
    """A device, or all of an organisation that come and go.

    Attributes:
        run: the program and its first arguments; device and command are the last two.
        commands: that it takes.
    """

    run: tuple[str, ...]
    commands: frozenset[str]


@dataclass(frozen=True)
class Devices:
    """Those that an adapter may speak to, by ``msp/name`` or by ``msp``.

    ::

        token = "..."                       # as the workers' devices.toml has it

        ["HospitalAMSP/pump-3"]             # is there from the start
        run = ["/opt/pumps/control", "--serial", "A113"]
        commands = ["dose", "stop"]

        [HospitalAMSP]                      # those that are added by an order
        run = ["./ward-control"]            # beside this file
        commands = ["start", "stop"]
    """

    token: str = field(repr=False)
    entries: Mapping[str, Device]

    @classmethod
    def read(cls, path: Path) -> Devices:
        """From a file.

        Raises:
            InvalidInput: names the entry that cannot be; never shows the token.
        """
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            where = f" ({error})" if isinstance(error, tomllib.TOMLDecodeError) else ""
            raise InvalidInput(f"{path.name} is no TOML file that can be read{where}.") from error
        token = document.pop("token", "")
        if not is_token(token):
            raise InvalidInput(
                f"{path.name} needs a 'token' of {TOKEN_CHARACTERS} ASCII characters or more.",
                field="token",
                next_step="Make one up at random; the workers' devices.toml has the same.",
            )
        if not document:
            raise InvalidInput(f"{path.name} names no device.")
        return cls(token, {name: _device(name, each, path) for name, each in document.items()})

    def of(self, device: str) -> Device | None:
        """Its own entry, else that of its organisation."""
        return self.entries.get(device) or self.entries.get(device.partition("/")[0])


def _device(name: str, entry: object, path: Path) -> Device:
    if not re.fullmatch(f"{NAME}(/{NAME})?", name):
        raise InvalidInput("A device is named MSP/NAME, all of an MSP by it alone.", field=name)
    if not isinstance(entry, dict) or entry.keys() != _KEYS:
        raise InvalidInput(
            f"A device is a table of commands and run, no more and no less: {name} is not.",
            field=name,
        )
    run, commands = entry["run"], entry["commands"]
    if not _is_list(run) or "\0" in "".join(run):
        raise InvalidInput(f"'run' of {name} is a list of words, the first a program.", field=name)
    if not _is_list(commands) or not all(re.fullmatch(NAME, each) for each in commands):
        raise InvalidInput(f"'commands' of {name} is a list of names.", field=name)
    if _RESERVED & {*commands}:
        raise InvalidInput(
            f"add and remove are the adapter's own commands: {name} has one of them.",
            field=name,
            next_step="Leave it out: every device takes them.",
        )
    program = run[0] if "/" not in run[0] else str(path.parent.absolute() / run[0])
    found = shutil.which(program)
    if found is None:
        raise InvalidInput(
            f"{program}, the program of {name}, is not there, or may not be executed.",
            field=name,
            next_step="Write its path from this file's folder; `chmod +x` lets it be executed.",
        )
    return Device((found, *run[1:]), frozenset(commands))


def _is_list(value: object) -> bool:
    return bool(value) and isinstance(value, list) and all(isinstance(each, str) for each in value)
