# SPDX-License-Identifier: Apache-2.0
"""The official releases of Fabric's programs: their archives, and the digests that are stated.

Names and places of the archives are those of ``scripts/install-fabric.sh`` of hyperledger/fabric;
the digest is the ``digest`` of an asset in GitHub's description of a release.
"""

import re

import httpx

from pmcb_network.errors import ArchiveRefused, FetchFailed

from ._download import ask
from ._versions import this_platform

ARCHIVES = "https://github.com/{repository}/releases/download/v{version}/{name}"
DESCRIPTION = "https://api.github.com/repos/{repository}/releases/tags/v{version}"
_REPOSITORIES = {
    "hyperledger-fabric": "hyperledger/fabric",
    "hyperledger-fabric-ca": "hyperledger/fabric-ca",
}
_NAME = re.compile(
    r"(hyperledger-fabric(?:-ca)?)-(?:[a-z]+-[a-z0-9]+)-([0-9]+\.[0-9]+\.[0-9]+)\.tar\.gz"
)
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


def archives(version: str, ca_version: str) -> tuple[str, str]:
    """Where the archives for this machine are: Fabric's, and Fabric CA's."""
    made = []
    for product, wanted in (("hyperledger-fabric", version), ("hyperledger-fabric-ca", ca_version)):
        name = f"{product}-{this_platform()}-{wanted}.tar.gz"
        made.append(ARCHIVES.format(repository=_REPOSITORIES[product], version=wanted, name=name))
    return made[0], made[1]


def stated_digest(name: str) -> str:
    """The SHA-256 that the release's page states for the archive of this name, in hex.

    Raises:
        ArchiveRefused: no official archive is called so, or none is stated for it.
        FetchFailed: the page cannot be asked.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise _no_digest(f"{name} is not called like an official archive")
    product, version = match.groups()
    url = DESCRIPTION.format(repository=_REPOSITORIES[product], version=version)
    answer = ask(url)
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise _no_digest(f"{_REPOSITORIES[product]} has no release {version}")
    if not answer.is_success:
        raise FetchFailed(
            f"the page of the release answered {answer.status_code}: {url}",
            next_step="try again later, or give the archive's digest with --sha256",
        )
    for stated in _digests(answer, name):
        return stated
    raise _no_digest(f"the page of release {version} states no digest of {name}")


def _digests(answer: httpx.Response, name: str) -> list[str]:
    try:
        assets = answer.json()["assets"]
        digests = [str(asset.get("digest")) for asset in assets if asset["name"] == name]
    except (ValueError, LookupError, TypeError, AttributeError):
        return []
    return [match[1] for match in map(_DIGEST.fullmatch, digests) if match]


def _no_digest(reason: str) -> ArchiveRefused:
    return ArchiveRefused(
        f"nobody says what the archive's SHA-256 should be: {reason}",
        next_step="give it with --sha256, from a source that you trust",
    )
