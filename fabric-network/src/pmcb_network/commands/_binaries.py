# SPDX-License-Identifier: Apache-2.0
"""`pmcb network binaries`: Fabric's programs for this machine."""

import re

import click

from pmcb_network.fabric._versions import CA_VERSION, VERSION

from ._settings import Settings, progress, tell


class _Matching(click.ParamType[str]):
    """A text of a certain form."""

    def __init__(self, name: str, rule: str) -> None:
        self.name = name
        self._rule = re.compile(rule)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text as it is, if it is of that form."""
        if not self._rule.fullmatch(value):
            self.fail(f"{value!r} must match {self._rule.pattern}", param, ctx)
        return value


@click.group()
def binaries() -> None:
    """Get Fabric's programs."""


@binaries.command()
@click.option(
    "--archive", "archives", multiple=True, metavar="FILE_OR_URL",
    help="A release archive instead of the official ones; Fabric's and Fabric CA's are needed.",
)  # fmt: skip
@click.option(
    "--sha256", "digests", multiple=True, type=_Matching("HEX", "[0-9a-fA-F]{64}"),
    help="What the SHA-256 of an archive must be, one for each, in their order; default: what the "
    "release's page states.",
)  # fmt: skip
@click.option(
    "--version", type=_Matching("X.Y.Z", r"3\.1\.[0-9]+"), default=VERSION, show_default=True,
    help="Which official release of Fabric.",
)  # fmt: skip
@click.option(
    "--ca-version", type=_Matching("X.Y.Z", r"1\.5\.[0-9]+"), default=CA_VERSION,
    show_default=True, help="Which official release of Fabric CA.",
)  # fmt: skip
@click.pass_obj
def fetch(
    settings: Settings, archives: tuple[str, ...], digests: tuple[str, ...], version: str,
    ca_version: str,
) -> None:  # fmt: skip
    """Fetch Fabric's programs into this user's cache, where networks find them.

    They come from the archives of the official releases of Fabric and Fabric CA, whose SHA-256 is
    checked before they are opened. On a machine without a network give the archives with --archive
    and their digests with --sha256.
    """
    from pmcb_network.fabric import _fetch

    wanted = [_fetch.Archive(place) for place in archives] or _fetch.official(version, ca_version)
    if digests and len(digests) != len(wanted):
        raise click.UsageError(f"Give a --sha256 for each of the {len(wanted)} archives, or none.")
    if digests:
        pairs = zip(wanted, digests, strict=True)
        wanted = [_fetch.Archive(archive.place, digest) for archive, digest in pairs]
    with progress() as say:
        found = _fetch.fetch(wanted, say, unless=None if archives else (version, ca_version))
    document: dict[str, object] = {
        "new": found.new,
        "programs": str(found.programs),
        "fabric": found.version,
        "fabric_ca": found.ca_version,
    }
    how = "were fetched to" if found.new else "are already in"
    sentence = f"Fabric {found.version} and Fabric CA {found.ca_version} {how} {found.programs}."
    tell(settings, document, sentence)
