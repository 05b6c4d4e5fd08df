# SPDX-License-Identifier: Apache-2.0
"""What other supervisors need to run the services: a systemd unit, a container file, an example.

One unit runs `pmcb up --foreground`, which keeps the services itself: the order in which they start
and how they are started again is written in one place.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

from ._plan import Plan

__all__ = ["container", "example", "systemd"]


def example() -> str:
    """A whole ``organisation.toml``."""
    licence, _, text = (files(__package__) / "organisation.toml").read_text().partition("\n")
    assert licence.startswith("# SPDX")
    return text


def systemd(plan: Plan, home: Path) -> str:
    """A unit for this home and file, for the user who installs it."""
    words = (sys.executable, "-P", "-m", "pmcb_client", "--home", home, "up", plan.path)
    command = " ".join(_quoted(str(word)) for word in words)
    return f"""\
[Unit]
Description=PMCB services of {plan.organisation or "this organisation"}
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
ExecStart={command} --foreground
Restart=always
RestartSec=5
KillMode=mixed
TimeoutStopSec=90
UMask=0077
NoNewPrivileges=true
PrivateTmp=true
ProtectSystem=strict
ReadWritePaths={_quoted(str(home))}

[Install]
WantedBy=multi-user.target
"""


def container(plan: Plan) -> str:
    """A container file: wheels of all distributions, and this plan.

    Build it in a folder that holds the wheels in ``dist/``, and the plan's folder in ``plan/``.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"""\
FROM python:{version}-slim
COPY dist/ /tmp/dist/
RUN pip install --no-cache-dir /tmp/dist/*.whl && rm -r /tmp/dist \\
 && useradd --create-home pmcb && install -d -o pmcb -m 0700 /var/lib/pmcb
COPY plan/ /etc/pmcb/
USER pmcb
VOLUME /var/lib/pmcb
STOPSIGNAL SIGTERM
ENTRYPOINT ["pmcb", "--home", "/var/lib/pmcb"]
CMD ["up", "/etc/pmcb/{plan.path.name}", "--foreground"]
"""


def _quoted(word: str) -> str:
    """A word as systemd reads it: percent and dollar signs are its own."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if set(word) & set(" \t\"'\\") else escaped
