# SPDX-License-Identifier: Apache-2.0
"""What services an organisation may run: each is a command of ``pmcb``."""

from dataclasses import dataclass

__all__ = ["KINDS", "Kind"]


@dataclass(frozen=True)
class Kind:
    """One kind of service.

    Attributes:
        name: what ``organisation.toml`` calls it.
        words: the command that runs it.
        role: of the identity it runs as; also that identity's label, where the file names none.
        needs: kinds that are started before it, where the file has them.
    """

    name: str
    words: tuple[str, ...]
    role: str
    needs: tuple[str, ...] = ()


KINDS = {
    kind.name: kind
    for kind in (
        Kind("content", ("content", "serve"), "institution"),
        Kind("cloud", ("retrieval", "cloud", "serve"), "institution"),
        Kind("query-gateway", ("retrieval", "gateway", "serve"), "institution", ("cloud",)),
        Kind("publishing", ("publishing", "serve"), "institution"),
        Kind("intake", ("institution", "serve"), "institution", ("content", "query-gateway")),
        Kind("verification", ("verifier", "serve"), "verifier", ("content",)),
        Kind("fog", ("fog", "serve"), "institution"),
        Kind("device-adapter", ("fog", "adapter"), "institution"),
        Kind(
            "fog-worker",
            ("fog", "worker"),
            "institution",
            ("fog", "query-gateway", "intake", "device-adapter"),
        ),
        Kind("collector", ("fog", "collector"), "institution", ("fog", "intake")),
        Kind("releaser", ("task", "serve"), "releaser", ("content",)),
        Kind("receiver", ("receiver", "serve"), "receiver", ("content",)),
    )
}
