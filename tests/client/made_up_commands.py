# SPDX-License-Identifier: Apache-2.0
"""The ``pmcb`` command over entry points that a test makes up."""

from dataclasses import dataclass
from types import SimpleNamespace

import click
from click.testing import CliRunner

from pmcb_client.cli import make_root


@dataclass
class Point:
    """An entry point that loads what the test gives it."""

    name: str
    loads: object
    package: str = "some-package"

    @property
    def dist(self):
        return SimpleNamespace(name=self.package)

    def load(self):
        if isinstance(self.loads, Exception):
            raise self.loads
        return self.loads


def command(name, callback, **more):
    return click.Command(name, callback=callback, help=f"Do {name}.", **more)


def run(points, *args, **more):
    return CliRunner().invoke(make_root(lambda: points), args, **more)
