# SPDX-License-Identifier: Apache-2.0
"""A device's adapter that writes down every effect it has, and may end whoever asked for one."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

__all__ = ["Adapter", "Effect"]

EFFECT_S = 0.02


@dataclass(frozen=True)
class Effect:
    """Something happened to a patient.

    Attributes:
        order, epoch: what asked for it.
        server: whose fog worker, where that was seen.
    """

    order: str
    epoch: int
    server: str = ""


@dataclass
class Adapter:
    """``POST /server`` is an effect at once; its answer comes 20 ms later.

    It drops nothing: two requests are two effects.

    Attributes:
        effects: all of them.
        after: called with the server between the next effect and its answer.
    """

    effects: list[Effect] = field(default_factory=list)
    after: Callable[[str], None] | None = None

    def __enter__(self) -> Self:
        adapter = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                adapter.hear(self.path.strip("/"), json.loads(self.rfile.read(length)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # they die
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Without the server."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def hear(self, server: str, document: dict[str, object]) -> None:
        """An effect, and what comes between it and its answer."""
        self.effects.append(Effect(str(document["order"]), int(str(document["epoch"])), server))
        after, self.after = self.after, None
        if after is not None:
            after(server)
        time.sleep(EFFECT_S)
